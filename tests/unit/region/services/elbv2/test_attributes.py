"""What attributes, health checks and requests as a whole may be."""

from __future__ import annotations

import json
import ssl
from typing import Any

import botocore.session
import pytest
from moto.elbv2.exceptions import ELBClientError

from drydock.region.services.elbv2.operations import (
    balancer_attributes,
    group_attributes,
    health_checks,
    listener_attributes,
    log_buckets,
    names,
    policies,
    tags,
    values,
)
from drydock.region.services.kit import constraints


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("idle_timeout.timeout_seconds", "0"),
        ("idle_timeout.timeout_seconds", "4001"),
        ("idle_timeout.timeout_seconds", "a"),
        ("client_keep_alive.seconds", "59"),
        ("routing.http2.enabled", "yes"),
        ("routing.http.desync_mitigation_mode", "lax"),
        ("routing.http.xff_header_processing.mode", "drop"),
        ("load_balancing.cross_zone.enabled", "false"),
        ("dns_record.client_routing_policy", "any_availability_zone"),
        ("nonsense", "true"),
    ],
)
def test_attributes_that_a_load_balancer_cannot_have(key: str, value: str) -> None:
    with pytest.raises(ELBClientError):
        balancer_attributes.check({key: value}, "application")


def test_the_defaults_are_right_themselves() -> None:
    for scheme in ("internet-facing", "internal"):
        balancer_attributes.check(balancer_attributes.defaults(scheme), "application")
    for protocol in ("HTTP", "HTTPS", "TCP"):
        listener_attributes.check(listener_attributes.defaults(protocol), protocol)
    every = group_attributes.defaults()
    group_attributes.check(every, every, "HTTP")


def test_logs_need_a_bucket() -> None:
    on = {"connection_logs.s3.enabled": "true"}
    with pytest.raises(ELBClientError, match="must be specified"):
        balancer_attributes.logs(on)
    found = balancer_attributes.logs({**on, "connection_logs.s3.bucket": "b"})
    assert found == [("connection_logs", "b", "")]


@pytest.mark.parametrize(
    "wanted",
    [
        {"deregistration_delay.timeout_seconds": "3601"},
        {"slow_start.duration_seconds": "29"},
        {"slow_start.duration_seconds": "30", "load_balancing.algorithm.type": "weighted_random"},
        {
            "slow_start.duration_seconds": "30",
            "load_balancing.algorithm.type": "least_outstanding_requests",
        },
        {"load_balancing.algorithm.anomaly_mitigation": "on"},
        {"stickiness.enabled": "true", "load_balancing.algorithm.type": "weighted_random"},
        {"stickiness.enabled": "true", "stickiness.type": "app_cookie"},
        {"stickiness.type": "source_ip"},
        {"stickiness.lb_cookie.duration_seconds": "0"},
        {"stickiness.app_cookie.cookie_name": "AWSALBTG"},
        {"stickiness.app_cookie.cookie_name": "a b"},
        {"target_group_health.dns_failover.minimum_healthy_targets.percentage": "101"},
        {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "off"},
        {"waf.fail_open.enabled": "true"},
    ],
)
def test_attributes_that_a_target_group_cannot_have(wanted: dict[str, str]) -> None:
    with pytest.raises(ELBClientError):
        group_attributes.check(wanted, group_attributes.defaults(), "HTTP")


def test_what_is_there_counts_for_what_goes_together() -> None:
    now = {**group_attributes.defaults(), "slow_start.duration_seconds": "30"}
    with pytest.raises(ELBClientError, match="both slow start and weighted random algorithm"):
        group_attributes.check({"load_balancing.algorithm.type": "weighted_random"}, now, "HTTP")
    both = {"load_balancing.algorithm.type": "weighted_random", "slow_start.duration_seconds": "0"}
    group_attributes.check(both, now, "HTTP")


