"""Web ACLs judge real requests: addresses, rates, counts, changes; what is said of what they cannot."""

from __future__ import annotations

import itertools
import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError

import pytest
from botocore.exceptions import ClientError

from tests.support.commands import Drydock
from tests.support.region import TestRegion, is_alive, start
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually
from tests.support.web import Site, load

pytestmark = pytest.mark.region

REGIONAL = {"Scope": "REGIONAL"}
CLIENT = "203.0.113.10/32"
BLOCK: dict[str, Any] = {"Action": {"Block": {}}}
_numbers = itertools.count(1)


def visible(name: str) -> dict[str, Any]:
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}


def rule(name: str, statement: dict[str, Any], action: dict[str, Any]) -> dict[str, Any]:
    wanted = {"Name": name, "Priority": next(_numbers), "Statement": statement, **action}
    return {**wanted, "VisibilityConfig": visible(name)}


def path_starts(text: str) -> dict[str, Any]:
    return {
        "ByteMatchStatement": {
            "SearchString": text.encode(),
            "FieldToMatch": {"UriPath": {}},
            "TextTransformations": [{"Priority": 0, "Type": "LOWERCASE"}],
            "PositionalConstraint": "STARTS_WITH",
        }
    }


@dataclass
class Waf:
    """WAF's client, and what it has made."""

    client: Any
    site: Site
    made: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def create(self, kind: str, **wanted: Any) -> dict[str, str]:
        name = f"waf-{next(_numbers)}"
        operation = getattr(self.client, f"create_{kind}")
        summary: dict[str, str] = operation(Name=name, **wanted, **REGIONAL)["Summary"]
        self.made.append((kind, summary))
        return summary

    def acl(self, *rules: dict[str, Any], **more: Any) -> dict[str, str]:
        """A web ACL, associated with the load balancer."""
        wanted = {"DefaultAction": {"Allow": {}}, **more}
        made = self.create("web_acl", Rules=list(rules), VisibilityConfig=visible("acl"), **wanted)
        self.client.associate_web_acl(WebACLArn=made["ARN"], ResourceArn=self.site.balancer)
        return made

    def update(self, kind: str, summary: dict[str, str], **wanted: Any) -> None:
        named = {"Name": summary["Name"], "Id": summary["Id"], **REGIONAL}
        token = getattr(self.client, f"get_{kind}")(**named)["LockToken"]
        getattr(self.client, f"update_{kind}")(**named, LockToken=token, **wanted)

    def status(self, path: str = "/") -> int:
        try:
            with urllib.request.urlopen(self.site.url() + path, timeout=10) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    def wait(self, status: int, path: str = "/") -> None:
        eventually(lambda: self.status(path) == status, f"{path} answers {status}")

    def clean(self) -> None:
        self.client.disassociate_web_acl(ResourceArn=self.site.balancer)
        for kind, summary in reversed(self.made):
            named = {"Name": summary["Name"], "Id": summary["Id"], **REGIONAL}
            token = getattr(self.client, f"get_{kind}")(**named)["LockToken"]
            getattr(self.client, f"delete_{kind}")(**named, LockToken=token)


@pytest.fixture(scope="module")
def site(region: TestRegion) -> Iterator[Site]:
    place = Scenario.build(region, "walled", "10.84.0.0/16")
    site = Site.build(place)
    service = Service(place, site.service("web", place.define("web:1", ["web"]), 1))
    service.wait_running(1)
    site.wait_healthy(1)
    yield site
    service.delete()
    site.delete()


@pytest.fixture
def waf(site: Site) -> Iterator[Waf]:
    waf = Waf(site.scenario.region.client("wafv2"), site)
    yield waf
    waf.clean()
    waf.wait(200)


def test_an_address_is_blocked_until_it_leaves_the_set_or_the_web_acl_goes(waf: Waf) -> None:
    addresses = waf.create("ip_set", IPAddressVersion="IPV4", Addresses=[CLIENT])
    waf.acl(rule("them", {"IPSetReferenceStatement": {"ARN": addresses["ARN"]}}, BLOCK))
    waf.wait(403)
    waf.update("ip_set", addresses, Addresses=["198.51.100.0/24"])
    waf.wait(200)
    waf.update("ip_set", addresses, Addresses=["203.0.113.0/24"])
    waf.wait(403)
    waf.client.disassociate_web_acl(ResourceArn=waf.site.balancer)
    waf.wait(200)


def test_a_rate_limits_and_recovers(waf: Waf) -> None:
    # a window of a minute lasts two seconds of this region
    rate = {"Limit": 10, "EvaluationWindowSec": 60, "AggregateKeyType": "IP"}
    scope = {"ScopeDownStatement": path_starts("/login")}
    waf.acl(rule("rate", {"RateBasedStatement": {**rate, **scope}}, BLOCK))
    eventually(lambda: waf.status("/login") == 403, "the eleventh is refused")
    assert waf.status("/other") == 200
    eventually(lambda: waf.status("/login") == 200, "it recovers", 30, every=2)


