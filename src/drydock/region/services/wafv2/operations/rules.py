"""Rules of web ACLs and rule groups: names, priorities, actions.

https://docs.aws.amazon.com/waf/latest/APIReference/API_Rule.html
"""

from __future__ import annotations

from typing import Any

from drydock.region.services.wafv2.operations.problems import InvalidParameterError, unserved
from drydock.region.services.wafv2.operations.statements import Checker, Exists

Json = dict[str, Any]

_GROUPS = frozenset({"RuleGroupReferenceStatement", "ManagedRuleGroupStatement"})
_REFUSED_ACTIONS = {"Captcha": "a CAPTCHA", "Challenge": "a silent challenge"}
_EXACTLY_ONE = "You have used none or multiple values for a field that requires exactly one value."


def check_rules(rules: list[Json], bodies: Json, exists: Exists, *, in_group: bool) -> None:
    """Raise WafError for the first rule that is invalid or unsupported by the region.

    `bodies` are the custom response bodies by key.
    """
    for member, field in (("Name", "RULE"), ("Priority", "RULE")):
        values = [rule[member] for rule in rules]
        if len(set(values)) < len(values):
            twice = next(str(one) for one in values if values.count(one) > 1)
            raise InvalidParameterError(f"Two rules have the same {member}.", field, twice)
    for rule in rules:
        _check(rule, bodies, exists, in_group=in_group)


def check_default(action: Json, bodies: Json) -> None:
    """Check a web ACL's default action. Raises WafError."""
    if len(action) != 1:
        raise InvalidParameterError(_EXACTLY_ONE, "DEFAULT_ACTION", "DefaultAction")
    _response(action, bodies, "DefaultAction")


def _check(rule: Json, bodies: Json, exists: Exists, *, in_group: bool) -> None:
    name = rule["Name"]
    kind = next(iter(rule["Statement"]), "")
    if in_group and kind in _GROUPS:
        raise InvalidParameterError("A rule group takes no other rule group.", "STATEMENT", name)
    wanted, other = (
        ("OverrideAction", "Action") if kind in _GROUPS else ("Action", "OverrideAction")
    )
    action = rule.get(wanted)
    if other in rule or not action or len(action) != 1:
        raise InvalidParameterError(f"{_EXACTLY_ONE} It is {wanted} here.", "RULE_ACTION", name)
    _served(action, name)
    _response(action, bodies, name)
    if kind == "RuleGroupReferenceStatement":
        for one in rule["Statement"][kind].get("RuleActionOverrides") or ():
            _served(one["ActionToUse"], name)
            _response(one["ActionToUse"], bodies, name)
    Checker(name, exists).check(rule["Statement"])


def _served(action: Json, rule: str) -> None:
    for kind, what in _REFUSED_ACTIONS.items():
        if kind in action:
            raise unserved(rule, kind, what, "RULE_ACTION")


def _response(action: Json, bodies: Json, where: str) -> None:
    key = ((action.get("Block") or {}).get("CustomResponse") or {}).get("CustomResponseBodyKey")
    if key is not None and key not in bodies:
        raise InvalidParameterError(
            "There is no such custom response body.", "CUSTOM_RESPONSE", where
        )