@pytest.mark.parametrize(
    ("protocol", "key", "value"),
    [
        ("HTTP", "routing.http.request.x_amzn_tls_version.header_name", "X-A"),
        ("HTTPS", "routing.http.request.x_amzn_tls_version.header_name", "a b"),
        ("HTTP", "tcp.idle_timeout.seconds", "100"),
        ("HTTP", "routing.http.response.server.enabled", "maybe"),
        ("HTTP", "routing.http.response.x_frame_options.header_value", "PERHAPS"),
        ("HTTP", "routing.http.response.x_content_type_options.header_value", "sniff"),
        ("HTTP", "routing.http.response.access_control_max_age.header_value", "86401"),
        ("HTTP", "routing.http.response.access_control_allow_methods.header_value", "GET PUT"),
        ("HTTPS", "routing.http.response.strict_transport_security.header_value", "forever"),
        ("HTTP", "routing.http.response.content_security_policy.header_value", "a" * 1025),
        ("HTTP", "nonsense", ""),
    ],
)
def test_attributes_that_a_listener_cannot_have(protocol: str, key: str, value: str) -> None:
    with pytest.raises(ELBClientError):
        listener_attributes.check({key: value}, protocol)


@pytest.mark.parametrize(
    ("version", "asked"),
    [
        ("HTTP1", {"HealthCheckTimeoutSeconds": 30}),
        ("HTTP1", {"HealthCheckTimeoutSeconds": 10, "HealthCheckIntervalSeconds": 10}),
        ("HTTP1", {"HealthCheckPath": "no-slash"}),
        ("HTTP1", {"HealthCheckPath": "/" + "a" * 1024}),
        ("HTTP1", {"HealthCheckProtocol": "TCP"}),
        ("HTTP1", {"HealthCheckPort": "70000"}),
        ("HTTP1", {"HealthCheckPort": "traffic"}),
        ("HTTP1", {"HealthCheckEnabled": False}),
        ("HTTP1", {"Matcher": {"HttpCode": "199"}}),
        ("HTTP1", {"Matcher": {"HttpCode": "200-600"}}),
        ("HTTP1", {"Matcher": {"HttpCode": "299-200"}}),
        ("HTTP1", {"Matcher": {"HttpCode": "200,"}}),
        ("HTTP1", {"Matcher": {"GrpcCode": "12"}}),
        ("GRPC", {"Matcher": {"HttpCode": "200"}}),
        ("GRPC", {"Matcher": {"GrpcCode": "100"}}),
    ],
)
def test_health_checks_that_are_refused(version: str, asked: dict[str, Any]) -> None:
    with pytest.raises(ELBClientError):
        health_checks.wanted(asked, health_checks.defaults(version), version)


def test_health_checks_by_version() -> None:
    grpc = health_checks.defaults("GRPC")
    assert (grpc.path, grpc.matcher) == ("/AWS.ALB/healthcheck", {"GrpcCode": "12"})
    web = health_checks.wanted(
        {"Matcher": {"HttpCode": "200-299,301"}, "HealthCheckPath": "/h?a=b"},
        health_checks.defaults("HTTP1"),
        "HTTP1",
    )
    assert (web.path, web.interval, web.timeout) == ("/h?a=b", 30, 5)
    assert web.matcher == {"HttpCode": "200-299,301"}


@pytest.mark.parametrize("name", ["a" * 33, "a_b", "-a", "a-", "internal-a", ""])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(ELBClientError):
        names.check(name)


def test_tags_and_keys_that_are_refused() -> None:
    with pytest.raises(ELBClientError, match="more than once"):
        tags.check([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])
    with pytest.raises(ELBClientError, match="aws:"):
        tags.check([{"Key": "aws:a", "Value": "1"}])
    fifty = {str(number): "" for number in range(50)}
    tags.check([{"Key": "7", "Value": "1"}], fifty)
    with pytest.raises(ELBClientError, match="at most '50' tags"):
        tags.check([{"Key": "a", "Value": "1"}], fifty)
    with pytest.raises(ELBClientError, match="more than once"):
        values.pairs([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])


