"""List what a stack has left in a region, with every id replaced by a name, to compare two stacks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from drydock.aws.clients import Clients

_VOLATILE = re.compile(
    r"ResponseMetadata|.*(Time|At|Date)$|.*ResourceId$|.*RoleId$|revision|deployments|events|"
    r"(running|pending)Count|registeredBy|.*UniqueId$|HostedZoneId|CallerReference|"
    r"(DBCluster|DBInstance)Members?|AssociationId|KmsKeyId|storedBytes|statistics"
)
_RANDOM = [
    # The random parts of ARNs, host names and names that services generate.
    (
        re.compile(r"(targetgroup/[\w-]+|(?:loadbalancer|listener)/app/[\w-]+)(/[0-9a-f]{16})+"),
        r"\1",
    ),
    (re.compile(r"-\d{6,}\.([\w-]+\.elb\.)"), r".\1"),
    (re.compile(r"\.(cluster-|cluster-ro-)?[a-z0-9]{12}\.([\w-]+\.rds\.)"), r".\1id.\2"),
    (re.compile(r"rds!cluster-[\w-]+"), "rds!cluster"),
    (re.compile(r"(task-definition/[\w-]+):\d+"), r"\1"),
    (re.compile(r"ecs-svc/\d+"), "ecs-svc"),
    (re.compile(r"(service-(?:revision|deployment)/[\w/-]+)/\d+"), r"\1"),
]


def inventory(clients: Clients, prefix: str) -> dict[str, Any]:
    """Return everything of the stack `prefix`: section => name of a resource => the API's description."""
    reader = _Reader(clients, prefix)
    sections: dict[str, Callable[[], Any]] = {
        "network": reader.network,
        "balancing": reader.balancing,
        "containers": reader.containers,
        "database": reader.database,
        "identity": reader.identity,
        "logs": reader.logs,
        "scaling": reader.scaling,
        "rotation": reader.rotation,
    }
    found = {name: read() for name, read in sections.items()}
    return {name: _stable(part, reader.names) for name, part in found.items()}


