"""Explain why a task cannot reach its image, secrets or logs: its subnet, its route table, remedies.

The three remedies are those of https://repost.aws/knowledge-center/ecs-unable-to-pull-secrets
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from drydock.reach.model import SOMEWHERE
from drydock.reach.network import Network

_NETWORK_WORDS = ("i/o timeout", "no such host", "network is unreachable", "no route to host")
_REASONS = ("CannotPullContainerError", "ResourceInitializationError")


@dataclass(frozen=True)
class Stranded:
    """A task that stopped because it could not reach a service it needs."""

    task: str
    reason: str
    subnet: str


@dataclass(frozen=True)
class Explanation:
    """The cause of a failure to reach a service, and its remedies."""

    problem: str
    remedies: tuple[str, ...]


def stranded(ecs: Any, clusters: Iterable[str]) -> list[Stranded]:
    """Return stopped tasks whose reason is the network; only the newest per subnet and reason."""
    found: dict[tuple[str, str], tuple[Any, Stranded]] = {}
    for cluster in clusters:
        for task in _stopped(ecs, cluster):
            reason = str(task.get("stoppedReason") or "")
            if not reason.startswith(_REASONS) or not any(
                word in reason for word in _NETWORK_WORDS
            ):
                continue
            subnet = _subnet(task)
            one = Stranded(task["taskArn"], reason, subnet)
            key = (subnet, reason)
            if key not in found or task["createdAt"] > found[key][0]:
                found[key] = (task["createdAt"], one)
    return [one for _, one in found.values()]


def _stopped(ecs: Any, cluster: str) -> Iterator[Any]:
    """Describe every stopped task; a page of ListTasks has as many as DescribeTasks takes."""
    pages = ecs.get_paginator("list_tasks").paginate(cluster=cluster, desiredStatus="STOPPED")
    for page in pages:
        if arns := page["taskArns"]:
            yield from ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]


def _subnet(task: Any) -> str:
    for attachment in task.get("attachments") or ():
        for detail in attachment.get("details") or ():
            if detail.get("name") == "subnetId":
                return str(detail["value"])
    return ""


def explain(network: Network, task: Stranded) -> Explanation:
    """Explain which setting of the task's subnet keeps packets from leaving. Pure."""
    if not network.has_subnet(task.subnet):
        return Explanation(
            f"subnet {task.subnet} is gone", ("run the task in a subnet that exists",)
        )
    subnet = network.subnet(task.subnet)
    table = network.table_of(subnet)
    route = table.route_to(SOMEWHERE[0])
    where = f"subnet {subnet.subnet_id} ({subnet.network}) with route table {table.table_id}"
    if "no such host" in task.reason and not network.vpc(subnet.vpc).dns_support:
        return Explanation(
            f"{where}: VPC {subnet.vpc} resolves no names (enableDnsSupport is off)",
            ("turn enable_dns_support on",),
        )
    if route is None:
        problem = f"{where} has no route out of the VPC"
    elif route.blackhole:
        problem = f"{where}: its route {route.destination} leads to {route.target}, which is gone"
    elif route.target.startswith("igw-"):
        problem = (
            f"{where} routes to internet gateway {route.target}, which passes nothing of an interface "
            "without a public address; with one, a security group or network ACL drops the packet"
        )
    else:
        problem = f"{where} routes to {route.target}, but no answer comes back that way"
    return Explanation(problem, _REMEDIES)


_REMEDIES = (
    "a NAT gateway in a public subnet, and a route 0.0.0.0/0 to it in this route table",
    "VPC endpoints: s3 (gateway, in this route table), ecr.api, ecr.dkr, logs, secretsmanager "
    "(interface, with a security group that lets the tasks in on 443); the image must then be in ECR",
    "a public address: assign_public_ip = true, in a subnet that routes to an internet gateway",
)
