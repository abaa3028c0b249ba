"""AWS's evaluation logic for one action on one resource. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
An explicit deny anywhere decides. A policy of the caller, or of the resource, allows; a permissions
boundary and a session's own policy restrict what the former allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from drydock.region.iam import conditions
from drydock.region.iam.matching import (
    Context,
    Resource,
    UnresolvedError,
    covers,
    filled,
    fits,
    touches,
)
from drydock.region.iam.policy import Policy, Statement

Says = Literal["allow", "deny", "nothing"]


class Grant(Enum):
    """The role of a policy on the resource, relative to the caller's own."""

    EITHER = "a resource-based policy"
    """S3, secrets: it may allow what the caller's own policies do not."""
    KEY = "a resource-based policy of a KMS key"
    """It must allow the caller, or delegate that to the account's policies."""
    TRUST = "the role trust policy"
    """As for a key, of a role; it names no resource."""


@dataclass(frozen=True)
class Caller:
    """The caller of a request, with the policies that apply."""

    arn: str
    """As a denial shows it: of a user, or of a role's session."""
    account: str
    names: frozenset[str]
    """The ARNs by which a resource's policy may name the caller: a session's, and its role's."""
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    """Session policies of AssumeRole; None: there are none."""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The condition keys of the caller."""
    all_powerful: bool = False
    """Whether it is the account's root, which is always allowed."""
    kind: str = "AWS"
    """AWS, Service or Federated; only trust policies name the last two."""

    @property
    def anonymous(self) -> bool:
        return not self.names


@dataclass(frozen=True)
class Check:
    """One action that must be allowed on one resource."""

    action: str
    resource: Resource
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Condition keys, in small letters, that only this action or resource has."""
    policy: Policy | None = None
    """Of the resource."""
    grant: Grant = Grant.EITHER


def refusal(caller: Caller, check: Check, context: Context) -> str:
    """Return why a check is denied, as the end of AWS's sentence; empty if it is allowed.

    `context`: the condition keys that every request has.
    """
    if caller.all_powerful:
        return ""
    known = {**context, **caller.context, **check.context}
    if denied := _explicit(caller, check, known):
        return denied
    direct, delegated = _of_resource(caller, check, known)
    if check.grant is not Grant.EITHER and direct == "no" and not delegated:
        kind = "role trust policy" if check.grant is Grant.TRUST else "resource-based policy"
        return f"because no {kind} allows the {check.action} action"
    if direct == "itself" or (direct != "no" and caller.anonymous):
        return ""
    return _own(caller, check, known, granted=direct == "its role")


def sentence(caller: Caller, check: Check, reason: str) -> str:
    """Return AWS's sentence for a denial."""
    where = check.resource.arn if check.resource.known else "*"
    where = f'"{where}"' if check.action.startswith("s3:") else where
    who = f"User: {caller.arn}" if not caller.anonymous else "User: anonymous"
    return f"{who} is not authorized to perform: {check.action} on resource: {where} {reason}"


def _explicit(caller: Caller, check: Check, context: Context) -> str:
    layers: list[tuple[str, Iterable[Policy]]] = [
        ("an identity-based policy", caller.identity),
        ("a permissions boundary", [caller.boundary] if caller.boundary else []),
        ("a session policy", caller.session or ()),
    ]
    for name, policies in layers:
        if _say(policies, check, context) == "deny":
            return f"with an explicit deny in {name}"
    for statement in check.policy.statements if check.policy else ():
        about = statement.effect == "Deny" and _names(statement, caller) != "no"
        if about and _applies(statement, check, context):
            place = "the role trust policy" if check.grant is Grant.TRUST else Grant.EITHER.value
            return f"with an explicit deny in {place}"
    return ""


def _own(caller: Caller, check: Check, context: Context, *, granted: bool) -> str:
    """Return what the caller's own policies lack; `granted`: the resource's policy names the role."""
    action = check.action
    if not granted and _say(caller.identity, check, context) != "allow":
        return f"because no identity-based policy allows the {action} action"
    if caller.boundary is not None and _say([caller.boundary], check, context) != "allow":
        return f"because no permissions boundary allows the {action} action"
    if caller.session is not None and _say(caller.session, check, context) != "allow":
        return f"because no session policy allows the {action} action"
    return ""


Named = Literal["itself", "its role", "its account", "no"]
_DIRECT: tuple[Named, ...] = ("itself", "its role")
_ACCOUNT: Named = "its account"


def _of_resource(caller: Caller, check: Check, context: Context) -> tuple[Named, bool]:
    """Return how the resource's policy allows a check, and whether it delegates to the account."""
    found: set[Named] = {
        _names(statement, caller)
        for statement in (check.policy.statements if check.policy else ())
        if statement.effect == "Allow" and _applies(statement, check, context)
    }
    how: Named = next((one for one in _DIRECT if one in found), "no")
    return how, "its account" in found


def _names(statement: Statement, caller: Caller) -> Named:
    """Return by which name, if any, a statement of a resource's policy names the caller."""
    if statement.principals is None:
        return "no"
    found = {_name(kind, value, caller) for kind, value in statement.principals} - {"no"}
    if statement.negated_principals:
        return "no" if found - {"its account"} else "its role"
    return next((one for one in (*_DIRECT, _ACCOUNT) if one in found), "no")


def _name(kind: str, value: str, caller: Caller) -> Named:
    if kind != caller.kind:
        return "no"
    if value == "*":
        return "its role"  # as if named by role: a boundary still takes away from it
    if value == caller.arn:
        return "itself"
    if value in caller.names:
        return "its role"
    roots = {caller.account, f"arn:aws:iam::{caller.account}:root"}
    return "its account" if value in roots and not caller.anonymous else "no"


def _say(policies: Iterable[Policy], check: Check, context: Context) -> Says:
    """Return the combined result of policies without principals."""
    said: Says = "nothing"
    for policy in policies:
        for statement in policy.statements:
            if _applies(statement, check, context):
                if statement.effect == "Deny":
                    return "deny"
                said = "allow"
    return said


def _applies(statement: Statement, check: Check, context: Context) -> bool:
    """Return whether action, resource and conditions match the request; principals are ignored."""
    named = any(fits(one, check.action, ignore_case=True) for one in statement.actions)
    if named is statement.negated_actions:
        return False
    of_a_role = statement.principals is not None and not statement.resources
    if not of_a_role and not _about(statement, check.resource, context):
        return False
    return conditions.met(statement.conditions, context, variables=statement.variables)


def _about(statement: Statement, resource: Resource, context: Context) -> bool:
    """Return whether the resource matches.

    For an unspecified resource, an Allow matches if it may apply, a Deny only if it must.
    """
    patterns = []
    for pattern in statement.resources:
        try:
            patterns.append(filled(pattern, context) if statement.variables else pattern)
        except UnresolvedError:
            if statement.negated_resources:
                return False
    allows = statement.effect == "Allow"
    if statement.negated_resources:
        return not (covers if allows else touches)(patterns, resource)
    return (touches if allows else covers)(patterns, resource)