class _Reader:
    def __init__(self, clients: Clients, prefix: str) -> None:
        self.api = clients
        self.prefix = prefix
        self.names: dict[str, str] = {}
        """Id => name, for every id that other resources refer to."""

    def network(self) -> dict[str, Any]:
        ec2 = self.api.ec2
        [vpc] = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [self.prefix]}])["Vpcs"]
        only: Any = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        self.names[vpc["VpcId"]] = "the-vpc"
        subnets = ec2.describe_subnets(Filters=only)["Subnets"]
        groups = ec2.describe_security_groups(Filters=only)["SecurityGroups"]
        tables = ec2.describe_route_tables(Filters=only)["RouteTables"]
        gateways = ec2.describe_internet_gateways(
            Filters=[{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}]
        )["InternetGateways"]
        self._name(subnets, "SubnetId", _tag_name)
        self._name(groups, "GroupId", lambda one: str(one["GroupName"]))
        self._name(tables, "RouteTableId", _tag_name)
        self._name(gateways, "InternetGatewayId", _tag_name)
        for table in tables:
            self._name(table["Associations"], "RouteTableAssociationId", lambda _: "association")
        names = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute="enableDnsHostnames")
        return {
            "vpc": vpc,
            "dns names": names["EnableDnsHostnames"],
            "subnets": subnets,
            "groups": groups,
            "tables": tables,
            "gateways": gateways,
        }

    def balancing(self) -> dict[str, Any]:
        elbv2 = self.api.elbv2
        [balancer] = elbv2.describe_load_balancers(Names=[self.prefix])["LoadBalancers"]
        arn = balancer["LoadBalancerArn"]
        groups = elbv2.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"]
        listeners = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        group = groups[0]["TargetGroupArn"]
        # Named by the VPC's id, which is another one each time.
        self.names[str(groups[0]["TargetGroupName"])] = "the-target-group"
        arns = [arn, group, *(one["ListenerArn"] for one in listeners)]
        return {
            "balancer": balancer,
            "attributes": elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn),
            "groups": groups,
            "group attributes": elbv2.describe_target_group_attributes(TargetGroupArn=group),
            "listeners": listeners,
            "tags": elbv2.describe_tags(ResourceArns=arns)["TagDescriptions"],
        }

    def containers(self) -> dict[str, Any]:
        ecs = self.api.ecs
        name = f"{self.prefix}-app"
        more: Any = ["TAGS", "SETTINGS"]
        cluster = ecs.describe_clusters(clusters=[name], include=more)["clusters"]
        service = ecs.describe_services(cluster=name, services=["app"], include=["TAGS"])
        definition = ecs.describe_task_definition(
            taskDefinition=service["services"][0]["taskDefinition"], include=["TAGS"]
        )
        return {"cluster": cluster, "service": service["services"], "definition": definition}

    def database(self) -> dict[str, Any]:
        rds = self.api.rds
        return {
            "clusters": rds.describe_db_clusters(DBClusterIdentifier=self.prefix)["DBClusters"],
            "instances": rds.describe_db_instances(
                Filters=[{"Name": "db-cluster-id", "Values": [self.prefix]}]
            )["DBInstances"],
            "subnet groups": rds.describe_db_subnet_groups(DBSubnetGroupName=self.prefix)[
                "DBSubnetGroups"
            ],
        }

    def identity(self) -> dict[str, Any]:
        iam = self.api.iam
        found: dict[str, Any] = {}
        kinds = ("execution", "task", "redeploy", "rotation-events")
        for name in (f"{self.prefix}-{self.api.region}-{kind}" for kind in kinds):
            inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
            found[name] = {
                "role": iam.get_role(RoleName=name)["Role"],
                "attached": iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"],
                "inline": [iam.get_role_policy(RoleName=name, PolicyName=one) for one in inline],
            }
        return found

    def logs(self) -> Any:
        name = f"/ecs/{self.prefix}"
        return self.api.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]

    def scaling(self) -> Any:
        scaling, resource = self.api.scaling, f"service/{self.prefix}-app/app"
        [target] = scaling.describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=[resource]
        )["ScalableTargets"]
        policies = scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=resource)
        arn = target["ScalableTargetARN"]
        # ARNs have random ids, alarms random names.
        hidden = ("ScalableTargetARN", "PolicyARN", "Alarms")
        tags = scaling.list_tags_for_resource(ResourceARN=arn)["Tags"]
        return {
            "things": [
                {key: value for key, value in one.items() if key not in hidden}
                for one in (target, *policies["ScalingPolicies"])
            ],
            "tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }

    def rotation(self) -> Any:
        events, states = self.api.events, self.api.states
        rule = f"{self.prefix}-rotation"
        found = events.describe_rule(Name=rule)
        [listed] = [
            one
            for one in states.list_state_machines()["stateMachines"]
            if one["name"] == f"{self.prefix}-redeploy"
        ]
        machine = states.describe_state_machine(stateMachineArn=listed["stateMachineArn"])
        return {
            "rule": found | {"EventPattern": json.loads(found["EventPattern"])},
            "targets": events.list_targets_by_rule(Rule=rule)["Targets"],
            "machine": machine | {"definition": json.loads(machine["definition"])},
            "tags": [
                events.list_tags_for_resource(ResourceARN=found["Arn"]),
                states.list_tags_for_resource(resourceArn=listed["stateMachineArn"]),
            ],
        }

    def _name(self, things: Iterable[Any], key: str, name: Callable[[Any], str]) -> None:
        self.names |= {thing[key]: name(thing) for thing in things}


def _tag_name(thing: Any) -> str:
    tags = {tag["Key"]: tag["Value"] for tag in thing.get("Tags", [])}
    return str(tags.get("Name", "unnamed"))


def _stable(value: Any, names: dict[str, str]) -> Any:
    """Return a value without what differs between builds; lists sorted, since APIs promise no order."""
    if isinstance(value, dict):
        if _is_managed_by(value):
            return "managed by"
        kept = {key: one for key, one in value.items() if not _VOLATILE.fullmatch(key)}
        # A missing field means the same as an empty one.
        stable = {key: _stable(one, names) for key, one in kept.items()}
        return {key: one for key, one in stable.items() if one not in ([], {}, "", None)}
    if isinstance(value, list):
        return sorted(
            (_stable(one, names) for one in value), key=lambda one: json.dumps(one, sort_keys=True)
        )
    if isinstance(value, datetime):
        return "a time"
    if not isinstance(value, str):
        return value
    for key, name in names.items():
        value = value.replace(key, name)
    for pattern, replacement in _RANDOM:
        value = pattern.sub(replacement, value)
    return value


def _is_managed_by(value: dict[str, Any]) -> bool:
    return "ManagedBy" in (value.get("Key"), value.get("key"))