def test_counting_lets_pass_marks_and_labels(waf: Waf) -> None:
    handling = {"CustomRequestHandling": {"InsertHeaders": [{"Name": "seen", "Value": "yes"}]}}
    seen = rule("seen", path_starts("/a"), {"Action": {"Count": handling}})
    labelled = {"LabelMatchStatement": {"Scope": "LABEL", "Key": "ns:a"}}
    response = {"ResponseCode": 418, "CustomResponseBodyKey": "tea"}
    both = {"AndStatement": {"Statements": [labelled, path_starts("/admin")]}}
    waf.acl(
        {**seen, "RuleLabels": [{"Name": "ns:a"}]},
        rule("tea", both, {"Action": {"Block": {"CustomResponse": response}}}),
        CustomResponseBodies={"tea": {"ContentType": "APPLICATION_JSON", "Content": '{"tea": 1}'}},
    )
    waf.wait(418, "/ADMIN")
    with pytest.raises(HTTPError) as raised:
        waf.site.get("/admin/x")
    assert json.load(raised.value) == {"tea": 1}
    assert waf.site.get("/abc")["headers"]["x-amzn-waf-seen"] == "yes"
    assert "x-amzn-waf-seen" not in waf.site.get("/b")["headers"]


def test_rule_groups_patterns_and_a_change_under_load(waf: Waf) -> None:
    patterns = waf.create("regex_pattern_set", RegularExpressionList=[{"RegexString": "^/old/"}])
    look = {
        "FieldToMatch": {"UriPath": {}},
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
    }
    old = {"RegexPatternSetReferenceStatement": {"ARN": patterns["ARN"], **look}}
    group = waf.create(
        "rule_group",
        Capacity=100,
        VisibilityConfig=visible("group"),
        Rules=[rule("old", old, BLOCK), rule("admin", path_starts("/admin"), BLOCK)],
    )
    reference: dict[str, Any] = {"ARN": group["ARN"]}
    refers = rule("g", {"RuleGroupReferenceStatement": reference}, {"OverrideAction": {"None": {}}})
    acl = waf.acl(refers)
    waf.wait(403, "/old/x")
    assert waf.status("/admin") == 403
    with load(waf.site.url()) as seen:
        waf.update("regex_pattern_set", patterns, RegularExpressionList=[{"RegexString": "^/new/"}])
        waf.wait(403, "/new/x")
        assert waf.status("/old/x") == 200
        reference["RuleActionOverrides"] = [{"Name": "admin", "ActionToUse": {"Count": {}}}]
        changed = {"DefaultAction": {"Allow": {}}, "VisibilityConfig": visible("acl")}
        waf.update("web_acl", acl, Rules=[refers], **changed)
        waf.wait(200, "/admin")
    assert seen.errors == []
    assert set(seen.answers) == {200}
    assert waf.status("/new/x") == 403


def test_a_country_is_refused_with_the_rules_name(waf: Waf) -> None:
    with pytest.raises(ClientError, match=r"country of an address \(rule far: GeoMatchStatement\)"):
        waf.acl(rule("far", {"GeoMatchStatement": {"CountryCodes": ["AQ"]}}, BLOCK))


def test_managed_groups_judge_nothing_which_doctor_says(waf: Waf) -> None:
    managed = {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}
    entry = rule(
        "managed", {"ManagedRuleGroupStatement": managed}, {"OverrideAction": {"None": {}}}
    )
    acl = waf.acl(entry, rule("own", path_starts("/admin"), BLOCK))
    waf.wait(403, "/admin")
    command = Drydock(waf.site.scenario.region.workspace.root, {"PATH": os.environ["PATH"]})
    said = command("doctor").stdout.splitlines()
    line = next(one for one in said if f"web ACL {acl['Name']}" in one)
    assert line.startswith("without")
    assert line.endswith("judge nothing here: AWSManagedRulesCommonRuleSet")


def test_a_web_acl_judges_again_in_a_region_that_was_killed(own_region: TestRegion) -> None:
    site = Site.build(Scenario.build(own_region, "again", "10.85.0.0/16"))
    own_region.client("elbv2").modify_listener(
        ListenerArn=site.listener,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    )
    waf = Waf(own_region.client("wafv2"), site)
    addresses = waf.create("ip_set", IPAddressVersion="IPV4", Addresses=[CLIENT])
    acl = waf.acl(rule("them", {"IPSetReferenceStatement": {"ARN": addresses["ARN"]}}, BLOCK))
    waf.wait(403)
    eventually(lambda: not own_region.inspect()["unsaved"], "the state is saved")
    os.kill(own_region.record.daemon_pid, signal.SIGKILL)
    eventually(lambda: not is_alive(own_region.record.pid), "the region is gone")
    own_region.record = start(own_region.workspace)
    waf = Waf(own_region.client("wafv2"), site)
    waf.wait(403)
    kept = waf.client.get_web_acl_for_resource(ResourceArn=site.balancer)["WebACL"]
    assert kept["ARN"] == acl["ARN"]
    waf.update("ip_set", addresses, Addresses=[])
    waf.wait(200)
