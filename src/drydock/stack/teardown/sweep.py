"""Find resources that still carry a stack's tags, through the tagging API, EC2 and other services.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html says that it
may list resources that were deleted a while ago; so such resources are checked with their service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from drydock.aws.clients import Clients
from drydock.aws.failures import code, translated
from drydock.errors import OpsError
from drydock.stack.teardown.contents import client

Tags = Mapping[str, str]


@dataclass(frozen=True, order=True)
class Found:
    """A resource that is still there."""

    name: str
    """ARN, or an EC2 id."""
    kept: str = ""
    """Why it is meant to stay; empty if it is not."""

    def __str__(self) -> str:
        return f"{self.name} ({self.kept})" if self.kept else self.name


def sweep(
    clients: Clients, tags: Tags, roles: Iterable[str], tell: Callable[[str], None]
) -> tuple[Found, ...]:
    """Return every resource with all of `tags`, and those of the IAM roles `roles` that exist.

    Raises OpsError: EC2 or IAM does not answer.
    """
    names: set[str] = set()
    if tags:
        try:
            names.update(_tagged(clients, tags))
        except OpsError as error:
            tell(f"the tagging API does not answer ({error.cause}); asking each service instead")
            names.update(_of_services(clients, tags))
        names.update(_of_ec2(clients, tags))
    found = [one for name in sorted(names) if (one := still(clients, name)) is not None]
    return (*_once(found), *(Found(f"iam role {role}") for role in _roles(clients, roles)))


def _tagged(clients: Clients, tags: Tags) -> Iterator[str]:
    with translated(clients.endpoint):
        pages = (
            client(clients, "resourcegroupstaggingapi")
            .get_paginator("get_resources")
            .paginate(TagFilters=[{"Key": key, "Values": [tags[key]]} for key in tags])
        )
        for page in pages:
            for one in page["ResourceTagMappingList"]:
                yield one["ResourceARN"]


def _of_ec2(clients: Clients, tags: Tags) -> Iterator[str]:
    """Return ids from EC2's own list of tags, which has kinds that the tagging API may leave out."""
    with translated(clients.endpoint):
        pages = clients.ec2.get_paginator("describe_tags").paginate(
            Filters=[{"Name": "key", "Values": list(tags)}]
        )
        carried: dict[str, dict[str, str]] = {}
        for page in pages:
            for one in page["Tags"]:
                carried.setdefault(one["ResourceId"], {})[one["Key"]] = one["Value"]
    for name, own in carried.items():
        if _match(own, tags):
            yield name


def _of_services(clients: Clients, tags: Tags) -> Iterator[str]:
    with translated(clients.endpoint):
        for page in clients.rds.get_paginator("describe_db_clusters").paginate():
            for cluster in page["DBClusters"]:
                if _match(_pairs(cluster.get("TagList", ())), tags):
                    yield cluster["DBClusterArn"]
        for balancers in clients.elbv2.get_paginator("describe_load_balancers").paginate():
            for balancer in balancers["LoadBalancers"]:
                arn = balancer["LoadBalancerArn"]
                told = clients.elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
                if any(_match(_pairs(one.get("Tags", ())), tags) for one in told):
                    yield arn
        for secrets in clients.secretsmanager.get_paginator("list_secrets").paginate():
            for secret in secrets["SecretList"]:
                if _match(_pairs(secret.get("Tags", ())), tags):
                    yield secret["ARN"]
        for groups in clients.logs.get_paginator("describe_log_groups").paginate():
            for group in groups["logGroups"]:
                arn = group["arn"].removesuffix(":*")
                if _match(clients.logs.list_tags_for_resource(resourceArn=arn)["tags"], tags):
                    yield arn


def _roles(clients: Clients, roles: Iterable[str]) -> Iterator[str]:
    with translated(clients.endpoint):
        for role in roles:
            try:
                clients.iam.get_role(RoleName=role)
            except ClientError as error:
                if code(error) != "NoSuchEntity":
                    raise
            else:
                yield role


def still(clients: Clients, name: str) -> Found | None:
    """Return the resource if it still exists, marked if it is meant to stay; None if it is deleted.

    Kinds that AWS lists after their deletion are checked with their service.
    """
    if ":cluster-snapshot:" in name or (":rds:" in name and ":snapshot:" in name):
        return Found(name, "a snapshot outlives its database")
    with translated(clients.endpoint):
        if ":task-definition/" in name:
            return _definition(clients, name)
        for (service, prefix), alive in _DEAD.items():
            if f":{service}:" in name and name.rpartition(":")[2].startswith(prefix):
                return alive(clients, name)
        if _id(name).partition("-")[0] in _EC2 and (":ec2:" in name or ":" not in name):
            return _of_prefix(clients, name)
    return Found(name)


