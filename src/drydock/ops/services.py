"""Find the ECS service that a command is for, and its settings for one-off tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from drydock.aws.clients import Clients
from drydock.aws.failures import translated
from drydock.errors import ResourceMissing, UsageError

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import ServiceTypeDef

DESCRIBE_AT_MOST = 10
"""DescribeServices takes no more (the API's reference)."""


@dataclass(frozen=True)
class Scope:
    """The cluster and service that the user named. An empty field has to be found."""

    cluster: str = ""
    service: str = ""

    @classmethod
    def of_outputs(cls, outputs: Mapping[str, Any]) -> Scope:
        """Return the scope of the cluster that a stack's outputs name, if they do."""
        name = outputs.get("ecs_cluster_name")
        return cls(cluster=name if isinstance(name, str) else "")

    def refined(self, cluster: str, service: str) -> Scope:
        """Return the scope with the command line's cluster and service, which take precedence."""
        return Scope(cluster or self.cluster, service or self.service)


@dataclass(frozen=True)
class Service:
    """An ECS service, with the settings that ops needs."""

    name: str
    arn: str
    cluster: str
    """The cluster's ARN."""
    task_definition: str
    """The task definition's ARN, with the revision that the service runs now."""
    network: dict[str, Any] = field(default_factory=dict)
    """`networkConfiguration`, as RunTask takes it."""
    launch_type: str = ""
    platform_version: str = ""
    capacity_providers: tuple[dict[str, Any], ...] = ()
    target_groups: tuple[str, ...] = ()
    """ARNs."""

    @property
    def cluster_name(self) -> str:
        return self.cluster.rsplit("/", 1)[-1]

    def __str__(self) -> str:
        return f"{self.cluster_name}/{self.name}"


def of_api(item: ServiceTypeDef) -> Service:
    """Return a Service from an entry of DescribeServices's answer."""
    return Service(
        name=item.get("serviceName", ""),
        arn=item.get("serviceArn", ""),
        cluster=item.get("clusterArn", ""),
        task_definition=item.get("taskDefinition", ""),
        network=dict(item.get("networkConfiguration", {})),
        launch_type=item.get("launchType", ""),
        platform_version=item.get("platformVersion", ""),
        capacity_providers=tuple(dict(one) for one in item.get("capacityProviderStrategy", [])),
        target_groups=tuple(
            one["targetGroupArn"]
            for one in item.get("loadBalancers", [])
            if "targetGroupArn" in one
        ),
    )


def describe(clients: Clients, scope: Scope) -> list[ServiceTypeDef]:
    """Return every active service in the scope, as the API describes it. Raises OpsError."""
    with translated(clients.endpoint):
        clusters = [scope.cluster] if scope.cluster else _clusters(clients)
        found: list[ServiceTypeDef] = []
        for cluster in clusters:
            found += _in_cluster(clients, cluster)
    wanted = [item for item in found if scope.service in ("", item.get("serviceName"))]
    return [item for item in wanted if item.get("status") != "INACTIVE"]


def find(clients: Clients, scope: Scope) -> Service:
    """Return the only service in the scope.

    Raises ResourceMissing if there is none, UsageError if there are several.
    """
    services = [of_api(item) for item in describe(clients, scope)]
    if len(services) == 1:
        return services[0]
    if services:
        names = ", ".join(sorted(str(service) for service in services))
        raise UsageError(
            "which service?", f"there are several: {names}", "name one with --cluster and --service"
        )
    where = f" {scope.service}" if scope.service else ""
    where += f" in cluster {scope.cluster}" if scope.cluster else ""
    raise ResourceMissing(f"ECS service{where}", "there is none", "drydock apply, or drydock up")


def _clusters(clients: Clients) -> list[str]:
    pages = clients.ecs.get_paginator("list_clusters").paginate()
    return [arn for page in pages for arn in page["clusterArns"]]


def _in_cluster(clients: Clients, cluster: str) -> list[ServiceTypeDef]:
    try:
        pages = clients.ecs.get_paginator("list_services").paginate(cluster=cluster)
        arns = [arn for page in pages for arn in page["serviceArns"]]
    except clients.ecs.exceptions.ClusterNotFoundException:
        return []
    found: list[ServiceTypeDef] = []
    for start in range(0, len(arns), DESCRIBE_AT_MOST):
        batch = arns[start : start + DESCRIBE_AT_MOST]
        found += clients.ecs.describe_services(cluster=cluster, services=batch)["services"]
    return found
