"""Logs of load balancers: every request in one line of an object in the bucket, whatever happens meanwhile."""

from __future__ import annotations

import os
import re
import signal
import ssl
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support import region as support
from tests.support.log_bucket import LogBucket
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion, is_alive
from tests.support.scenario import Scenario
from tests.support.tls import self_signed
from tests.support.waiting import eventually
from tests.support.web import Site

pytestmark = pytest.mark.region


def fixed(status: str = "200") -> list[dict[str, Any]]:
    return [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": status}}]


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "logged", "10.64.0.0/16")


@pytest.fixture
def site(place: Scenario) -> Iterator[Site]:
    site = Site.build(place)
    yield site
    site.delete()


def problems(region: TestRegion, arn: str) -> list[str]:
    return [one["error"] for one in region.inspect()["problems"] if one["resource"] == arn]


def ask(url: str, *paths: str) -> list[int]:
    with httpx.Client() as client:
        return [client.get(url + path).status_code for path in paths]


def paths(bucket: LogBucket) -> Counter[str]:
    return Counter(httpx.URL(one.request_url).path for one in bucket.requests())


def test_every_kind_of_request_over_a_change_of_rules_and_the_end(
    place: Scenario, site: Site
) -> None:
    region, elb = place.region, place.region.client("elbv2")
    bucket = LogBucket.create(region, "logs-kinds")
    bucket.log(site.balancer, prefix="web")
    bucket.log(site.balancer, "connection_logs")
    account = site.balancer.split(":")[4]
    test_files = {
        f"web/AWSLogs/{account}/ELBAccessLogTestFile",
        f"AWSLogs/{account}/ELBConnectionLogTestFile",
    }
    eventually(lambda: test_files <= set(bucket.keys()), "the test files are there")
    assert site.name in bucket.text(f"web/AWSLogs/{account}/ELBAccessLogTestFile")
    arn = place.run(place.define("web:1", ["logged"]))
    place.wait(arn, "RUNNING")
    address = place.address(arn)
    elb.register_targets(TargetGroupArn=site.group, Targets=[{"Id": address, "Port": 3000}])
    site.wait_healthy(1)
    certificate = self_signed("logged.test")
    issued = region.client("acm").import_certificate(
        Certificate=certificate.certificate.encode(), PrivateKey=certificate.key.encode()
    )["CertificateArn"]
    elb.create_listener(
        LoadBalancerArn=site.balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": issued}],
        DefaultActions=fixed("418"),
    )
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_302"}
    nowhere = Site.new_group(place)
    actions: dict[str, Any] = {
        "/fixed": fixed("404")[0],
        "/moved": {"Type": "redirect", "RedirectConfig": redirect},
        "/nobody": {"Type": "forward", "TargetGroupArn": nowhere},
    }
    rules = [
        elb.create_rule(
            ListenerArn=site.listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [path]}],
            Actions=[action],
        )["Rules"][0]["RuleArn"]
        for priority, (path, action) in enumerate(actions.items(), start=7)
    ]
    eventually(lambda: ask(site.url(), "/nobody") == [503], "the rules are there")
    assert ask(site.url(), "/fixed", "/moved", "/", "/fail") == [404, 302, 200, 500]
    elb.delete_rule(RuleArn=rules[0])
    eventually(lambda: ask(site.url(), "/fixed") == [200], "the rule is gone")
    trusting = ssl.create_default_context(cadata=certificate.certificate)
    secured = httpx.URL(site.url(443))
    with httpx.Client(verify=trusting, http2=True) as client:
        named: dict[str, Any] = {
            "headers": {"Host": "logged.test"},
            "extensions": {"sni_hostname": "logged.test"},
        }
        assert client.get(secured.copy_with(path="/tls"), **named).status_code == 418
    with pytest.raises(httpx.ConnectError):
        httpx.get(secured)
    assert ask(site.url(), "/last") == [200]
    elb.delete_load_balancer(LoadBalancerArn=site.balancer)
    eventually(lambda: paths(bucket)["/last"] == 1, "the last line is delivered")
    found = {(one.request_url, one.elb_status_code): one for one in bucket.requests()}
    gone = found["http://127.0.0.1:80/fixed", "404"]
    assert (gone.actions_executed, gone.matched_rule_priority) == ("fixed-response", "7")
    moved = found["http://127.0.0.1:80/moved", "302"]
    assert (moved.actions_executed, moved.matched_rule_priority) == ("redirect", "8")
    assert moved.redirect_url.startswith("https://127.0.0.1:")
    failed = found["http://127.0.0.1:80/fail", "500"]
    assert (failed.target_status_code, failed.target_ip) == ("500", address)
    assert (failed.target_group_arn, failed.matched_rule_priority) == (site.group, "0")
    nobody = found["http://127.0.0.1:80/nobody", "503"]
    assert (nobody.target_group_arn, nobody.target_status_code) == (nowhere, "-")
    tls = found["https://logged.test:443/tls", "418"]
    assert (tls.type, tls.domain_name, tls.chosen_cert_arn) == ("h2", "logged.test", issued)
    assert paths(bucket)["/moved"] == paths(bucket)["/fail"] == paths(bucket)["/tls"] == 1
    balancer = site.balancer.partition("loadbalancer/")[2]
    assert {one.elb for one in bucket.requests()} == {balancer}
    assert {one.client_ip for one in bucket.requests()} == {"203.0.113.10"}
    connections = {one.conn_trace_id: one for one in bucket.connections()}
    assert {one.conn_trace_id for one in bucket.requests()} <= set(connections)
    assert connections[tls.conn_trace_id].tls_verify_status == "Success"
    refused = [one for one in connections.values() if one.tls_verify_status.startswith("Failed:")]
    assert [one.listener_port for one in refused] == ["443"]
    name = balancer.replace("/", ".")
    where = rf"AWSLogs/{account}/elasticloadbalancing/{region.record.region}/\d{{4}}/\d\d/\d\d/"
    file = rf"{account}_elasticloadbalancing_{region.record.region}_{re.escape(name)}_\d{{8}}T\d{{4}}Z_"
    end = r"[0-9.]+_[0-9a-z]{8}\.log\.gz"
    for key in set(bucket.keys()) - test_files:
        assert re.fullmatch(f"web/{where}{file}{end}|{where}conn_log[.]{file}{end}", key), key
    folder = region.workspace.region / "balancer-logs" / balancer.rpartition("/")[2]
    eventually(lambda: not folder.exists(), "nothing is left on the disk")
    assert not problems(region, site.balancer)
    place.stop(arn)


