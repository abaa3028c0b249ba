"""Attributes of load balancers, listeners and target groups, told to the API, seen in requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually
from tests.support.web import Site

pytestmark = pytest.mark.region


@pytest.fixture(scope="module")
def site(region: TestRegion) -> Iterator[Site]:
    """A load balancer with two healthy tasks."""
    place = Scenario.build(region, "attributes", "10.62.0.0/16")
    site = Site.build(place)
    service = Service(place, site.service("web", place.define("web:1", ["web"]), 2))
    service.wait_running(2)
    site.wait_healthy(2)
    yield site
    service.delete()
    site.delete()


def ask(site: Site, path: str = "/", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(site.url() + path, headers=named)


def pairs(**attributes: str) -> list[dict[str, str]]:
    return [{"Key": key.replace("__", "."), "Value": value} for key, value in attributes.items()]


def elb(site: Site) -> Any:
    return site.scenario.region.client("elbv2")


def test_a_load_balancers_attributes_change_requests(site: Site) -> None:
    def seen() -> dict[str, str]:
        found: dict[str, str] = ask(site, X_Forwarded_For="192.0.2.7").json()["headers"]
        return found

    assert seen()["x-forwarded-for"] == "192.0.2.7, 203.0.113.10"
    change = elb(site).modify_load_balancer_attributes
    change(
        LoadBalancerArn=site.balancer,
        Attributes=pairs(routing__http__xff_header_processing__mode="preserve"),
    )
    eventually(lambda: seen()["x-forwarded-for"] == "192.0.2.7", "the header is kept as it is")
    change(
        LoadBalancerArn=site.balancer,
        Attributes=pairs(routing__http__xff_header_processing__mode="remove"),
    )
    eventually(lambda: "x-forwarded-for" not in seen(), "the header is removed")
    change(
        LoadBalancerArn=site.balancer,
        Attributes=pairs(routing__http__xff_header_processing__mode="append"),
    )
    eventually(lambda: seen().get("x-forwarded-for", "").endswith("10"), "it is appended to again")


def test_a_listeners_attributes_change_responses(site: Site) -> None:
    wanted = "max-age=31536000"
    key = "routing.http.response.strict_transport_security.header_value"
    attributes = [
        {"Key": key, "Value": wanted},
        {"Key": "routing.http.response.server.enabled", "Value": "false"},
    ]
    assert "server" in ask(site).headers
    elb(site).modify_listener_attributes(ListenerArn=site.listener, Attributes=attributes)
    eventually(
        lambda: ask(site).headers.get("strict-transport-security") == wanted, "the header is set"
    )
    assert "server" not in ask(site).headers
    back = [{"Key": key, "Value": ""}, {"Key": attributes[1]["Key"], "Value": "true"}]
    elb(site).modify_listener_attributes(ListenerArn=site.listener, Attributes=back)
    eventually(lambda: "server" in ask(site).headers, "it is as before")
    assert "strict-transport-security" not in ask(site).headers


def test_a_sticky_target_group_keeps_a_client_with_its_target(site: Site) -> None:
    change = elb(site).modify_target_group_attributes
    change(
        TargetGroupArn=site.group,
        Attributes=pairs(stickiness__enabled="true", stickiness__type="lb_cookie"),
    )
    eventually(lambda: "AWSALB" in ask(site).cookies, "the cookie is set")
    with httpx.Client() as client:
        assert len({client.get(site.url()).json()["address"] for _ in range(8)}) == 1
    assert len({ask(site).json()["address"] for _ in range(8)}) == 2
    change(TargetGroupArn=site.group, Attributes=pairs(stickiness__enabled="false"))
    eventually(lambda: "AWSALB" not in ask(site).cookies, "the cookie is gone")


def test_a_rules_transform_rewrites_the_path(site: Site) -> None:
    rewrite = {"Regex": "^/old/(.*)$", "Replace": "/new/$1"}
    rule = elb(site).create_rule(
        ListenerArn=site.listener,
        Priority=5,
        Conditions=[{"Field": "path-pattern", "Values": ["/old/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": site.group}],
        Transforms=[{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [rewrite]}}],
    )["Rules"][0]["RuleArn"]
    eventually(lambda: ask(site, "/old/x?y=1").json()["path"] == "/new/x?y=1", "it is rewritten")
    assert ask(site, "/older").json()["path"] == "/older"
    elb(site).delete_rule(RuleArn=rule)
