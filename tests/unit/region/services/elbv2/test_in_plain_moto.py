"""The gaps that are filled are there: when one of these fails, moto has filled it itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.support.plain_moto import plain_moto
from tests.support.served import REGION

FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
PATH = [{"Field": "path-pattern", "Values": ["/a"]}]


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.Session]:
    with plain_moto():
        yield boto3.Session("test", "test", region_name=REGION)


@pytest.fixture(scope="module")
def elb(session: boto3.Session) -> Any:
    return session.client("elbv2")


@pytest.fixture(scope="module")
def vpc(session: boto3.Session) -> str:
    return str(session.client("ec2").describe_vpcs()["Vpcs"][0].get("VpcId"))


@pytest.fixture(scope="module")
def balancer(session: boto3.Session, elb: Any) -> str:
    found = session.client("ec2").describe_subnets()["Subnets"]
    subnets = [one.get("SubnetId") for one in found]
    made = elb.create_load_balancer(Name="internal-a", Subnets=subnets)
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def test_listeners(elb: Any, balancer: str) -> None:
    made = elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=65536,
        SslPolicy="none",
        DefaultActions=FIXED,
        MutualAuthentication={"Mode": "verify"},
    )["Listeners"][0]
    assert "Certificates" not in made
    assert made["SslPolicy"] == "none"
    arn = made["ListenerArn"]
    attributes = [{"Key": "nonsense", "Value": "1"}]
    elb.modify_listener_attributes(ListenerArn=arn, Attributes=attributes)
    seen = elb.describe_listener_attributes(ListenerArn=arn)["Attributes"]
    assert {one["Key"] for one in seen} == {"tcp.idle_timeout.seconds", "nonsense"}


def test_rules(elb: Any, balancer: str) -> None:
    listener = elb.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=FIXED
    )["Listeners"][0]["ListenerArn"]
    config = {"Rewrites": [{"Regex": "(", "Replace": "b"}]}
    made = elb.create_rule(
        ListenerArn=listener,
        Priority=50001,
        Conditions=[*PATH, *PATH],
        Actions=[*FIXED, {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}],
        Transforms=[{"Type": "url-rewrite", "UrlRewriteConfig": config}],
    )["Rules"][0]
    assert "Transforms" not in made
    assert "PathPatternConfig" not in made["Conditions"][0]
    assert len(made["Actions"]) == 2


def test_target_groups(elb: Any, vpc: str) -> None:
    made = elb.create_target_group(
        Name="g", Protocol="HTTP", ProtocolVersion="GRPC", Port=80, VpcId=vpc, TargetType="ip"
    )["TargetGroups"][0]
    assert made["Matcher"] == {"HttpCode": "200"}
    arn = made["TargetGroupArn"]
    elb.modify_target_group(TargetGroupArn=arn, HealthCheckTimeoutSeconds=120)
    wanted = [
        {"Key": "slow_start.duration_seconds", "Value": "1"},
        {"Key": "nonsense", "Value": "1"},
    ]
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=wanted)
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "8.8.8.8"}])
    (seen,) = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert seen["TargetHealth"]["State"] == "healthy"


def test_load_balancers(elb: Any, balancer: str) -> None:
    wanted = [
        {"Key": "idle_timeout.timeout_seconds", "Value": "0"},
        {"Key": "access_logs.s3.bucket", "Value": "no-such-bucket"},
        {"Key": "access_logs.s3.enabled", "Value": "true"},
    ]
    elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=wanted)
    seen = elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    assert all(one in seen for one in wanted)
    with pytest.raises(NotImplementedError):
        elb.modify_ip_pools(LoadBalancerArn=balancer, RemoveIpamPools=["ipv4"])
    with pytest.raises(NotImplementedError):
        elb.modify_capacity_reservation(LoadBalancerArn=balancer, ResetCapacityReservation=True)
