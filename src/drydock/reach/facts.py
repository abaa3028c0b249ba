"""Read from ECS, ELB and RDS what runs in the network: services, load balancers, databases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from drydock.reach.parse import Item

INTERNET = "internet"
_ECR = re.compile(r"^\d{12}\.dkr[.-]ecr[.-]")
_SERVICES_AT_ONCE, _TASKS_AT_ONCE = 10, 100
"""DescribeServices and DescribeTasks take no more (the API's reference)."""
_GOING = frozenset({"DEPROVISIONING", "STOPPED", "DELETED"})


class Aws(Protocol):
    """Clients of the AWS API, as boto3 creates them."""

    @property
    def ec2(self) -> Any: ...
    @property
    def ecs(self) -> Any: ...
    @property
    def elbv2(self) -> Any: ...
    @property
    def rds(self) -> Any: ...


@dataclass(frozen=True)
class ServiceFacts:
    """An ECS service, with the network that its tasks get."""

    name: str
    """CLUSTER/SERVICE."""
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    """Security groups; empty for the VPC's default group."""
    public: bool
    ports: tuple[int, ...]
    """Container ports."""
    interfaces: tuple[str, ...]
    """Interfaces of the existing tasks."""
    balancers: tuple[str, ...]
    """ARNs of the load balancers that send it requests."""
    needs: frozenset[str] = frozenset()
    """AWS services, and "internet", that a task has to reach to start and to run."""


@dataclass(frozen=True)
class BalancerFacts:
    arn: str
    name: str
    internet_facing: bool
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    ports: tuple[int, ...]
    """Ports of its listeners."""


@dataclass(frozen=True)
class DatabaseFacts:
    """A database cluster, or a single instance."""

    name: str
    port: int
    groups: tuple[str, ...]
    subnets: tuple[str, ...]
    public: bool = False


@dataclass(frozen=True)
class Facts:
    services: tuple[ServiceFacts, ...] = ()
    balancers: tuple[BalancerFacts, ...] = ()
    databases: tuple[DatabaseFacts, ...] = ()
    vpcs: frozenset[str] = field(default_factory=frozenset)


def gather(aws: Aws, cluster: str = "") -> Facts:
    """Return all services of the region, or of one cluster, with load balancers and databases around them.

    Raises what botocore raises.
    """
    described = [
        item
        for one in ([cluster] if cluster else _clusters(aws.ecs))
        for item in _services(aws.ecs, one)
    ]
    groups = _target_groups(aws.elbv2, described)
    services = tuple(_service(aws, item, groups) for item in described)
    arns = sorted({arn for one in services for arn in one.balancers})
    vpcs = _vpcs(aws.ec2, {subnet for one in services for subnet in one.subnets})
    return Facts(
        services,
        tuple(_balancers(aws.elbv2, arns)),
        tuple(_databases(aws.rds, vpcs)),
        frozenset(vpcs),
    )


def needs_of(definition: Item) -> frozenset[str]:
    """Return what a task of this definition has to reach for its images, secrets and logs. Pure.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    """
    found: set[str] = set()
    for container in definition.get("containerDefinitions", []):
        in_ecr = _ECR.match(container.get("image", ""))
        found |= {"ecr.api", "ecr.dkr", "s3"} if in_ecr else {INTERNET}
        log = container.get("logConfiguration", {})
        if log.get("logDriver") == "awslogs":
            found.add("logs")
        secrets = [*container.get("secrets", []), *log.get("secretOptions", [])]
        found |= {_store_of(one.get("valueFrom", "")) for one in secrets}
        if container.get("repositoryCredentials"):
            found.add("secretsmanager")
    return frozenset(found)


def _store_of(secret: str) -> str:
    return "secretsmanager" if ":secretsmanager:" in secret else "ssm"


# -- ECS


def _clusters(ecs: Any) -> list[str]:
    return [
        arn for page in ecs.get_paginator("list_clusters").paginate() for arn in page["clusterArns"]
    ]


def _services(ecs: Any, cluster: str) -> Iterator[Item]:
    pages = ecs.get_paginator("list_services").paginate(cluster=cluster)
    arns = [arn for page in pages for arn in page["serviceArns"]]
    for batch in _batches(arns, _SERVICES_AT_ONCE):
        for item in ecs.describe_services(cluster=cluster, services=batch)["services"]:
            if item.get("status") != "INACTIVE" and _network_of(item).get("subnets"):
                yield item


def _network_of(item: Item) -> Item:
    found: Item = item.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    return found


def _service(aws: Aws, item: Item, target_groups: Mapping[str, Item]) -> ServiceFacts:
    network = _network_of(item)
    behind = item.get("loadBalancers", [])
    arns = {
        arn
        for one in behind
        for arn in target_groups.get(one.get("targetGroupArn", ""), {}).get("LoadBalancerArns", [])
    }
    answer = aws.ecs.describe_task_definition(taskDefinition=item["taskDefinition"])
    definition = answer["taskDefinition"]
    ports = {one["containerPort"] for one in behind if one.get("containerPort")} or {
        mapping["containerPort"]
        for container in definition.get("containerDefinitions", [])
        for mapping in container.get("portMappings", [])
        if mapping.get("containerPort")
    }
    extra = {"ssmmessages"} if item.get("enableExecuteCommand") else set()
    return ServiceFacts(
        f"{item['clusterArn'].rsplit('/', 1)[-1]}/{item['serviceName']}",
        tuple(network["subnets"]),
        tuple(network.get("securityGroups", [])),
        network.get("assignPublicIp") == "ENABLED",
        tuple(sorted(ports)),
        tuple(_task_interfaces(aws.ecs, item)),
        tuple(sorted(arns)),
        needs_of(definition) | extra,
    )


def _task_interfaces(ecs: Any, service: Item) -> Iterator[str]:
    cluster = service["clusterArn"]
    pages = ecs.get_paginator("list_tasks").paginate(
        cluster=cluster, serviceName=service["serviceName"]
    )
    arns = [arn for page in pages for arn in page["taskArns"]]
    for batch in _batches(arns, _TASKS_AT_ONCE):
        for task in ecs.describe_tasks(cluster=cluster, tasks=batch)["tasks"]:
            if task.get("lastStatus") not in _GOING:
                yield from _interfaces_of(task)


def _interfaces_of(task: Item) -> Iterator[str]:
    for attachment in task.get("attachments", []):
        for detail in attachment.get("details", []):
            if detail.get("name") == "networkInterfaceId":
                yield detail["value"]


# -- ELB


def _target_groups(elbv2: Any, services: Iterable[Item]) -> dict[str, Item]:
    arns = {
        one["targetGroupArn"]
        for item in services
        for one in item.get("loadBalancers", [])
        if one.get("targetGroupArn")
    }
    if not arns:
        return {}
    pages = elbv2.get_paginator("describe_target_groups").paginate(TargetGroupArns=sorted(arns))
    return {one["TargetGroupArn"]: one for page in pages for one in page["TargetGroups"]}


def _balancers(elbv2: Any, arns: list[str]) -> Iterator[BalancerFacts]:
    if not arns:
        return
    pages = elbv2.get_paginator("describe_load_balancers").paginate(LoadBalancerArns=arns)
    for item in [one for page in pages for one in page["LoadBalancers"]]:
        arn = item["LoadBalancerArn"]
        listeners = [
            one
            for page in elbv2.get_paginator("describe_listeners").paginate(LoadBalancerArn=arn)
            for one in page["Listeners"]
        ]
        yield BalancerFacts(
            arn,
            item["LoadBalancerName"],
            item.get("Scheme") == "internet-facing",
            tuple(zone["SubnetId"] for zone in item.get("AvailabilityZones", [])),
            tuple(item.get("SecurityGroups", [])),
            tuple(sorted({one["Port"] for one in listeners if one.get("Port")})),
        )


# -- RDS


def _databases(rds: Any, vpcs: set[str]) -> Iterator[DatabaseFacts]:
    """Yield clusters and single instances whose subnets are in these VPCs."""
    subnets = {
        group["DBSubnetGroupName"]: tuple(one["SubnetIdentifier"] for one in group["Subnets"])
        for page in rds.get_paginator("describe_db_subnet_groups").paginate()
        for group in page["DBSubnetGroups"]
        if group.get("VpcId") in vpcs
    }
    instances = [
        one
        for page in rds.get_paginator("describe_db_instances").paginate()
        for one in page["DBInstances"]
    ]
    for page in rds.get_paginator("describe_db_clusters").paginate():
        for item in page["DBClusters"]:
            name = item["DBClusterIdentifier"]
            members = [one for one in instances if one.get("DBClusterIdentifier") == name]
            if item.get("DBSubnetGroup") in subnets:
                yield DatabaseFacts(
                    name,
                    item.get("Port") or 5432,
                    _groups(item),
                    subnets[item["DBSubnetGroup"]],
                    any(one.get("PubliclyAccessible") for one in members),
                )
    for item in instances:
        group = item.get("DBSubnetGroup", {}).get("DBSubnetGroupName")
        if not item.get("DBClusterIdentifier") and group in subnets:
            yield DatabaseFacts(
                item["DBInstanceIdentifier"],
                item.get("Endpoint", {}).get("Port") or item.get("DbInstancePort") or 5432,
                _groups(item),
                subnets[group],
                bool(item.get("PubliclyAccessible")),
            )


def _groups(item: Item) -> tuple[str, ...]:
    return tuple(one["VpcSecurityGroupId"] for one in item.get("VpcSecurityGroups", []))


def _vpcs(ec2: Any, subnets: set[str]) -> set[str]:
    if not subnets:
        return set()
    pages = ec2.get_paginator("describe_subnets").paginate(SubnetIds=sorted(subnets))
    return {one["VpcId"] for page in pages for one in page["Subnets"]}


def _batches(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
