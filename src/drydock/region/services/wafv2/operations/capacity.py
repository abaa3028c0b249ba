"""Web ACL capacity units (WCU) of rules. Pure.

Base costs: the page of each statement under
https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements-list.html ; managed
groups: …/aws-managed-rule-groups-list.html. WAF counts each pair of part and text transformation
once per rule group or web ACL; it documents no other saving, so there is none here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
GroupCapacity = Callable[[str], int]
"""Rule group's ARN → its capacity."""

LARGEST = 5000
"""WCU of a web ACL or a rule group."""
_TRANSFORMATION = 10
_ALL_ARGUMENTS = 10
_BYTE_MATCH = {"EXACTLY": 2, "STARTS_WITH": 2, "ENDS_WITH": 2, "CONTAINS": 10, "CONTAINS_WORD": 10}
_BASE = {
    "RegexMatchStatement": 3,
    "RegexPatternSetReferenceStatement": 25,
    "SizeConstraintStatement": 1,
    "LabelMatchStatement": 1,
}
_MANAGED = {
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200,
    "AWSManagedRulesUnixRuleSet": 100,
    "AWSManagedRulesWindowsRuleSet": 200,
    "AWSManagedRulesPHPRuleSet": 100,
    "AWSManagedRulesWordPressRuleSet": 100,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
    "AWSManagedRulesBotControlRuleSet": 50,
    "AWSManagedRulesATPRuleSet": 50,
    "AWSManagedRulesACFPRuleSet": 50,
    "AWSManagedRulesAntiDDoSRuleSet": 50,
}


def of_rules(rules: list[Json], group_capacity: GroupCapacity) -> int:
    """Return the WCU of some rules together."""
    statements = [one for rule in rules for one in flat(rule["Statement"])]
    transformed = {pair for name, one in statements for pair in _transformations(one)}
    own = sum(_own(name, one, group_capacity) for name, one in statements)
    return own + _TRANSFORMATION * len(transformed)


def flat(statement: Json) -> Iterator[tuple[str, Json]]:
    """Yield a statement and all nested ones: name and content.

    A managed group's scope-down is left out.
    """
    for name, content in statement.items():
        yield name, content
        inner = [*content.get("Statements", ()), content.get("Statement")]
        if name == "RateBasedStatement":
            inner.append(content.get("ScopeDownStatement"))
        for one in inner:
            if one:
                yield from flat(one)


def _own(name: str, content: Json, group_capacity: GroupCapacity) -> int:
    extra = _ALL_ARGUMENTS if "AllQueryArguments" in content.get("FieldToMatch", {}) else 0
    if name == "ByteMatchStatement":
        return _BYTE_MATCH[content["PositionalConstraint"]] + extra
    if name in _BASE:
        return _BASE[name] + extra
    if name == "IPSetReferenceStatement":
        forwarded = content.get("IPSetForwardedIPConfig") or {}
        return 5 if forwarded.get("Position") == "ANY" else 1
    if name == "RateBasedStatement":
        return 2
    if name == "RuleGroupReferenceStatement":
        return group_capacity(content["ARN"])
    if name == "ManagedRuleGroupStatement":
        return _MANAGED.get(content["Name"], 0)
    return 0


def _transformations(content: Json) -> Iterator[tuple[str, str]]:
    for one in content.get("TextTransformations") or ():
        if one["Type"] != "NONE":
            yield json.dumps(content["FieldToMatch"], sort_keys=True), one["Type"]