def test_the_models_own_bounds_are_told_as_aws_tells_them() -> None:
    service = botocore.session.get_session().get_service_model("elbv2")
    shape = service.operation_model("CreateListener").input_shape
    good = {"LoadBalancerArn": "a", "Port": 80, "Protocol": "HTTP", "DefaultActions": []}
    constraints.check(shape, good)
    action = {
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": "302", "MessageBody": "a" * 1025},
    }
    with pytest.raises(ELBClientError) as caught:
        constraints.check(shape, {**good, "Port": 70000, "DefaultActions": [action]})
    said = caught.value.message
    assert said.startswith("3 validation errors detected: Value '70000' at 'port' failed")
    assert "'defaultActions.1.member.fixedResponseConfig.messageBody'" in said
    assert r"Member must satisfy regular expression pattern: ^(2|4|5)\d\d$" in said
    with pytest.raises(ELBClientError, match=r"'loadBalancerArn' failed.*must not be null"):
        constraints.check(shape, {"Port": 80, "DefaultActions": []})


def test_the_policies_ciphers_are_openssls() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    known = {one["name"] for one in context.get_ciphers()} | {"DES-CBC3-SHA"}
    assert len(policies.POLICIES) == 39
    for name, policy in policies.POLICIES.items():
        assert known.issuperset(policy.ciphers), name
        assert policy.post_quantum == ("-PQ-" in name)
        assert policy.fips == ("FIPS" in name)
        modern = [one for one in policy.ciphers if one.startswith("TLS_")]
        assert bool(modern) == ("TLSv1.3" in policy.protocols)
    restricted = policies.POLICIES["ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"]
    assert restricted.protocols == ("TLSv1.3", "TLSv1.2")
    assert all("GCM" in one or "POLY1305" in one for one in restricted.ciphers)
    assert "TLSv1" in policies.POLICIES[policies.DEFAULT].protocols


def statement(**changes: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::b/p/AWSLogs/1/*",
        **changes,
    }


@pytest.mark.parametrize(
    ("statements", "may"),
    [
        ([statement()], True),
        ([statement(Principal={"AWS": "arn:aws:iam::783225319266:root"})], True),
        ([statement(Principal={"AWS": ["783225319266"]}, Action=["s3:Get*", "s3:put*"])], True),
        ([statement(Principal="*", Resource="*")], True),
        ([statement(Principal={"Service": "ec2.amazonaws.com"})], False),
        ([statement(Resource="arn:aws:s3:::b/AWSLogs/1/*")], False),
        ([statement(Action="s3:GetObject")], False),
        ([statement(), statement(Effect="Deny", Principal="*")], False),
        (
            [
                statement(),
                statement(
                    Effect="Deny",
                    Principal="*",
                    Condition={"Bool": {"aws:SecureTransport": "false"}},
                ),
            ],
            True,
        ),
        ([statement(Condition={"StringEquals": {"aws:SourceAccount": "1"}})], True),
        ([statement(Condition={"StringEquals": {"AWS:SourceAccount": "2"}})], False),
        ([statement(Condition={"ArnLike": {"aws:SourceArn": ["arn:lb/*"]}})], True),
        ([], False),
    ],
)
def test_who_may_write_logs(statements: list[dict[str, Any]], may: bool) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements}).encode()
    context = {"aws:SourceAccount": "1", "aws:SourceArn": "arn:lb/a"}
    resource = "arn:aws:s3:::b/p/AWSLogs/1/ELBAccessLogTestFile"
    assert log_buckets.may_put(policy, resource, "783225319266", context) is may


def test_no_policy_lets_nobody_write() -> None:
    assert not log_buckets.may_put(None, "arn:aws:s3:::b/x", None, {})
