"""Load balancers: where they answer, what they say of their targets, how they change and go."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.support.region import TestRegion, descendants
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually
from tests.support.web import Site, load

pytestmark = pytest.mark.region


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "balanced", "10.60.0.0/16")


@pytest.fixture(scope="module")
def site(place: Scenario) -> Iterator[Site]:
    """A load balancer with two healthy tasks; tests leave it as it was."""
    site = Site.build(place)
    definition = place.define("web:1", ["web"])
    service = Service(place, site.service("web", definition, 2))
    service.wait_running(2)
    site.wait_healthy(2)
    yield site
    service.delete()
    site.delete()


def haproxies(region: TestRegion) -> set[int]:
    """The host's ids of the region's HAProxy processes."""
    found = set()
    for pid in descendants(region.record.pid):
        try:
            with open(f"/proc/{pid}/comm") as file:  # noqa: PTH123
                if file.read().strip() == "haproxy":
                    found.add(pid)
        except OSError:
            continue
    return found


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2]) if url.count(":") == 2 else 80


def assert_refused(port: int) -> None:
    def refused() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    eventually(refused, f"port {port} refuses")


def test_both_targets_answer_and_the_client_is_the_configured_one(site: Site) -> None:
    healthy = site.wait_healthy(2)
    answers = [site.get("/some/path?x=1") for _ in range(8)]
    assert len({answer["headers"]["x-forwarded-for"] for answer in answers}) == 1
    first = answers[0]
    assert first["headers"]["x-forwarded-for"] == "203.0.113.10"
    assert first["headers"]["x-forwarded-proto"] == "http"
    assert first["path"] == "/some/path?x=1"
    assert {answer["address"] for answer in answers} == healthy
    # what the target sees is one of the load balancer's own nodes
    nodes = {
        address["PrivateIpAddress"]
        for one in site.interfaces()
        for address in one["PrivateIpAddresses"]
    }
    assert {answer["client"] for answer in answers} <= nodes


def test_a_port_that_is_taken_on_the_host_gives_way(place: Scenario) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        site = Site.build(place, port)
        url = site.url()
        assert port_of(url) != port
        with pytest.raises(HTTPError, match="503"):
            site.get()
        site.delete()
    assert_refused(port_of(url))


def test_the_url_stays_the_same_for_another_listener_and_after_it_is_gone(site: Site) -> None:
    url = site.url()
    other = site.add_listener(8123)
    assert site.get(port=8123)["name"] == "web"
    assert site.url() == url
    port = port_of(site.url(8123))
    site.scenario.region.client("elbv2").delete_listener(ListenerArn=other)
    assert_refused(port)
    assert site.get()["name"] == "web"
    eventually(
        lambda: 8123 not in [entry["port"] for entry in site.scenario.region.inspect()["urls"]],
        "its URL is not shown any more",
    )


def test_a_target_is_initial_then_healthy_then_unhealthy_with_the_reason(place: Scenario) -> None:
    site = Site.build(place)
    arn = place.run(place.define("web:1", ["alone"]))
    place.wait(arn, "RUNNING")
    address = place.address(arn)
    elb = place.region.client("elbv2")
    elb.register_targets(TargetGroupArn=site.group, Targets=[{"Id": address, "Port": 3000}])
    first = site.health()[address]
    assert (first["State"], first["Reason"]) in (
        ("initial", "Elb.RegistrationInProgress"),
        ("initial", "Elb.InitialHealthChecking"),
        ("healthy", ""),
    )
    site.wait_healthy(1)
    assert "Reason" not in site.health()[address]
    site.get("/sick")
    found = site.wait_state(address, "unhealthy")
    assert found["Reason"] == "Target.ResponseCodeMismatch"
    assert found["Description"] == "Health checks failed with these codes: [500]"
    # all unhealthy: a load balancer fails open, and sends requests to every target
    assert site.get("/well")["name"] == "alone"
    site.wait_healthy(1)
    elb.deregister_targets(TargetGroupArn=site.group, Targets=[{"Id": address}])
    assert site.health(site.group).get(address, {}).get("State") in ("draining", None)
    eventually(lambda: site.health() == {}, "the target is forgotten")
    with pytest.raises(HTTPError, match="503"):
        site.get()
    place.stop(arn)
    site.delete()


def test_a_target_that_does_not_answer_has_timed_out(place: Scenario) -> None:
    site = Site.build(place, HealthCheckTimeoutSeconds=2)
    program = (
        "import socket, time\n"
        "s = socket.create_server(('0.0.0.0', 3000))\n"
        "print('silent', flush=True)\n"
        "time.sleep(1000)"
    )
    arn = place.run(place.define("psql:1", [program], stopTimeout=2))
    place.wait_for_output(arn, 1)
    address = place.address(arn)
    place.region.client("elbv2").register_targets(
        TargetGroupArn=site.group, Targets=[{"Id": address, "Port": 3000}]
    )
    found = site.wait_state(address, "unhealthy", 30)
    assert (found["Reason"], found["Description"]) == ("Target.Timeout", "Request timed out")
    place.kill(arn)
    site.delete()


def test_a_target_that_refuses_has_failed(place: Scenario) -> None:
    site = Site.build(place)
    arn = place.run(place.define("shell:1", ["trap 'exit 0' TERM; while :; do sleep 0.05; done"]))
    place.wait(arn, "RUNNING")
    address = place.address(arn)
    place.region.client("elbv2").register_targets(
        TargetGroupArn=site.group, Targets=[{"Id": address, "Port": 3000}]
    )
    found = site.wait_state(address, "unhealthy", 30)
    assert found["Reason"] == "Target.FailedHealthChecks"
    place.stop(arn)
    site.delete()


def test_haproxy_comes_back_at_the_same_url(site: Site, region: TestRegion) -> None:
    url, before = site.url(), haproxies(region)
    assert before
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    after = eventually(
        lambda: (found := haproxies(region)) and not found & before and found, "HAProxy"
    )
    assert after
    assert site.url() == url

    def answers() -> dict[str, Any] | None:
        try:
            return site.get()
        except (HTTPError, OSError):
            return None

    assert (eventually(answers, "the site answers") or {})["name"] == "web"
    site.wait_healthy(2)


def test_listeners_and_rules_come_under_load_unnoticed(site: Site) -> None:
    elb = site.scenario.region.client("elbv2")
    with load(site.url()) as seen:
        eventually(lambda: seen.total > 50, "requests are answered")
        listener = site.add_listener(8200)
        rule = elb.create_rule(
            ListenerArn=site.listener,
            Priority=5,
            Conditions=[{"Field": "path-pattern", "Values": ["/fixed*"]}],
            Actions=[
                {
                    "Type": "fixed-response",
                    "FixedResponseConfig": {
                        "StatusCode": "418",
                        "ContentType": "text/plain",
                        "MessageBody": "short and stout",
                    },
                }
            ],
        )["Rules"][0]["RuleArn"]

        def teapot() -> bool:
            try:
                site.get("/fixed/here")
            except HTTPError as error:
                with error:
                    return error.code == 418 and error.read() == b"short and stout"
            return False

        eventually(teapot, "the rule holds")
        assert site.get(port=8200)["name"] == "web"
        elb.delete_rule(RuleArn=rule)
        elb.delete_listener(ListenerArn=listener)
        eventually(lambda: not teapot(), "the rule is gone")
        total = seen.total
        eventually(lambda: seen.total > total + 50, "requests are still answered")
    assert seen.errors == []
    assert set(seen.answers) == {200}


def test_a_deleted_load_balancer_leaves_nothing(place: Scenario, region: TestRegion) -> None:
    before = haproxies(region)
    site = Site.build(place)
    port = port_of(site.url())
    assert len(site.interfaces()) == 2
    new = eventually(lambda: haproxies(region) - before, "an HAProxy of its own")
    interfaces = site.interfaces()
    site.delete()
    eventually(lambda: not haproxies(region) & new, "the HAProxy is gone")
    assert_refused(port)
    ec2 = region.client("ec2")
    left = {
        one["NetworkInterfaceId"] for one in ec2.describe_network_interfaces()["NetworkInterfaces"]
    }
    assert not left & {one["NetworkInterfaceId"] for one in interfaces}
    assert site.balancer not in [entry["arn"] for entry in region.inspect()["urls"]]
    assert not list(
        (region.workspace.region / "balancers").glob(f"{site.balancer.rsplit('/')[-1]}/*")
    )


def test_what_cannot_be_served_is_a_problem_until_it_is_gone(
    place: Scenario, region: TestRegion
) -> None:
    site = Site.build(place)
    site.url()
    rewrite = {"Regex": "^/it's", "Replace": "/"}
    region.client("elbv2").create_rule(
        ListenerArn=site.listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/in"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": site.group}],
        Transforms=[{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [rewrite]}}],
    )

    def problems() -> list[str]:
        return [
            one["error"] for one in region.inspect()["problems"] if one["resource"] == site.balancer
        ]

    assert "it's" in eventually(problems, "a problem")[0]
    site.delete()
    eventually(lambda: problems() == [], "no problem any more")


def test_what_others_register_is_not_the_services(site: Site, region: TestRegion) -> None:
    """A blue-green deployment's second group, for one, with the targets of the first."""
    elb = region.client("elbv2")
    other = Site.new_group(site.scenario)
    mine = [{"Id": address, "Port": 3000} for address in site.health()]
    elb.register_targets(TargetGroupArn=other, Targets=mine)
    rule = elb.create_rule(
        ListenerArn=site.listener,
        Priority=77,
        Conditions=[{"Field": "path-pattern", "Values": ["/other"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": other}],
    )["Rules"][0]["RuleArn"]

    def all_healthy() -> bool:
        return [one["State"] for one in site.health(other).values()] == ["healthy", "healthy"]

    eventually(all_healthy, "both are healthy in the other group too")
    assert site.get("/other")["path"] == "/other"
    elb.delete_rule(RuleArn=rule)
    elb.delete_target_group(TargetGroupArn=other)
