"""AWS's evaluation logic as tables: who, with which policies, may do what, and the words for why not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drydock.region.iam.evaluate import Caller, Check, Grant, refusal, sentence
from drydock.region.iam.matching import EVERYTHING, Resource
from drydock.region.iam.policy import Policy, parse

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/ci"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
THING = "arn:aws:s3:::bucket/a"
ACTION = "s3:GetObject"

NO_IDENTITY = f"because no identity-based policy allows the {ACTION} action"
NO_BOUNDARY = f"because no permissions boundary allows the {ACTION} action"
NO_SESSION = f"because no session policy allows the {ACTION} action"
NO_RESOURCE = f"because no resource-based policy allows the {ACTION} action"


def policy(effect: str = "Allow", **more: Any) -> Policy:
    """One statement about ACTION on anything, unless told otherwise."""
    statement: dict[str, Any] = {"Effect": effect}
    if "NotAction" not in more:
        statement["Action"] = ACTION
    if "NotResource" not in more:
        statement["Resource"] = "*"
    return parse(json.dumps({"Version": "2012-10-17", "Statement": [statement | more]}))


def trust(effect: str = "Allow", **more: Any) -> Policy:
    statement = {"Effect": effect, "Action": "sts:AssumeRole", **more}
    return parse(json.dumps({"Version": "2012-10-17", "Statement": statement}))


ALLOW, DENY, SILENT = policy(), policy("Deny"), policy(Action="s3:PutObject")


def user(*identity: Policy, **more: Any) -> Caller:
    return Caller(USER, ACCOUNT, frozenset({USER}), identity, **more)


def session(*identity: Policy, **more: Any) -> Caller:
    return Caller(SESSION, ACCOUNT, frozenset({SESSION, ROLE}), identity, **more)


NOBODY = Caller("anonymous", ACCOUNT, frozenset())


def check(resource_policy: Policy | None = None, grant: Grant = Grant.EITHER) -> Check:
    return Check(ACTION, Resource(THING), {}, resource_policy, grant)


@pytest.mark.parametrize(
    ("caller", "reason"),
    [
        (user(), NO_IDENTITY),
        (user(SILENT), NO_IDENTITY),
        (user(ALLOW), ""),
        (user(SILENT, ALLOW), ""),
        (user(ALLOW, DENY), "with an explicit deny in an identity-based policy"),
        (user(ALLOW, policy("Deny", Resource="arn:aws:s3:::other/*")), ""),
        (user(policy(Resource="arn:aws:s3:::bucket/*")), ""),
        (user(policy(Resource="arn:aws:s3:::other/*")), NO_IDENTITY),
        (user(policy(NotAction="s3:PutObject")), ""),
        (user(policy(NotAction=["s3:Get*"])), NO_IDENTITY),
        (user(policy(NotResource="arn:aws:s3:::other/*")), ""),
        (user(policy(NotResource="arn:aws:s3:::bucket/*")), NO_IDENTITY),
        (
            user(ALLOW, policy("Deny", NotResource="arn:aws:s3:::other/*")),
            "with an explicit deny in an identity-based policy",
        ),
        (user(ALLOW, policy("Deny", NotResource="arn:aws:s3:::bucket/*")), ""),
        (user(ALLOW, boundary=ALLOW), ""),
        (user(ALLOW, boundary=SILENT), NO_BOUNDARY),
        (user(ALLOW, boundary=DENY), "with an explicit deny in a permissions boundary"),
        (user(boundary=ALLOW), NO_IDENTITY),
        (session(ALLOW, session=None), ""),
        (session(ALLOW, session=(ALLOW,)), ""),
        (session(ALLOW, session=(SILENT,)), NO_SESSION),
        (session(ALLOW, session=()), NO_SESSION),
        (session(SILENT, session=(ALLOW,)), NO_IDENTITY),
        (session(ALLOW, session=(DENY,)), "with an explicit deny in a session policy"),
        (session(all_powerful=True), ""),
        (NOBODY, NO_IDENTITY),
    ],
)
def test_the_callers_own_policies(caller: Caller, reason: str) -> None:
    assert refusal(caller, check(), {}) == reason


def bucket(principal: Any, effect: str = "Allow", **more: Any) -> Policy:
    given = {"Principal": principal, "Resource": "arn:aws:s3:::bucket/*", **more}
    return policy(effect, **given)


@pytest.mark.parametrize(
    ("caller", "resource_policy", "reason"),
    [
        (user(), bucket({"AWS": USER}), ""),
        (user(), bucket({"AWS": f"{USER}2"}), NO_IDENTITY),
        (user(), bucket("*"), ""),
        (user(), bucket({"AWS": ["x", USER]}), ""),
        # the account's root means: whom the account's own policies allow
        (user(), bucket({"AWS": ROOT}), NO_IDENTITY),
        (user(ALLOW), bucket({"AWS": ROOT}), ""),
        (user(), bucket({"AWS": USER}, Resource="arn:aws:s3:::bucket/b"), NO_IDENTITY),
        (user(), bucket({"AWS": USER}, Action="s3:PutObject"), NO_IDENTITY),
        (user(ALLOW), bucket("*", "Deny"), "with an explicit deny in a resource-based policy"),
        (
            user(ALLOW),
            bucket({"AWS": ACCOUNT}, "Deny"),
            "with an explicit deny in a resource-based policy",
        ),
        (user(ALLOW), bucket({"AWS": ROLE}, "Deny"), ""),
        (session(), bucket({"AWS": ROLE}), ""),
        (session(), bucket({"AWS": SESSION}), ""),
        # named itself, nothing takes away; named by its role, a boundary does
        (session(boundary=SILENT), bucket({"AWS": SESSION}), ""),
        (session(boundary=SILENT), bucket({"AWS": ROLE}), NO_BOUNDARY),
        (session(session=(SILENT,)), bucket({"AWS": ROLE}), NO_SESSION),
        (
            user(boundary=DENY),
            bucket({"AWS": USER}),
            "with an explicit deny in a permissions boundary",
        ),
        (NOBODY, bucket("*"), ""),
        (NOBODY, bucket({"AWS": ROOT}), NO_IDENTITY),
        (user(), bucket({"Service": USER}), NO_IDENTITY),
    ],
)
def test_a_resources_policy_beside_the_callers(
    caller: Caller, resource_policy: Policy, reason: str
) -> None:
    assert refusal(caller, check(resource_policy), {}) == reason


def test_everybody_but() -> None:
    statement = {
        "Effect": "Deny",
        "NotPrincipal": {"AWS": [ROLE, ROOT]},
        "Action": "*",
        "Resource": "*",
    }
    only_deploy = parse(json.dumps({"Statement": statement}))
    assert refusal(session(ALLOW), check(only_deploy), {}) == ""
    assert "explicit deny" in refusal(user(ALLOW), check(only_deploy), {})


@pytest.mark.parametrize(
    ("caller", "key_policy", "reason"),
    [
        (user(ALLOW), policy(Principal={"AWS": ROOT}), ""),
        (user(), policy(Principal={"AWS": ROOT}), NO_IDENTITY),
        (user(), policy(Principal={"AWS": USER}), ""),
        (user(ALLOW), policy(Principal={"AWS": ROLE}), NO_RESOURCE),
        (user(ALLOW), Policy(()), NO_RESOURCE),
    ],
)
def test_a_key_must_let_the_caller_in(caller: Caller, key_policy: Policy, reason: str) -> None:
    assert refusal(caller, check(key_policy, Grant.KEY), {}) == reason


MAY_ASSUME = policy(Action="sts:AssumeRole", Resource=ROLE)
NO_TRUST = "because no role trust policy allows the sts:AssumeRole action"


@pytest.mark.parametrize(
    ("caller", "role_trust", "reason"),
    [
        (user(MAY_ASSUME), trust(Principal={"AWS": ROOT}), ""),
        (user(), trust(Principal={"AWS": ROOT}), "because no identity-based policy allows the sts:AssumeRole action"),
        (
            user(policy(Action="sts:AssumeRole", Resource=f"{ROLE}2")),
            trust(Principal={"AWS": ROOT}),
            "because no identity-based policy allows the sts:AssumeRole action",
        ),
        (user(), trust(Principal={"AWS": USER}), ""),
        (user(MAY_ASSUME), trust(Principal={"Service": "ecs-tasks.amazonaws.com"}), NO_TRUST),
        (user(MAY_ASSUME), Policy(()), NO_TRUST),
        (
            user(MAY_ASSUME),
            trust(Principal={"AWS": USER}, Condition={"StringEquals": {"sts:ExternalId": "x"}}),
            NO_TRUST,
        ),
        (
            user(MAY_ASSUME),
            trust("Deny", Principal="*"),
            "with an explicit deny in the role trust policy",
        ),
    ],
)  # fmt: skip
def test_a_role_must_trust_who_assumes_it(caller: Caller, role_trust: Policy, reason: str) -> None:
    asked = Check("sts:AssumeRole", Resource(ROLE), {}, role_trust, Grant.TRUST)
    assert refusal(caller, asked, {}) == reason


def test_a_service_and_a_provider_are_trusted_by_name() -> None:
    service = Caller("ecs-tasks.amazonaws.com", ACCOUNT, frozenset({"x"}), kind="Service")
    for name, allowed in (("ecs-tasks.amazonaws.com", True), ("ec2.amazonaws.com", False)):
        asked = Check(
            "sts:AssumeRole", Resource(ROLE), {}, trust(Principal={"Service": name}), Grant.TRUST
        )
        assert (refusal(service, asked, {}) == "") is allowed


def test_conditions_know_the_request_the_caller_and_the_action() -> None:
    wanted = {"StringEquals": {"aws:username": "ann", "s3:prefix": "a", "aws:RequestedRegion": "r"}}
    ann = user(policy(Condition=wanted), context={"aws:username": ("ann",)})
    asked = Check(ACTION, Resource(THING), {"s3:prefix": ("a",)})
    assert refusal(ann, asked, {"aws:requestedregion": ("r",)}) == ""
    assert refusal(ann, asked, {"aws:requestedregion": ("s",)}) == NO_IDENTITY
    assert refusal(ann, check(), {"aws:requestedregion": ("r",)}) == NO_IDENTITY


def test_a_variable_without_a_value_matches_nothing() -> None:
    mine = policy(Resource="arn:aws:s3:::bucket/${aws:PrincipalTag/team}")
    assert refusal(user(mine), check(), {}) == NO_IDENTITY
    assert refusal(user(mine), check(), {"aws:principaltag/team": ("a",)}) == ""
    denied = policy("Deny", NotResource="arn:aws:s3:::bucket/${aws:PrincipalTag/team}")
    assert refusal(user(ALLOW, denied), check(), {"aws:principaltag/team": ("a",)}) == ""


def test_actions_without_a_resource_want_a_star() -> None:
    asked = Check(ACTION, EVERYTHING)
    assert refusal(user(ALLOW), asked, {}) == ""
    assert refusal(user(policy(Resource=THING)), asked, {}) == NO_IDENTITY


def test_a_resource_that_is_not_known() -> None:
    asked = Check("rds:CreateDBCluster", Resource("arn:aws:rds:r:123456789012:", known=False))
    some = policy(Action="rds:*", Resource="arn:aws:rds:r:123456789012:cluster:app")
    assert refusal(user(some), asked, {}) == ""
    assert refusal(user(policy(Action="rds:*", Resource="arn:aws:ecs:*:*:*")), asked, {}) != ""
    deny_some = policy("Deny", Action="rds:*", Resource="arn:aws:rds:*:*:cluster:prod")
    assert refusal(user(some, deny_some), asked, {}) == ""
    assert refusal(user(some, policy("Deny", Action="rds:*")), asked, {}) != ""


def test_aws_sentence() -> None:
    asked = Check("ecs:RunTask", Resource("arn:aws:ecs:r:1:task-definition/app:1"))
    reason = refusal(user(), asked, {})
    assert sentence(user(), asked, reason) == (
        f"User: {USER} is not authorized to perform: ecs:RunTask on resource: "
        "arn:aws:ecs:r:1:task-definition/app:1 because no identity-based policy allows the "
        "ecs:RunTask action"
    )
    assert f'on resource: "{THING}" because' in sentence(user(), check(), NO_IDENTITY)


@pytest.mark.parametrize(
    "document",
    [
        "no",
        "[]",
        '{"Statement": {"Effect": "Perhaps"}}',
        '{"Statement": 1}',
        '{"Statement": ["x"]}',
        '{"Statement": {"Effect": "Allow", "Condition": {"StringEquals": 1}}}',
    ],
)
def test_what_is_no_policy(document: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(document)