def test_a_bucket_that_refuses_is_a_problem_until_it_does_not(place: Scenario, site: Site) -> None:
    bucket = LogBucket.create(place.region, "logs-refused")
    bucket.log(site.balancer)
    eventually(bucket.keys, "the test file is there")
    bucket.allow("Deny")
    assert ask(site.url(), "/kept") == [503]
    (told,) = eventually(lambda: problems(place.region, site.balancer), "it is told")
    assert "Access Denied for bucket: logs-refused" in told
    bucket.allow()
    eventually(lambda: paths(bucket)["/kept"] == 1, "the line is delivered")
    eventually(lambda: not problems(place.region, site.balancer), "all is well again")


@takes_minutes
def test_no_line_is_lost_or_doubled_when_the_region_stops_or_is_killed(
    own_region: TestRegion,
) -> None:
    place = Scenario.build(own_region, "ends", "10.65.0.0/16")
    site = Site.build(place)
    bucket = LogBucket.create(own_region, "logs-ends")
    bucket.log(site.balancer)
    eventually(bucket.keys, "the test file is there")
    asked: list[str] = []

    def some(name: str) -> None:
        eventually(site.url, "it answers")
        names = [f"/{name}/{number}" for number in range(20)]
        assert set(ask(site.url(), *names)) == {503}
        asked.extend(names)

    some("first")
    own_region.restart()
    assert paths(bucket) == Counter(asked), "a stop delivers what is there"
    some("second")
    eventually(lambda: paths(bucket) == Counter(asked), "delivered")
    some("third")
    os.kill(own_region.record.pid, signal.SIGKILL)
    eventually(lambda: not is_alive(own_region.record.pid), "the kill has arrived")
    own_region.record = support.start(own_region.workspace)
    some("fourth")
    eventually(lambda: paths(bucket) == Counter(asked), "everything is there, once")
    folder = own_region.workspace.region / "balancer-logs"
    eventually(lambda: len(list(folder.glob("*/*"))) == 1, "the old files are gone")


