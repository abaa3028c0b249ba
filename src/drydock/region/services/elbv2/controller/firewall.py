"""Translate a web ACL, with its rule groups, into the balancer's rules. Pure.

https://docs.aws.amazon.com/waf/latest/APIReference/API_WebACL.html Managed rule groups are not
evaluated here; their rules are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from drydock.region.dataplane.balancer.firewall.spec import (
    Action,
    AddressSet,
    Allow,
    Block,
    Count,
    Firewall,
    Rule,
)
from drydock.region.services.elbv2.controller.statements import Scaled, Statements, sets_of
from drydock.region.services.wafv2 import Item

Json = Mapping[str, Any]

_PREFIX = "x-amzn-waf-"
_TYPES = {
    "TEXT_PLAIN": "text/plain",
    "TEXT_HTML": "text/html",
    "APPLICATION_JSON": "application/json",
}


def firewall(acl: Item, items: Mapping[str, Item], scaled: Scaled) -> Firewall:
    """Return a web ACL's rules for the balancer; `items` are WAF's resources by ARN.

    Windows of rates are in region time, as AWS's other waits are; their limits are not scaled.
    """
    owners = [acl, *(items[arn] for _, arn, _ in _groups(acl))]
    labels = tuple(
        label for owner in owners for rule in owner.rules for label in _labels(owner, rule)
    )
    rules = tuple(_rules(acl, items, Statements(items, labels, scaled)))
    default = _action(acl.settings["DefaultAction"], acl)
    sets = {arn: items[arn] for rule in rules for arn in sets_of(rule.statement)}
    return Firewall(
        rules,
        Allow() if isinstance(default, Count) else default,
        tuple(AddressSet(arn, tuple(one.settings["Addresses"])) for arn, one in sets.items()),
    )


def _rules(acl: Item, items: Mapping[str, Item], statements: Statements) -> Iterator[Rule]:
    groups = {name: (items[arn], entry) for name, arn, entry in _groups(acl)}
    for rule in sorted(acl.rules, key=_priority):
        if rule["Name"] in groups:
            group, entry = groups[rule["Name"]]
            yield from _group_rules(acl, group, entry, statements)
        elif "ManagedRuleGroupStatement" not in rule["Statement"]:
            yield _rule(rule["Name"], rule, acl, _action(rule["Action"], acl), statements)


def _group_rules(acl: Item, group: Item, entry: Json, statements: Statements) -> Iterator[Rule]:
    """Yield a rule group's rules, with the web ACL's overrides of their actions."""
    reference = entry["Statement"]["RuleGroupReferenceStatement"]
    actions = {one["Name"]: one["ActionToUse"] for one in reference.get("RuleActionOverrides", ())}
    actions |= {one["Name"]: {"Count": {}} for one in reference.get("ExcludedRules", ())}
    for rule in sorted(group.rules, key=_priority):
        name = f"{entry['Name']}/{rule['Name']}"
        if rule["Name"] in actions:
            action = _action(actions[rule["Name"]], acl)
        else:
            action = _action(rule["Action"], group)
        if "Count" in entry["OverrideAction"] and not isinstance(action, Count):
            action = Count()
        yield _rule(name, rule, group, action, statements)


def _rule(name: str, rule: Json, owner: Item, action: Action, statements: Statements) -> Rule:
    statement = statements.of(rule["Statement"], name, owner.namespace)
    return Rule(name, statement, action, tuple(_labels(owner, rule)))


def _groups(acl: Item) -> Iterator[tuple[str, str, Json]]:
    """Yield the rules that refer to a rule group: name, the group's ARN, the rule."""
    for rule in acl.rules:
        reference = rule["Statement"].get("RuleGroupReferenceStatement")
        if reference:
            yield rule["Name"], reference["ARN"], rule


def _labels(owner: Item, rule: Json) -> Iterator[str]:
    for one in rule.get("RuleLabels") or ():
        yield f"{owner.namespace}{one['Name']}"


def _priority(rule: Json) -> int:
    return int(rule["Priority"])


def _action(action: Json, owner: Item) -> Action:
    """Return an action. `owner` has the bodies of custom responses."""
    if "Block" in action:
        return _block((action["Block"] or {}).get("CustomResponse"), owner)
    kind, made = ("Allow", Allow) if "Allow" in action else ("Count", Count)
    handling = (action[kind] or {}).get("CustomRequestHandling") or {}
    return made(
        tuple(
            (f"{_PREFIX}{one['Name']}", str(one["Value"]))
            for one in handling.get("InsertHeaders", ())
        )
    )


def _block(response: Json | None, owner: Item) -> Block:
    if not response:
        return Block()
    headers = tuple((one["Name"], one["Value"]) for one in response.get("ResponseHeaders", ()))
    key = response.get("CustomResponseBodyKey")
    if key is None:
        return Block(int(response["ResponseCode"]), headers)
    body = owner.settings["CustomResponseBodies"][key]
    return Block(
        int(response["ResponseCode"]), headers, _TYPES[body["ContentType"]], body["Content"]
    )