def _definition(clients: Clients, name: str) -> Found | None:
    try:
        told = clients.ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]
    except ClientError as error:
        # ECS answers for a deleted definition that it cannot describe it.
        if code(error) != "ClientException":
            raise
        return None
    return Found(name) if told["status"] == "ACTIVE" else None


def _cluster(clients: Clients, name: str) -> Found | None:
    told = clients.ecs.describe_clusters(clusters=[name])["clusters"]
    return Found(name) if told and told[0]["status"] != "INACTIVE" else None


def _service(clients: Clients, name: str) -> Found | None:
    cluster, _, service = name.rpartition(":service/")[2].rpartition("/")
    try:
        told = clients.ecs.describe_services(cluster=cluster or "default", services=[service])[
            "services"
        ]
    except ClientError as error:
        if code(error) != "ClusterNotFoundException":
            raise
        return None
    return Found(name) if told and told[0]["status"] != "INACTIVE" else None


def _task(clients: Clients, name: str) -> Found | None:
    cluster = name.rpartition(":task/")[2].partition("/")[0]
    try:
        told = clients.ecs.describe_tasks(cluster=cluster, tasks=[name])["tasks"]
    except ClientError as error:
        if code(error) != "ClusterNotFoundException":
            raise
        return None
    return Found(name) if told and told[0]["lastStatus"] != "STOPPED" else None


def _key(clients: Clients, name: str) -> Found | None:
    told = client(clients, "kms").describe_key(KeyId=name)["KeyMetadata"]
    pending = told["KeyState"] == "PendingDeletion"
    return Found(name, "AWS deletes it after its waiting period") if pending else Found(name)


def _secret(clients: Clients, name: str) -> Found | None:
    try:
        told = client(clients, "secretsmanager").describe_secret(SecretId=name)
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise
        return None
    pending = "DeletedDate" in told
    return Found(name, "AWS deletes it after its recovery window") if pending else Found(name)


def _of_prefix(clients: Clients, name: str) -> Found | None:
    """Check an EC2 resource: its tags, and itself, may be listed for an hour after it is deleted."""
    own = _id(name)
    operation, parameter = _EC2[own.partition("-")[0]]
    try:
        told = getattr(clients.ec2, operation)(**{parameter: [own]})
    except ClientError as error:
        if "NotFound" not in code(error):
            raise
        return None
    listed = next(value for key, value in told.items() if isinstance(value, list))
    dead = {one.get("State") for one in listed if isinstance(one.get("State"), str)}
    return Found(name) if listed and "deleted" not in dead else None


_EC2: Mapping[str, tuple[str, str]] = {
    "acl": ("describe_network_acls", "NetworkAclIds"),
    "eipalloc": ("describe_addresses", "AllocationIds"),
    "eni": ("describe_network_interfaces", "NetworkInterfaceIds"),
    "igw": ("describe_internet_gateways", "InternetGatewayIds"),
    "nat": ("describe_nat_gateways", "NatGatewayIds"),
    "rtb": ("describe_route_tables", "RouteTableIds"),
    "sg": ("describe_security_groups", "GroupIds"),
    "sgr": ("describe_security_group_rules", "SecurityGroupRuleIds"),
    "subnet": ("describe_subnets", "SubnetIds"),
    "vol": ("describe_volumes", "VolumeIds"),
    "vpc": ("describe_vpcs", "VpcIds"),
    "vpce": ("describe_vpc_endpoints", "VpcEndpointIds"),
}
_DEAD: Mapping[tuple[str, str], Callable[[Clients, str], Found | None]] = {
    ("ecs", "cluster/"): _cluster,
    ("ecs", "service/"): _service,
    ("ecs", "task/"): _task,
    ("kms", "key/"): _key,
    ("secretsmanager", ""): _secret,
}
"""Checks of kinds that are listed after deletion, by service and kind as ARNs write them."""


def _once(found: Iterable[Found]) -> Iterator[Found]:
    """Yield each resource once: EC2 lists ids, the tagging API ARNs."""
    every = list(found)
    arns = {_id(one.name) for one in every if one.name.startswith("arn:")}
    for one in every:
        if one.name.startswith("arn:") or one.name not in arns:
            yield one


def _id(name: str) -> str:
    return name.rpartition("/")[2]


def _pairs(tags: Iterable[Any]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in tags}


def _match(own: Mapping[str, str], tags: Tags) -> bool:
    return all(own.get(key) == value for key, value in tags.items())
