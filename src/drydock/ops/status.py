"""Status of services, tasks, targets' health, databases and URLs, from the AWS API.

`read` asks the API; `Status` and the functions that build its parts are pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from drydock.aws.clients import Clients
from drydock.aws.failures import translated
from drydock.ops import services

TASKS_AT_MOST = 100
"""DescribeTasks takes no more (the API's reference)."""


@dataclass(frozen=True)
class ServiceStatus:
    """A service. Counts are those that ECS observes."""

    cluster: str
    name: str
    arn: str
    status: str
    desired: int
    running: int
    pending: int
    task_definition: str
    rollout: str
    """COMPLETED, IN_PROGRESS or FAILED, of the primary deployment."""
    event: str
    """The newest event."""


@dataclass(frozen=True)
class TaskStatus:
    """A task. Times are as the API gives them."""

    arn: str
    cluster: str
    group: str
    status: str
    desired_status: str
    address: str
    task_definition: str
    started_at: str
    stopped_reason: str
    exit_codes: dict[str, int | None]


@dataclass(frozen=True)
class TargetStatus:
    """One target of a target group. `reason` is ELB's code, empty if the target is healthy."""

    group: str
    address: str
    port: int
    state: str
    reason: str


@dataclass(frozen=True)
class Url:
    """The URL of a listener."""

    load_balancer: str
    port: int
    url: str


@dataclass(frozen=True)
class DatabaseStatus:
    name: str
    arn: str
    engine: str
    status: str
    endpoint: str
    port: int


@dataclass(frozen=True)
class Status:
    """Everything that runs in one region, or in one service's cluster."""

    services: tuple[ServiceStatus, ...] = ()
    tasks: tuple[TaskStatus, ...] = ()
    targets: tuple[TargetStatus, ...] = ()
    urls: tuple[Url, ...] = ()
    databases: tuple[DatabaseStatus, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read(clients: Clients, scope: services.Scope, *, stopped: bool = False) -> Status:
    """Read the status from the API. With `stopped`, also tasks that ended recently. Raises OpsError."""
    described = services.describe(clients, scope)
    with translated(clients.endpoint):
        clusters = sorted({item["clusterArn"] for item in described})
        if not clusters and not scope.service:
            clusters = [scope.cluster] if scope.cluster else _clusters(clients)
        tasks = [task for one in clusters for task in _tasks(clients, one, stopped=stopped)]
        groups = _target_groups(clients, described)
        targets = [target for one in groups for target in _targets(clients, one)]
        urls = _urls(clients, {arn for one in groups for arn in one["LoadBalancerArns"]})
        # A local region holds only this stack; an account on AWS may hold databases of others.
        vpcs = None if clients.is_local else {one["VpcId"] for one in groups if "VpcId" in one}
        databases = _databases(clients, vpcs)
    return Status(
        tuple(service_status(item) for item in described),
        tuple(sorted((task_status(one) for one in tasks), key=lambda one: one.started_at)),
        tuple(targets),
        tuple(urls),
        tuple(databases),
    )


def service_status(item: Mapping[str, Any]) -> ServiceStatus:
    """Return a service's status from an entry of DescribeServices's answer."""
    deployments = item.get("deployments", [])
    primary = [one for one in deployments if one.get("status") == "PRIMARY"] or [{}]
    events = item.get("events") or [{}]
    return ServiceStatus(
        cluster=_name(item.get("clusterArn", "")),
        name=item.get("serviceName", ""),
        arn=item.get("serviceArn", ""),
        status=item.get("status", ""),
        desired=item.get("desiredCount", 0),
        running=item.get("runningCount", 0),
        pending=item.get("pendingCount", 0),
        task_definition=_name(item.get("taskDefinition", "")),
        rollout=primary[0].get("rolloutState", ""),
        event=events[0].get("message", ""),
    )


def task_status(item: Mapping[str, Any]) -> TaskStatus:
    """Return a task's status from an entry of DescribeTasks's answer."""
    containers = item.get("containers", [])
    return TaskStatus(
        arn=item.get("taskArn", ""),
        cluster=_name(item.get("clusterArn", "")),
        group=item.get("group", ""),
        status=item.get("lastStatus", ""),
        desired_status=item.get("desiredStatus", ""),
        address=task_address(item),
        task_definition=_name(item.get("taskDefinitionArn", "")),
        started_at=str(item.get("startedAt") or item.get("createdAt") or ""),
        stopped_reason=item.get("stoppedReason", ""),
        exit_codes={one.get("name", ""): one.get("exitCode") for one in containers},
    )


def task_address(item: Mapping[str, Any]) -> str:
    """Return the private address of a task's network interface; empty before it has one."""
    details = [
        detail
        for attachment in item.get("attachments", [])
        for detail in attachment.get("details", [])
    ]
    found = [one.get("value", "") for one in details if one.get("name") == "privateIPv4Address"]
    return found[0] if found else ""


def url_of(load_balancer: Mapping[str, Any], listener: Mapping[str, Any]) -> Url:
    """Return a listener's URL on AWS."""
    scheme = "https" if listener.get("Protocol") == "HTTPS" else "http"
    port = listener.get("Port", 80)
    usual = {"http": 80, "https": 443}[scheme]
    suffix = "" if port == usual else f":{port}"
    return Url(
        load_balancer.get("LoadBalancerName", ""),
        port,
        f"{scheme}://{load_balancer.get('DNSName', '')}{suffix}",
    )


def _name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _clusters(clients: Clients) -> list[str]:
    pages = clients.ecs.get_paginator("list_clusters").paginate()
    return [arn for page in pages for arn in page["clusterArns"]]


def _tasks(clients: Clients, cluster: str, *, stopped: bool) -> list[Any]:
    pages = clients.ecs.get_paginator("list_tasks").paginate(cluster=cluster)
    arns = [arn for page in pages for arn in page["taskArns"]]
    if stopped:
        ended = clients.ecs.get_paginator("list_tasks").paginate(
            cluster=cluster, desiredStatus="STOPPED"
        )
        arns += [arn for page in ended for arn in page["taskArns"] if arn not in arns]
    found: list[Any] = []
    for start in range(0, len(arns), TASKS_AT_MOST):
        batch = arns[start : start + TASKS_AT_MOST]
        found += clients.ecs.describe_tasks(cluster=cluster, tasks=batch)["tasks"]
    return found


def _target_groups(clients: Clients, described: Iterable[Any]) -> list[Any]:
    arns = sorted({arn for item in described for arn in services.of_api(item).target_groups})
    if not arns:
        return []
    return list(clients.elbv2.describe_target_groups(TargetGroupArns=arns)["TargetGroups"])


def _targets(clients: Clients, group: Mapping[str, Any]) -> list[TargetStatus]:
    answer = clients.elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
    return [
        TargetStatus(
            group["TargetGroupName"],
            one["Target"]["Id"],
            one["Target"].get("Port", 0),
            one["TargetHealth"]["State"],
            one["TargetHealth"].get("Reason", ""),
        )
        for one in answer["TargetHealthDescriptions"]
    ]


def _urls(clients: Clients, arns: set[str]) -> list[Url]:
    if not arns:
        return []
    found = []
    for one in clients.elbv2.describe_load_balancers(LoadBalancerArns=sorted(arns))[
        "LoadBalancers"
    ]:
        arn = one["LoadBalancerArn"]
        listeners = clients.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        found += [url_of(one, listener) for listener in listeners]
    return found


def _databases(clients: Clients, vpcs: set[str] | None) -> list[DatabaseStatus]:
    """Return the clusters in these VPCs; with None, every cluster."""
    groups = {
        group["DBSubnetGroupName"]
        for page in clients.rds.get_paginator("describe_db_subnet_groups").paginate()
        for group in page["DBSubnetGroups"]
        if vpcs is None or group.get("VpcId") in vpcs
    }
    clusters = [
        one
        for page in clients.rds.get_paginator("describe_db_clusters").paginate()
        for one in page["DBClusters"]
    ]
    return [
        DatabaseStatus(
            one["DBClusterIdentifier"],
            one.get("DBClusterArn", ""),
            f"{one.get('Engine', '')} {one.get('EngineVersion', '')}".strip(),
            one.get("Status", ""),
            one.get("Endpoint", ""),
            one.get("Port", 0),
        )
        for one in clusters
        if vpcs is None or one.get("DBSubnetGroup") in groups
    ]
