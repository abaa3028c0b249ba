"""Ask the AWS API whether a resource of a given type and name exists.

Each entry of `_WAYS` returns the ARN, or the name where the API has no ARN; None if absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from drydock.aws.clients import Clients
from drydock.aws.failures import code, translated
from drydock.errors import OpsError
from drydock.stack.existing.wanted import Wanted
from drydock.stack.teardown.contents import client

_ABSENT = frozenset(
    {
        "404",
        "ClusterNotFoundException",
        "DBClusterNotFoundFault",
        "DBClusterParameterGroupNotFound",
        "DBInstanceNotFound",
        "DBInstanceNotFoundFault",
        "DBParameterGroupNotFound",
        "DBParameterGroupNotFoundFault",
        "DBSubnetGroupNotFoundFault",
        "LoadBalancerNotFound",
        "NoSuchBucket",
        "NoSuchEntity",
        "ParameterNotFound",
        "RepositoryNotFoundException",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
        "TargetGroupNotFound",
    }
)


@dataclass(frozen=True)
class Existing:
    """A resource that a plan wants to create and that exists already."""

    address: str
    kind: str
    name: str
    id: str
    """The id that `terraform import` takes."""
    arn: str
    """ARN; the name where the API has no ARN."""

    def __str__(self) -> str:
        return f"{self.address} ({self.id})"


@dataclass(frozen=True)
class Looked:
    """Resources that exist already, and the types that could not be looked up, with the reason."""

    found: tuple[Existing, ...] = ()
    unknown: tuple[str, ...] = ()


def look(clients: Clients, things: Iterable[Wanted]) -> Looked:
    """Return which of the wanted resources exist. An OpsError is recorded in `unknown`, not raised."""
    found: list[Existing] = []
    unknown: dict[str, str] = {}
    clusters: list[str] = []
    # Services come last: their clusters are known by then.
    for one in sorted(things, key=lambda thing: thing.kind == "aws_ecs_service"):
        if one.kind in unknown:
            continue
        try:
            with translated(clients.endpoint):
                arn = _find(clients, one, clusters)
        except OpsError as error:
            unknown[one.kind] = error.cause
            continue
        if arn is not None:
            found.append(Existing(one.address, one.kind, one.name, _import_id(one, arn), arn))
            if one.kind == "aws_ecs_cluster":
                clusters.append(arn)
    return Looked(tuple(found), tuple(f"{kind}: {cause}" for kind, cause in unknown.items()))


def _find(clients: Clients, one: Wanted, clusters: list[str]) -> str | None:
    try:
        if one.kind == "aws_ecs_service":
            return _service(clients, one.name, [one.cluster] if one.cluster else clusters)
        return _WAYS[one.kind](clients, one.name)
    except ClientError as error:
        if code(error) in _ABSENT:
            return None
        raise


def _import_id(one: Wanted, arn: str) -> str:
    if one.kind == "aws_ecs_service":
        return "/".join(arn.rpartition(":service/")[2].split("/"))
    return arn if one.kind in _BY_ARN else one.name


_BY_ARN = frozenset(
    {
        "aws_alb",
        "aws_alb_target_group",
        "aws_lb",
        "aws_lb_target_group",
        "aws_secretsmanager_secret",
        "aws_sfn_state_machine",
    }
)


def _service(clients: Clients, name: str, clusters: Iterable[str]) -> str | None:
    for cluster in clusters:
        told = clients.ecs.describe_services(cluster=cluster, services=[name])["services"]
        if told and told[0]["status"] != "INACTIVE":
            return told[0]["serviceArn"]
    return None


def _cluster(clients: Clients, name: str) -> str | None:
    told = clients.ecs.describe_clusters(clusters=[name])["clusters"]
    return told[0]["clusterArn"] if told and told[0]["status"] != "INACTIVE" else None


def _log_group(clients: Clients, name: str) -> str | None:
    told = clients.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return next((g["arn"].removesuffix(":*") for g in told if g["logGroupName"] == name), None)


def _bucket(clients: Clients, name: str) -> str | None:
    client(clients, "s3").head_bucket(Bucket=name)
    return f"arn:aws:s3:::{name}"


def _alias(clients: Clients, name: str) -> str | None:
    for page in client(clients, "kms").get_paginator("list_aliases").paginate():
        for alias in page["Aliases"]:
            if alias["AliasName"] == name:
                return str(alias["AliasArn"])
    return None


def _machine(clients: Clients, name: str) -> str | None:
    for page in clients.states.get_paginator("list_state_machines").paginate():
        for machine in page["stateMachines"]:
            if machine["name"] == name:
                return str(machine["stateMachineArn"])
    return None


def _parameter(clients: Clients, name: str) -> str | None:
    # DescribeParameters does not return the value, which is not needed.
    filters = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    told = client(clients, "ssm").describe_parameters(ParameterFilters=filters)["Parameters"]
    return f"ssm parameter {name}" if told else None


def _first(answer: Mapping[str, Any], listed: str, arn: str) -> str | None:
    items = answer[listed]
    return str(items[0][arn]) if items else None


_WAYS: Mapping[str, Callable[[Clients, str], str | None]] = {
    "aws_alb": lambda c, n: _first(
        c.elbv2.describe_load_balancers(Names=[n]), "LoadBalancers", "LoadBalancerArn"
    ),
    "aws_alb_target_group": lambda c, n: _first(
        c.elbv2.describe_target_groups(Names=[n]), "TargetGroups", "TargetGroupArn"
    ),
    "aws_backup_vault": lambda c, n: str(
        client(c, "backup").describe_backup_vault(BackupVaultName=n)["BackupVaultArn"]
    ),
    "aws_cloudwatch_log_group": _log_group,
    "aws_db_instance": lambda c, n: _first(
        c.rds.describe_db_instances(DBInstanceIdentifier=n), "DBInstances", "DBInstanceArn"
    ),
    "aws_db_parameter_group": lambda c, n: _first(
        c.rds.describe_db_parameter_groups(DBParameterGroupName=n),
        "DBParameterGroups",
        "DBParameterGroupArn",
    ),
    "aws_db_subnet_group": lambda c, n: _first(
        c.rds.describe_db_subnet_groups(DBSubnetGroupName=n), "DBSubnetGroups", "DBSubnetGroupArn"
    ),
    "aws_dynamodb_table": lambda c, n: str(
        client(c, "dynamodb").describe_table(TableName=n)["Table"]["TableArn"]
    ),
    "aws_ecr_repository": lambda c, n: _first(
        c.ecr.describe_repositories(repositoryNames=[n]), "repositories", "repositoryArn"
    ),
    "aws_ecs_cluster": _cluster,
    "aws_iam_instance_profile": lambda c, n: c.iam.get_instance_profile(InstanceProfileName=n)[
        "InstanceProfile"
    ]["Arn"],
    "aws_iam_role": lambda c, n: c.iam.get_role(RoleName=n)["Role"]["Arn"],
    "aws_iam_user": lambda c, n: c.iam.get_user(UserName=n)["User"]["Arn"],
    "aws_kms_alias": _alias,
    "aws_lb": lambda c, n: _first(
        c.elbv2.describe_load_balancers(Names=[n]), "LoadBalancers", "LoadBalancerArn"
    ),
    "aws_lb_target_group": lambda c, n: _first(
        c.elbv2.describe_target_groups(Names=[n]), "TargetGroups", "TargetGroupArn"
    ),
    "aws_rds_cluster": lambda c, n: _first(
        c.rds.describe_db_clusters(DBClusterIdentifier=n), "DBClusters", "DBClusterArn"
    ),
    "aws_rds_cluster_instance": lambda c, n: _first(
        c.rds.describe_db_instances(DBInstanceIdentifier=n), "DBInstances", "DBInstanceArn"
    ),
    "aws_rds_cluster_parameter_group": lambda c, n: _first(
        c.rds.describe_db_cluster_parameter_groups(DBClusterParameterGroupName=n),
        "DBClusterParameterGroups",
        "DBClusterParameterGroupArn",
    ),
    "aws_s3_bucket": _bucket,
    "aws_secretsmanager_secret": lambda c, n: c.secretsmanager.describe_secret(SecretId=n)["ARN"],
    "aws_sfn_state_machine": _machine,
    "aws_ssm_parameter": _parameter,
}
