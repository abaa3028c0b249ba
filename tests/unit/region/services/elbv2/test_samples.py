"""A load balancer's traffic as metrics, and the names of its logs."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from drydock.region.dataplane.balancer.spec import Logs
from drydock.region.dataplane.balancer.traffic import GroupTraffic, Traffic
from drydock.region.services.cloudwatch.operations.backend import Sample
from drydock.region.services.elbv2.controller import log_names, samples

BALANCER = (
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"
)
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/tg/0123456789abcdef"
HERE = (("LoadBalancer", "app/web/50dc6c495c0c9188"),)
BOTH = (*HERE, ("TargetGroup", "targetgroup/tg/0123456789abcdef"))


def values(found: list[Sample]) -> dict[tuple[str, object], float]:
    assert {one.namespace for one in found} <= {"AWS/ApplicationELB"}
    return {(one.name, one.dimensions): one.total for one in found}


def test_each_response_is_the_targets_or_the_load_balancers() -> None:
    traffic = Traffic(
        new_connections=3,
        active_connections=2,
        bytes=1000,
        responses=Counter({2: 5, 3: 1, 5: 4}),
        own_errors=Counter({503: 2}),
        redirects=1,
        groups={GROUP: GroupTraffic(7, Counter({2: 5, 5: 2}), 1, 4, 0.25)},
    )
    found = samples.of_balancer(BALANCER, traffic, Counter())
    seen = values(found)
    assert {name: value for (name, where), value in seen.items() if where == HERE} == {
        "RequestCount": 7,
        "NewConnectionCount": 7,
        "TargetConnectionErrorCount": 1,
        "HTTP_Redirect_Count": 1,
        "HTTPCode_Target_2XX_Count": 5,
        "HTTPCode_Target_5XX_Count": 2,
        "HTTPCode_ELB_3XX_Count": 1,
        "HTTPCode_ELB_5XX_Count": 2,
        "HTTPCode_ELB_503_Count": 2,
        "ProcessedBytes": 1000,
        "ActiveConnectionCount": 2,
        "TargetResponseTime": 1.75,
    }
    assert {name: value for (name, where), value in seen.items() if where == BOTH} == {
        "RequestCount": 7,
        "TargetConnectionErrorCount": 1,
        "HTTPCode_Target_2XX_Count": 5,
        "HTTPCode_Target_5XX_Count": 2,
        "TargetResponseTime": 1.75,
    }


def test_a_response_that_was_begun_but_not_yet_sent_is_nobody_elses() -> None:
    owed: Counter[int] = Counter()
    begun = Traffic(groups={GROUP: GroupTraffic(1, Counter({5: 1}))})
    first = values(samples.of_balancer(BALANCER, begun, owed))
    assert first["HTTPCode_Target_5XX_Count", HERE] == 1
    sent = Traffic(responses=Counter({5: 1}))
    assert samples.of_balancer(BALANCER, sent, owed) == []
    third = values(samples.of_balancer(BALANCER, sent, owed))
    assert third == {("HTTPCode_ELB_5XX_Count", HERE): 1}


def test_health_and_requests_per_target() -> None:
    health = values(samples.of_health(BALANCER, GROUP, {"healthy": 2, "initial": 1}))
    assert health == {("HealthyHostCount", BOTH): 2, ("UnHealthyHostCount", BOTH): 0}
    per_target = samples.per_target(BALANCER, GROUP, 9, 2)
    assert {len(one.dimensions): one.total for one in per_target} == {1: 4.5, 2: 4.5}
    assert samples.per_target(BALANCER, GROUP, 9, 0) == []


def test_keys_of_objects() -> None:
    end = datetime(2026, 2, 3, 4, 5, 59, tzinfo=UTC)
    arguments = (BALANCER, "192.0.2.1", end, "abc123")
    folder = "AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2026/02/03/"
    name = (
        "123456789012_elasticloadbalancing_eu-west-1_app.web.50dc6c495c0c9188_20260203T0405Z_"
        "192.0.2.1_abc123.log.gz"
    )
    assert log_names.object_key(log_names.ACCESS, "", *arguments) == folder + name
    assert log_names.object_key(log_names.ACCESS, "/a/b/", *arguments) == f"a/b/{folder}{name}"
    assert log_names.object_key(log_names.CONNECTION, "", *arguments) == f"{folder}conn_log.{name}"
    key, content = log_names.test_file(log_names.ACCESS, "p", BALANCER, end)
    assert key == "p/AWSLogs/123456789012/ELBAccessLogTestFile"
    assert re.fullmatch(rb"Enable AccessLog for ELB: web at 2026-02-03T04:05:59\.000Z", content)


def test_what_attributes_turn_on() -> None:
    region = Path("region")
    attributes: dict[str, str | None] = {
        "access_logs.s3.enabled": "false",
        "access_logs.s3.bucket": "one",
        "connection_logs.s3.enabled": "true",
        "connection_logs.s3.bucket": "two",
        "connection_logs.s3.prefix": "p",
    }
    assert log_names.destinations(attributes) == {"connection_logs": ("two", "p")}
    assert log_names.logs_of(BALANCER, attributes, region) == Logs(
        "region/balancer-logs/50dc6c495c0c9188", "app/web/50dc6c495c0c9188", False, True
    )
    assert log_names.logs_of(BALANCER, {"access_logs.s3.enabled": "false"}, region) is None
