"""Target groups and load balancers, over the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.region.api.saved import pickling
from drydock.region.services.elbv2 import TargetGroup
from drydock.region.services.elbv2.operations import limits
from tests.support.served import REGION, Served

FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]


@contextmanager
def refused(code: str, words: str | None = None) -> Iterator[None]:
    with pytest.raises(ClientError, match=words) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code


def group(served: Served, name: str = "g", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = served.client("elbv2").create_target_group(
        Name=name,
        **{"Protocol": "HTTP", "Port": 80, "VpcId": served.vpc, "TargetType": "ip", **more},
    )["TargetGroups"][0]
    return found


def test_what_a_target_group_is_when_nothing_is_asked_for(served: Served) -> None:
    made = group(served)
    assert made["Matcher"] == {"HttpCode": "200"}
    assert (made["ProtocolVersion"], made["HealthCheckPath"]) == ("HTTP1", "/")
    assert (made["HealthCheckIntervalSeconds"], made["HealthCheckTimeoutSeconds"]) == (30, 5)
    assert (made["HealthyThresholdCount"], made["UnhealthyThresholdCount"]) == (5, 2)
    grpc = group(served, "grpc", ProtocolVersion="GRPC", Port=50051)
    assert grpc["Matcher"] == {"GrpcCode": "12"}
    assert grpc["HealthCheckPath"] == "/AWS.ALB/healthcheck"
    seen = served.client("elbv2").describe_target_groups(Names=["g", "grpc"])["TargetGroups"]
    assert seen == [{**one, "LoadBalancerArns": []} for one in (made, grpc)]


def test_target_groups_that_are_refused(served: Served) -> None:
    with refused("OperationNotPermitted", "type 'lambda'"):
        served.client("elbv2").create_target_group(Name="a", TargetType="lambda")
    for more in (
        {"ProtocolVersion": "HTTP3"},
        {"HealthCheckIntervalSeconds": 301},
        {"HealthyThresholdCount": 11},
        {"HealthCheckTimeoutSeconds": 30},
        {"Matcher": {"HttpCode": "600"}},
        {"HealthCheckEnabled": False},
        {"Port": 65536},
        {"VpcId": "vpc-00000000"},
        {"Protocol": "FTP"},
    ):
        with refused("ValidationError"):
            group(served, **more)
    made = group(served)
    with refused("DuplicateTargetGroupName", "same name 'g' exists, but with different settings"):
        group(served, Port=81)
    served.client("elbv2").delete_target_group(TargetGroupArn=made["TargetGroupArn"])
    with refused("DuplicateTagKeys"):
        group(served, Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])
    assert served.client("elbv2").describe_target_groups()["TargetGroups"] == []


def test_a_health_check_is_modified_whole_or_not_at_all(served: Served) -> None:
    elb, made = served.client("elbv2"), group(served)
    arn = made["TargetGroupArn"]
    for change in (
        {"HealthCheckPath": "/a", "HealthCheckTimeoutSeconds": 30},
        {"HealthCheckPath": "/a", "Matcher": {"GrpcCode": "1"}},
        {"UnhealthyThresholdCount": 5, "HealthCheckPort": "x"},
    ):
        with refused("ValidationError"):
            elb.modify_target_group(TargetGroupArn=arn, **change)
    (seen,) = elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    assert seen == {**made, "LoadBalancerArns": []}
    seen = elb.modify_target_group(
        TargetGroupArn=arn, HealthCheckIntervalSeconds=6, Matcher={"HttpCode": "200-299"}
    )["TargetGroups"][0]
    assert (seen["HealthCheckIntervalSeconds"], seen["HealthCheckPath"]) == (6, "/")
    assert seen["Matcher"] == {"HttpCode": "200-299"}


def test_attributes_of_a_target_group(served: Served) -> None:
    elb, arn = served.client("elbv2"), group(served)["TargetGroupArn"]

    def shown() -> dict[str, str]:
        found = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
        return {one["Key"]: one["Value"] for one in found}

    def modify(**wanted: str) -> None:
        pairs = [{"Key": k.replace("__", "."), "Value": v} for k, v in wanted.items()]
        elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=pairs)

    before = shown()
    assert len(before) == 14
    assert before["load_balancing.algorithm.anomaly_mitigation"] == "off"
    modify(load_balancing__algorithm__type="weighted_random")
    with refused("InvalidConfigurationRequest", "both slow start and weighted random"):
        modify(slow_start__duration_seconds="60")
    with refused("ValidationError", "must be between '0-3600' inclusive"):
        modify(deregistration_delay__timeout_seconds="3601", stickiness__enabled="false")
    assert shown() == {**before, "load_balancing.algorithm.type": "weighted_random"}


def test_who_may_be_registered(served: Served) -> None:
    elb = served.client("elbv2")
    made = group(served)
    arn = made["TargetGroupArn"]
    inside = {"Id": "172.31.0.9"}

    def register(*targets: dict[str, Any]) -> None:
        elb.register_targets(TargetGroupArn=arn, Targets=list(targets))

    with refused("ValidationError", "is not a valid IPv4 address"):
        register(inside, {"Id": "i-0123456789abcdef0"})
    with refused("ValidationError", "Availability Zone is required for IP address '10.9.9.9'"):
        register(inside, {"Id": "10.9.9.9"})
    with refused("ValidationError", "cannot have its Availability Zone overridden to 'all'"):
        register({**inside, "AvailabilityZone": "all"})
    with refused("ValidationError", "outside the VPC"):
        register({"Id": "10.9.9.9", "AvailabilityZone": f"{REGION}a"})
    with refused("ValidationError", "not a private address"):
        register({"Id": "8.8.8.8", "AvailabilityZone": "all"})
    assert elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"] == []
    register(inside, {**inside, "Port": 81}, {"Id": "10.9.9.9", "AvailabilityZone": "all"})
    seen = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert [one["Target"] for one in seen] == [
        {"Id": "172.31.0.9", "Port": 80},
        {"Id": "172.31.0.9", "Port": 81},
        {"Id": "10.9.9.9", "Port": 80, "AvailabilityZone": "all"},
    ]
    instances = group(served, "instances", TargetType="instance")["TargetGroupArn"]
    with refused("InvalidTarget", "no EC2 instances run"):
        elb.register_targets(TargetGroupArn=instances, Targets=[{"Id": "i-0123456789abcdef0"}])


def test_anomalies_are_shown_when_somebody_looked(served: Served) -> None:
    elb, arn = served.client("elbv2"), group(served)["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "172.31.0.9"}])

    def shown(**more: Any) -> dict[str, Any]:
        answer = elb.describe_target_health(TargetGroupArn=arn, **more)
        found: dict[str, Any] = answer["TargetHealthDescriptions"][0]
        return found

    assert "AnomalyDetection" not in shown(Include=["AnomalyDetection"])
    with served.store.changing("elbv2"):
        served.store.backend("elbv2").target_groups[arn].anomalies["172.31.0.9", 80] = True
    anomaly = {"Result": "anomalous", "MitigationInEffect": "no"}
    assert shown(Include=["All"])["AnomalyDetection"] == anomaly
    assert "AnomalyDetection" not in shown()


def test_a_group_has_one_load_balancer(served: Served) -> None:
    _, arn = served.balancer()
    elb = served.client("elbv2")
    other = elb.create_load_balancer(Name="other", Subnets=served.subnets)["LoadBalancers"][0]
    forward = [{"Type": "forward", "TargetGroupArn": arn}]
    place = {"LoadBalancerArn": other["LoadBalancerArn"], "Protocol": "HTTP", "Port": 80}
    with refused("TargetGroupAssociationLimit", "more than one load balancer"):
        elb.create_listener(**place, DefaultActions=forward)
    listener = elb.create_listener(**place, DefaultActions=FIXED)["Listeners"][0]["ListenerArn"]
    with refused("TargetGroupAssociationLimit"):
        elb.modify_listener(ListenerArn=listener, DefaultActions=forward)
    tcp = group(served, "tcp", Protocol="TCP")["TargetGroupArn"]
    with refused("IncompatibleProtocols"):
        elb.modify_listener(
            ListenerArn=listener, DefaultActions=[{"Type": "forward", "TargetGroupArn": tcp}]
        )
    grpc = group(served, "grpc", ProtocolVersion="GRPC")["TargetGroupArn"]
    with refused("InvalidConfigurationRequest", "protocol-version 'GRPC'"):
        elb.modify_listener(
            ListenerArn=listener, DefaultActions=[{"Type": "forward", "TargetGroupArn": grpc}]
        )
    with refused("ResourceInUse", "in use by a listener or a rule"):
        elb.delete_target_group(TargetGroupArn=arn)
    answer = elb.describe_target_groups(LoadBalancerArn=other["LoadBalancerArn"])
    assert answer["TargetGroups"] == []


def test_logs_go_where_they_may(served: Served) -> None:
    balancer, _ = served.balancer()
    elb, s3 = served.client("elbv2"), served.client("s3")
    wanted = [
        {"Key": "access_logs.s3.enabled", "Value": "true"},
        {"Key": "access_logs.s3.bucket", "Value": "elb-logs"},
        {"Key": "access_logs.s3.prefix", "Value": "web"},
        {"Key": "idle_timeout.timeout_seconds", "Value": "7"},
    ]

    def turn_on() -> None:
        elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=wanted)

    denied = "Access Denied for bucket: elb-logs. Please check S3bucket permission"
    with refused("InvalidConfigurationRequest", denied):
        turn_on()
    s3.create_bucket(Bucket="elb-logs", CreateBucketConfiguration={"LocationConstraint": REGION})
    with refused("InvalidConfigurationRequest", denied):
        turn_on()
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::elb-logs/web/AWSLogs/{served.store.account_id}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket="elb-logs", Policy=json.dumps(policy))
    by_kms = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    s3.put_bucket_encryption(Bucket="elb-logs", ServerSideEncryptionConfiguration=by_kms)
    with refused("InvalidConfigurationRequest", denied):
        turn_on()
    shown = elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    assert {"Key": "idle_timeout.timeout_seconds", "Value": "60"} in shown
    s3.delete_bucket_encryption(Bucket="elb-logs")
    turn_on()
    shown = elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    assert all(one in shown for one in wanted)
    # Another prefix is another permission.
    with refused("InvalidConfigurationRequest"):
        elb.modify_load_balancer_attributes(
            LoadBalancerArn=balancer, Attributes=[{"Key": "access_logs.s3.prefix", "Value": "b"}]
        )


def test_where_a_load_balancer_may_be(served: Served) -> None:
    balancer, _ = served.balancer()
    elb, ec2 = served.client("elbv2"), served.client("ec2")
    for name in ("a_b", "-a", "internal-a", "a" * 33):
        with refused("ValidationError"):
            elb.create_load_balancer(Name=name, Subnets=served.subnets)
    with refused("ValidationError", "two different Availability Zones"):
        elb.set_subnets(LoadBalancerArn=balancer, Subnets=served.subnets[:1])
    with refused("SubnetNotFound"):
        elb.set_subnets(LoadBalancerArn=balancer, Subnets=[served.subnets[0], "subnet-12345678"])
    with refused("InvalidSubnet", "IPv6 CIDR block"):
        elb.set_ip_address_type(LoadBalancerArn=balancer, IpAddressType="dualstack")
    with refused("OperationNotPermitted"):
        elb.set_ip_address_type(
            LoadBalancerArn=balancer, IpAddressType="dualstack-without-public-ipv4"
        )
    elsewhere = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_security_group(GroupName="x", Description="x", VpcId=elsewhere)["GroupId"]
    with refused("InvalidConfigurationRequest", "not in the VPC"):
        elb.set_security_groups(LoadBalancerArn=balancer, SecurityGroups=[made])
    with refused("InvalidSecurityGroup"):
        elb.set_security_groups(LoadBalancerArn=balancer, SecurityGroups=["sg-12345678"])
    (seen,) = elb.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"]
    assert len(seen["AvailabilityZones"]) == 3
    answer = elb.set_subnets(LoadBalancerArn=balancer, Subnets=served.subnets[:2])
    assert len(answer["AvailabilityZones"]) == 2


def test_pools_and_capacity_are_kept(served: Served) -> None:
    balancer, _ = served.balancer()
    elb = served.client("elbv2")
    pools = {"Ipv4IpamPoolId": "ipam-pool-0123456789abcdef0"}
    assert elb.modify_ip_pools(LoadBalancerArn=balancer, IpamPools=pools)["IpamPools"] == pools
    (seen,) = elb.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"]
    assert seen["IpamPools"] == pools
    elb.modify_ip_pools(LoadBalancerArn=balancer, RemoveIpamPools=["ipv4"])
    (seen,) = elb.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"]
    assert "IpamPools" not in seen

    with refused("CapacityUnitsLimitExceeded"):
        elb.modify_capacity_reservation(
            LoadBalancerArn=balancer, MinimumLoadBalancerCapacity={"CapacityUnits": 99}
        )
    elb.modify_capacity_reservation(
        LoadBalancerArn=balancer, MinimumLoadBalancerCapacity={"CapacityUnits": 300}
    )
    shown = elb.describe_capacity_reservation(LoadBalancerArn=balancer)
    assert shown["MinimumLoadBalancerCapacity"] == {"CapacityUnits": 300}
    units = [one["EffectiveCapacityUnits"] for one in shown["CapacityReservationState"]]
    assert units == [100.0, 100.0, 100.0]
    elb.modify_capacity_reservation(LoadBalancerArn=balancer, ResetCapacityReservation=True)
    shown = elb.describe_capacity_reservation(LoadBalancerArn=balancer)
    assert "MinimumLoadBalancerCapacity" not in shown


def test_pages_limits_and_tags(served: Served) -> None:
    elb = served.client("elbv2")
    arns = [
        elb.create_load_balancer(Name=f"b{number}", Subnets=served.subnets)["LoadBalancers"][0][
            "LoadBalancerArn"
        ]
        for number in range(3)
    ]
    pages = elb.get_paginator("describe_load_balancers").paginate(PaginationConfig={"PageSize": 2})
    listed = [[one["LoadBalancerArn"] for one in page["LoadBalancers"]] for page in pages]
    assert listed == [arns[:2], arns[2:]]
    with refused("ValidationError", "marker"):
        elb.describe_load_balancers(Marker="nonsense")
    told = {one["Name"]: one["Max"] for one in elb.describe_account_limits()["Limits"]}
    assert told["rules-per-application-load-balancer"] == str(limits.RULES) == "100"
    elb.add_tags(
        ResourceArns=arns[:1], Tags=[{"Key": str(number), "Value": ""} for number in range(50)]
    )
    with refused("TooManyTags"):
        elb.add_tags(ResourceArns=[arns[1], arns[0]], Tags=[{"Key": "a", "Value": "b"}])
    (seen,) = elb.describe_tags(ResourceArns=[arns[1]])["TagDescriptions"]
    assert seen["Tags"] == []


def test_a_group_survives_a_restart(served: Served) -> None:
    arn = group(served, ProtocolVersion="HTTP2", Matcher={"HttpCode": "201"})["TargetGroupArn"]
    with served.store.locked():
        record = served.store.backend("elbv2").target_groups[arn]
        again = pickling.loads(pickling.dumps(record))
    assert isinstance(again, TargetGroup)
    assert (again.protocol_version, again.matcher) == ("HTTP2", {"HttpCode": "201"})
    assert again.attributes == record.attributes
