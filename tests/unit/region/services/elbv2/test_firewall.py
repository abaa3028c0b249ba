"""A web ACL in the balancer's words."""

from __future__ import annotations

import base64
from typing import Any

from drydock.region.dataplane.balancer.firewall.spec import (
    AddressSet,
    AllOf,
    Allow,
    Block,
    Count,
    Forwarded,
    From,
    Labelled,
    Not,
    Part,
    Rate,
    Text,
)
from drydock.region.services.elbv2.controller.firewall import firewall
from drydock.region.services.wafv2 import Item, Kind

LOWER = [{"Priority": 1, "Type": "LOWERCASE"}, {"Priority": 0, "Type": "URL_DECODE"}]


def item(kind: Kind, name: str, **settings: Any) -> Item:
    return Item(kind, name, name, f"arn/{name}", "REGIONAL", "123456789012", settings)


def acl(*rules: dict[str, Any], **more: Any) -> Item:
    return item(Kind.WEB_ACL, "acl", Rules=list(rules), DefaultAction={"Allow": {}}, **more)


def rule(name: str, priority: int, statement: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Name": name, "Priority": priority, "Statement": statement, **more}


def text(value: str) -> dict[str, Any]:
    return {
        "ByteMatchStatement": {
            "SearchString": base64.b64encode(value.encode()).decode(),
            "FieldToMatch": {"UriPath": {}},
            "TextTransformations": LOWER,
            "PositionalConstraint": "EXACTLY",
        }
    }


def found(value: str) -> Text:
    return Text(Part("path"), value.encode(), "EXACTLY", ("URL_DECODE", "LOWERCASE"))


def by_arn(*items: Item) -> dict[str, Item]:
    return {one.arn: one for one in items}


def test_rules_stand_by_priority_with_what_they_do() -> None:
    response = {
        "ResponseCode": 418,
        "CustomResponseBodyKey": "tea",
        "ResponseHeaders": [{"Name": "x-why", "Value": "tea"}],
    }
    handling = {"CustomRequestHandling": {"InsertHeaders": [{"Name": "n", "Value": "v"}]}}
    bodies = {"tea": {"ContentType": "TEXT_HTML", "Content": "<p>"}}
    one = acl(
        rule("last", 9, text("c"), Action={"Block": {"CustomResponse": response}}),
        rule("first", 1, text("a"), Action={"Allow": handling}),
        rule("second", 2, text("b"), Action={"Block": {}}, RuleLabels=[{"Name": "ns:b"}]),
        CustomResponseBodies=bodies,
    )
    made = firewall(one, {}, lambda seconds: seconds)
    assert [each.name for each in made.rules] == ["first", "second", "last"]
    assert [each.action for each in made.rules] == [
        Allow((("x-amzn-waf-n", "v"),)),
        Block(),
        Block(418, (("x-why", "tea"),), "text/html", "<p>"),
    ]
    assert made.rules[1].labels == ("awswaf:123456789012:webacl:acl:ns:b",)
    assert made.rules[1].statement == found("b")
    assert made.default == Allow()


def test_addresses_are_apart_and_windows_in_region_time() -> None:
    addresses = item(Kind.IP_SET, "them", Addresses=["192.0.2.0/24"])
    config = {"HeaderName": "x-real", "FallbackBehavior": "MATCH"}
    there = {"IPSetReferenceStatement": {"ARN": addresses.arn}}
    rate = {
        "Limit": 100,
        "AggregateKeyType": "FORWARDED_IP",
        "ForwardedIPConfig": config,
        "ScopeDownStatement": {"NotStatement": {"Statement": there}},
    }
    one = acl(rule("rate", 1, {"RateBasedStatement": rate}, Action={"Block": {}}))
    made = firewall(one, by_arn(addresses), lambda seconds: seconds / 10)
    only = Not(From(addresses.arn))
    expected = Rate("rate", 100, 30.0, forwarded=Forwarded("x-real", True), only=only)
    assert made.rules[0].statement == expected
    assert made.address_sets == (AddressSet(addresses.arn, ("192.0.2.0/24",)),)


def test_a_rule_groups_rules_take_its_place_and_managed_ones_none() -> None:
    group = item(
        Kind.RULE_GROUP,
        "group",
        Rules=[
            rule("two", 2, text("2"), Action={"Block": {}}),
            rule("one", 1, text("1"), Action={"Block": {}}, RuleLabels=[{"Name": "seen"}]),
        ],
    )
    reference: dict[str, Any] = {
        "ARN": group.arn,
        "RuleActionOverrides": [{"Name": "two", "ActionToUse": {"Allow": {}}}],
    }
    seen = "awswaf:123456789012:rulegroup:group:seen"
    managed = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "X"}}
    labelled = [{"LabelMatchStatement": {"Scope": "LABEL", "Key": key}} for key in (seen, "seen")]
    spaced = {"LabelMatchStatement": {"Scope": "NAMESPACE", "Key": seen.removesuffix("seen")}}

    def rules(override: dict[str, Any]) -> Any:
        one = acl(
            rule("g", 5, {"RuleGroupReferenceStatement": reference}, OverrideAction=override),
            rule("m", 4, managed, OverrideAction={"None": {}}),
            rule(
                "l", 6, {"AndStatement": {"Statements": [*labelled, spaced]}}, Action={"Block": {}}
            ),
        )
        return firewall(one, by_arn(group), lambda seconds: seconds).rules

    one, two, last = rules({"None": {}})
    assert (one.name, one.action, one.labels) == ("g/one", Block(), (seen,))
    assert (two.name, two.action) == ("g/two", Allow())
    # the short name is looked for among the web ACL's own labels alone
    assert last.statement == AllOf((Labelled((seen,)), Labelled(()), Labelled((seen,))))
    assert [each.action for each in rules({"Count": {}})[:2]] == [Count(), Count()]
