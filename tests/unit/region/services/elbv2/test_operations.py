"""Load balancers and target groups show what a controller saw."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.region.services.elbv2.operations.targets import HEALTHY, Health
from tests.support.served import Served


def health(served: Served, group: str, **wanted: Any) -> dict[str, tuple[str, str]]:
    answer = served.client("elbv2").describe_target_health(TargetGroupArn=group, **wanted)
    return {
        f"{one['Target']['Id']}:{one['Target']['Port']}": (
            one["TargetHealth"]["State"],
            one["TargetHealth"].get("Reason", ""),
        )
        for one in answer["TargetHealthDescriptions"]
    }


def test_a_load_balancer_is_provisioning_until_it_is_not(served: Served) -> None:
    arn, _ = served.balancer()
    elb = served.client("elbv2")
    for _ in range(3):
        (seen,) = elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
        assert seen["State"] == {"Code": "provisioning"}
    with served.store.changing("elbv2"):
        served.store.backend("elbv2").load_balancers[arn].state = "active"
    (seen,) = elb.describe_load_balancers(Names=["web"])["LoadBalancers"]
    assert seen["State"] == {"Code": "active"}
    assert re.fullmatch(r"web-\d+\.ap-southeast-2\.elb\.amazonaws\.com", seen["DNSName"])
    assert seen["CanonicalHostedZoneId"] == "Z1GM3OXH4ZPM65"
    assert len(seen["AvailabilityZones"]) == 3
    with pytest.raises(ClientError, match="does not exist"):
        elb.describe_load_balancers(LoadBalancerArns=[arn, arn + "0"])


def test_its_interfaces_come_and_go_with_it(served: Served) -> None:
    arn, _ = served.balancer()
    ec2, elb = served.client("ec2"), served.client("elbv2")
    found = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert {one["SubnetId"] for one in found} == set(served.subnets)
    assert {one["Description"] for one in found} == {"ELB " + arn.split(":loadbalancer/")[1]}
    assert all(one["Association"]["PublicIp"] and one["RequesterManaged"] for one in found)
    group = ec2.create_security_group(GroupName="lb", Description="lb", VpcId=served.vpc)["GroupId"]
    elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[group])
    found = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert {one["Groups"][0]["GroupId"] for one in found} == {group}
    with pytest.raises(ClientError, match="dependent object"):
        ec2.delete_security_group(GroupId=group)
    elb.delete_load_balancer(LoadBalancerArn=arn)
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    ec2.delete_security_group(GroupId=group)
    assert elb.describe_load_balancers()["LoadBalancers"] == []


def test_deletion_protection_protects(served: Served) -> None:
    arn, _ = served.balancer()
    elb = served.client("elbv2")
    wanted = [
        {"Key": "deletion_protection.enabled", "Value": "true"},
        {"Key": "idle_timeout.timeout_seconds", "Value": "61"},
    ]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=wanted)
    seen = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    assert all(one in seen for one in wanted)
    with pytest.raises(ClientError, match="deletion protection"):
        elb.delete_load_balancer(LoadBalancerArn=arn)


def test_target_health_is_what_was_observed(served: Served) -> None:
    _, arn = served.balancer()
    elb = served.client("elbv2")
    targets = [{"Id": "172.31.0.9", "Port": 3000}, {"Id": "172.31.0.9", "Port": 3001}]
    elb.register_targets(TargetGroupArn=arn, Targets=targets)
    registering = ("initial", "Elb.RegistrationInProgress")
    assert health(served, arn) == {"172.31.0.9:3000": registering, "172.31.0.9:3001": registering}
    with served.store.changing("elbv2"):
        group = served.store.backend("elbv2").target_groups[arn]
        assert group.observe(("172.31.0.9", 3000), HEALTHY)
        assert not group.observe(("172.31.0.9", 3000), HEALTHY)
        assert not group.observe(("172.31.0.8", 3000), HEALTHY)
        group.observe(("172.31.0.9", 3001), Health("unhealthy", "Target.Timeout", "timed out"))
    assert health(served, arn) == {
        "172.31.0.9:3000": ("healthy", ""),
        "172.31.0.9:3001": ("unhealthy", "Target.Timeout"),
    }
    elb.deregister_targets(TargetGroupArn=arn, Targets=targets[:1])
    draining = ("draining", "Target.DeregistrationInProgress")
    assert health(served, arn)["172.31.0.9:3000"] == draining
    with served.store.changing("elbv2"):
        group.drained(("172.31.0.9", 3000))
    assert list(health(served, arn)) == ["172.31.0.9:3001"]
    assert health(served, arn, Targets=targets[:1]) == {
        "172.31.0.9:3000": ("unused", "Target.NotRegistered")
    }


def test_a_group_without_a_listener_is_not_in_use(served: Served) -> None:
    balancer, arn = served.balancer()
    elb = served.client("elbv2")
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "172.31.0.9"}])
    (seen,) = elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    assert seen["LoadBalancerArns"] == [balancer]
    with pytest.raises(ClientError, match="in use by a listener"):
        elb.delete_target_group(TargetGroupArn=arn)
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    assert health(served, arn) == {"172.31.0.9:3000": ("unused", "Target.NotInUse")}
    (seen,) = elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    assert seen["LoadBalancerArns"] == []
    elb.delete_target_group(TargetGroupArn=arn)


def test_what_elb_refuses(served: Served) -> None:
    balancer, _ = served.balancer()
    elb, ec2 = served.client("elbv2"), served.client("ec2")
    with pytest.raises(ClientError, match="same name"):
        elb.create_load_balancer(Name="web", Subnets=served.subnets)
    with pytest.raises(ClientError, match="two different Availability Zones"):
        elb.create_load_balancer(Name="one", Subnets=served.subnets[:1])
    with pytest.raises(ClientError) as caught:
        elb.create_load_balancer(Name="two", Subnets=["subnet-12345678", *served.subnets[1:]])
    assert caught.value.response["Error"]["Code"] == "SubnetNotFound"
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"ap-southeast-2{zone}"
        )["Subnet"]["SubnetId"]
        for index, zone in enumerate("ab")
    ]
    with pytest.raises(ClientError, match="has no internet gateway"):
        elb.create_load_balancer(Name="three", Subnets=subnets)
    internal = elb.create_load_balancer(Name="four", Subnets=subnets, Scheme="internal")
    assert internal["LoadBalancers"][0]["DNSName"].startswith("internal-four-")
    with pytest.raises(ClientError, match="already exists"):
        elb.create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[
                {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
            ],
        )
    with pytest.raises(ClientError) as caught:
        elb.create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTP",
            Port=81,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": "arn:aws:x:y:z:targetgroup/a/b"}],
        )
    assert caught.value.response["Error"]["Code"] == "TargetGroupNotFound"
