"""Why a task had no way out, in words that name the subnet, the route table and what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from typing import Any

import pytest

from drydock.reach.egress_diagnosis import Stranded, explain, stranded
from drydock.reach.model import Route, RouteTable, Subnet, Vpc
from drydock.reach.network import Network

ANYWHERE = (IPv4Network("0.0.0.0/0"),)
TIMEOUT = "CannotPullContainerError: … dial tcp 198.18.0.12:443: i/o timeout"
VPC = Vpc("vpc-1", (IPv4Network("10.0.0.0/16"),))
SUBNET = Subnet("subnet-1", "vpc-1", IPv4Network("10.0.1.0/24"))
TASK = Stranded("arn:task/1", TIMEOUT, "subnet-1")


def network(*routes: Route, vpc: Vpc = VPC) -> Network:
    local = Route((IPv4Network("10.0.0.0/16"),), "local")
    return Network(
        (vpc,), (SUBNET,), tables=(RouteTable("rtb-1", "vpc-1", (local, *routes), main=True),)
    )


@pytest.mark.parametrize(
    ("routes", "words"),
    [
        ((), "has no route out of the VPC"),
        ((Route(ANYWHERE, "nat-1", blackhole=True),), "leads to nat-1, which is gone"),
        ((Route(ANYWHERE, "igw-1"),), "passes nothing of an interface without a public address"),
        ((Route(ANYWHERE, "nat-1"),), "no answer comes back"),
    ],
)
def test_what_is_in_the_way_is_named(routes: tuple[Route, ...], words: str) -> None:
    found = explain(network(*routes), TASK)
    assert "subnet subnet-1 (10.0.1.0/24) with route table rtb-1" in found.problem
    assert words in found.problem
    assert [ways.split()[1] for ways in found.remedies] == ["NAT", "endpoints:", "public"]


def test_a_vpc_that_resolves_nothing() -> None:
    silent = Vpc("vpc-1", (IPv4Network("10.0.0.0/16"),), dns_support=False)
    reason = "ResourceInitializationError: … lookup logs.x.amazonaws.com: no such host"
    found = explain(network(vpc=silent), Stranded("arn:task/1", reason, "subnet-1"))
    assert "enableDnsSupport is off" in found.problem
    assert found.remedies == ("turn enable_dns_support on",)


def test_a_subnet_that_is_gone() -> None:
    assert "is gone" in explain(Network(), TASK).problem


class Ecs:
    """Two clusters' stopped tasks."""

    def __init__(self, tasks: list[dict[str, Any]], page: int = 100) -> None:
        self.tasks = tasks
        self.page = page

    def get_paginator(self, operation: str) -> Ecs:
        assert operation == "list_tasks"
        return self

    def paginate(self, cluster: str, desiredStatus: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert (cluster, desiredStatus) == ("c", "STOPPED")
        arns = [task["taskArn"] for task in self.tasks]
        for first in range(0, len(arns), self.page):
            yield {"taskArns": arns[first : first + self.page]}

    def describe_tasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        assert cluster == "c"
        return {"tasks": [task for task in self.tasks if task["taskArn"] in tasks]}


def stopped(name: str, reason: str, minutes: int = 0) -> dict[str, Any]:
    details = [{"name": "subnetId", "value": "subnet-1"}]
    return {
        "taskArn": name,
        "stoppedReason": reason,
        "createdAt": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes),
        "attachments": [{"details": details}],
    }


def test_only_the_newest_task_of_each_network_fault_is_told() -> None:
    ecs = Ecs(
        [
            stopped("old", TIMEOUT),
            stopped("new", TIMEOUT, 5),
            stopped("exited", "Essential container in task exited"),
            stopped("unknown image", "CannotPullContainerError: … not found: no [images] entry"),
        ]
    )
    assert stranded(ecs, ["c"]) == [Stranded("new", TIMEOUT, "subnet-1")]


def test_every_page_of_stopped_tasks_is_looked_at() -> None:
    ecs = Ecs([stopped(f"fine-{n}", "Scaling activity") for n in range(4)], page=2)
    ecs.tasks.append(stopped("last", TIMEOUT))
    assert stranded(ecs, ["c"]) == [Stranded("last", TIMEOUT, "subnet-1")]