def test_metrics_add_up_to_what_was_asked(place: Scenario, site: Site) -> None:
    elb = place.region.client("elbv2")
    arn = place.run(place.define("web:1", ["measured"]))
    place.wait(arn, "RUNNING")
    target = {"Id": place.address(arn), "Port": 3000}
    elb.register_targets(TargetGroupArn=site.group, Targets=[target])
    site.wait_healthy(1)
    elb.create_rule(
        ListenerArn=site.listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/fixed"]}],
        Actions=fixed("404"),
    )
    eventually(lambda: ask(site.url(), "/fixed") == [404], "the rule is there")
    before = Metrics(place, site)
    eventually(lambda: before.sum("HTTP_Fixed_Response_Count") >= 1, "the first is counted")
    fixed_before = before.sum("HTTP_Fixed_Response_Count")
    ask(site.url(), *["/"] * 30, *["/fail"] * 5, *["/fixed"] * 4)
    # another process while a connection is open
    with httpx.Client() as client:
        client.get(site.url())
        change = {"Key": "idle_timeout.timeout_seconds", "Value": "50"}
        elb.modify_load_balancer_attributes(LoadBalancerArn=site.balancer, Attributes=[change])
        eventually(
            lambda: client.get(site.url() + "/fixed").headers.get("connection") == "close",
            "the old process closes",
            every=0.2,
        )
    ask(site.url(), "/")
    metrics = Metrics(place, site)
    eventually(lambda: metrics.sum("RequestCount") == 37, "every request to a target is counted")
    group = metrics.group
    eventually(lambda: metrics.sum("HTTPCode_Target_2XX_Count") == 32, "and every response")
    assert metrics.sum("HTTPCode_Target_5XX_Count") == 5
    assert metrics.sum("HTTPCode_Target_5XX_Count", group) == 5
    assert metrics.sum("RequestCount", group) == 37
    assert metrics.sum("RequestCountPerTarget", group[1:]) == 37
    assert metrics.sum("HTTPCode_ELB_4XX_Count") == metrics.sum("HTTP_Fixed_Response_Count")
    assert metrics.sum("HTTP_Fixed_Response_Count") >= fixed_before + 5
    assert metrics.sum("HTTPCode_ELB_5XX_Count") == 0
    assert metrics.sum("ProcessedBytes") > 37 * 100
    assert metrics.sum("NewConnectionCount") >= 3
    assert 0 <= metrics.statistic("TargetResponseTime", "Average") < 5
    assert metrics.statistic("HealthyHostCount", "Maximum", group) == 1
    elb.deregister_targets(TargetGroupArn=site.group, Targets=[target])
    assert ask(site.url(), "/") == [503]
    eventually(lambda: metrics.sum("HTTPCode_ELB_503_Count") == 1, "an error of its own")
    assert metrics.sum("HTTPCode_ELB_5XX_Count") == 1
    assert ask(site.url(), "/") == [503]
    elb.delete_load_balancer(LoadBalancerArn=site.balancer)
    eventually(lambda: metrics.sum("HTTPCode_ELB_503_Count") == 2, "the last one, too")
    place.stop(arn)


class Metrics:
    """What CloudWatch says of a site's last ten minutes."""

    def __init__(self, place: Scenario, site: Site) -> None:
        self._client = place.region.client("cloudwatch")
        self._balancer = ("LoadBalancer", site.balancer.partition("loadbalancer/")[2])
        self.group = (self._balancer, ("TargetGroup", site.group.rpartition(":")[2]))

    def sum(self, name: str, dimensions: Sequence[tuple[str, str]] = ()) -> float:
        return self.statistic(name, "Sum", dimensions)

    def statistic(
        self, name: str, wanted: str, dimensions: Sequence[tuple[str, str]] = ()
    ) -> float:
        now = datetime.now(UTC)
        points = self._client.get_metric_statistics(
            Namespace="AWS/ApplicationELB",
            MetricName=name,
            Dimensions=[
                {"Name": key, "Value": value} for key, value in dimensions or [self._balancer]
            ],
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=1),
            Period=3600,
            Statistics=[wanted],
        )["Datapoints"]
        return float(sum(point[wanted] for point in points))
