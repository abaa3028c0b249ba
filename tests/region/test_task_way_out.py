"""A task without a way to its image, its secrets or its logs stops with ECS's reason; three ways mend it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.commands import BIN
from tests.support.packets import ANYWHERE, Packets, everything
from tests.support.placed import Placed, placed
from tests.support.region import TestRegion
from tests.support.scenario import Scenario

pytestmark = pytest.mark.region

HUB = "shell:1"


@pytest.fixture
def net(region: TestRegion) -> Iterator[Packets]:
    made = Packets.build(region, "10.56")
    made.ec2.modify_vpc_attribute(VpcId=made.vpc, EnableDnsHostnames={"Value": True})
    yield made
    made.clear()


def ecr(region: TestRegion) -> str:
    record = region.record
    return f"{record.account_id}.dkr.ecr.{record.region}.amazonaws.com/shell:1"


def stopped(place: Scenario, image: str, **container: object) -> str:
    """Why a task that shall print a word stopped."""
    task = place.run(place.define(image, ["echo ran"], **container))
    reason: str = place.wait(task, "STOPPED")["stoppedReason"]
    assert place.output(task) == []
    return reason


def runs(place: Scenario, image: str, **container: object) -> None:
    task = place.run(place.define(image, ["echo ran"], **container))
    place.wait(task, "STOPPED")
    assert place.output(task) == ["ran"], place.task(task)["stoppedReason"]


def entered(place: Scenario, image: str) -> dict[str, str]:
    """ExecuteCommand's agent of a task that starts all the same."""
    task = place.run(
        place.define(image, ["exec sleep 1000"], stopTimeout=2), enableExecuteCommand=True
    )
    container = place.wait(task, "RUNNING")["containers"][0]
    agent: dict[str, str] = container["managedAgents"][0]
    place.stop(task)
    place.wait(task, "STOPPED")
    return agent


def doctor(region: TestRegion) -> str:
    done = subprocess.run(
        [str(BIN / "drydock"), "doctor"],
        cwd=region.workspace.root,
        env={**os.environ, "COLUMNS": "400", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr


def endpoint(net: Packets, region: TestRegion, service: str, subnet: str, group: str) -> None:
    net.ec2.create_vpc_endpoint(
        VpcId=net.vpc,
        ServiceName=f"com.amazonaws.{region.record.region}.{service}",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        SecurityGroupIds=[group],
        PrivateDnsEnabled=True,
    )


def test_a_private_subnet_without_a_way_out_and_a_nat_gateway(
    net: Packets, scenario: Scenario, region: TestRegion
) -> None:
    private = net.subnet()
    table = net.table(private)
    place: Placed = placed(scenario, net.vpc, private, net.open())
    reason = stopped(place, HUB)
    assert reason.startswith("CannotPullContainerError: ")
    assert reason.endswith("i/o timeout")
    advice = doctor(region)
    for words in (private, table, "NAT gateway", "endpoint", "public address"):
        assert words in advice, advice
    nat, _ = net.nat(net.public_subnet(net.internet_gateway()))
    net.route(table, ANYWHERE, NatGatewayId=nat)
    runs(place, HUB)


def test_a_public_subnet_needs_a_public_address_too(net: Packets, scenario: Scenario) -> None:
    public = net.public_subnet(net.internet_gateway())
    place = placed(scenario, net.vpc, public, net.open())
    assert stopped(place, HUB).startswith("CannotPullContainerError: ")
    runs(Scenario(**vars(place)), HUB)  # assignPublicIp


def test_endpoints_are_a_way_for_what_they_are_for(
    net: Packets, scenario: Scenario, region: TestRegion
) -> None:
    arn = region.client("secretsmanager").create_secret(Name="way-out", SecretString="s")["ARN"]
    secret = [{"name": "SECRET", "valueFrom": arn}]
    private = net.subnet()
    table = net.table(private)
    place = placed(scenario, net.vpc, private, net.open())
    image, door = ecr(region), net.group()
    unable = "ResourceInitializationError: unable to pull secrets or registry auth"
    first = stopped(place, image, secrets=secret)
    assert first.startswith(unable)
    assert "unable to retrieve secret from asm" in first
    for service in ("secretsmanager", "ecr.api", "ecr.dkr", "logs"):
        endpoint(net, region, service, private, door)
    assert "i/o timeout" in stopped(place, image, secrets=secret), "the endpoint's group is closed"
    net.allow(door, everything())
    assert stopped(place, image).startswith("CannotPullContainerError: "), "layers are in S3"
    net.ec2.create_vpc_endpoint(
        VpcId=net.vpc,
        ServiceName=f"com.amazonaws.{region.record.region}.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[table],
    )
    runs(place, image, secrets=secret)
    assert stopped(place, HUB).startswith("CannotPullContainerError: "), "not in ECR"
    agent = entered(place, image)
    assert agent["lastStatus"] == "STOPPED"
    assert "cannot reach ssmmessages." in agent["reason"]
    endpoint(net, region, "ssmmessages", private, door)
    assert entered(place, image)["lastStatus"] == "RUNNING"


def test_a_group_that_lets_nothing_out_is_no_way_out(net: Packets, scenario: Scenario) -> None:
    public = net.public_subnet(net.internet_gateway())
    closed = placed(scenario, net.vpc, public, net.group(egress=[]))
    place = Scenario(**vars(closed))
    assert stopped(place, HUB).endswith("i/o timeout")
    net.ec2.authorize_security_group_egress(GroupId=closed.group, IpPermissions=[everything()])
    runs(place, HUB)
