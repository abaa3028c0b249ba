"""Every condition operator, with what it refuses and what a missing key means."""

from __future__ import annotations

from typing import Any

import pytest

from drydock.region.iam.conditions import met
from drydock.region.iam.policy import parse

CONTEXT = {
    "aws:username": ("ann",),
    "s3:prefix": ("home/ann/x",),
    "n": ("10",),
    "when": ("2026-11-23T12:00:00+00:00",),
    "aws:sourceip": ("203.0.113.10",),
    "secure": ("true",),
    "aws:principalarn": ("arn:aws:iam::123456789012:role/deploy",),
    "aws:tagkeys": ("app", "owner"),
    "data": ("aGk=",),
}


def holds(operator: str, key: str, value: Any) -> bool:
    import json

    document = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Condition": {operator: {key: value}}},
    }
    return met(parse(json.dumps(document)).statements[0].conditions, CONTEXT)


@pytest.mark.parametrize(
    ("operator", "key", "yes", "no"),
    [
        ("StringEquals", "aws:username", "ann", "Ann"),
        ("StringEquals", "aws:UserName", ["bob", "ann"], ["bob"]),
        ("StringEquals", "aws:username", "${aws:username}", "a*"),
        ("StringNotEquals", "aws:username", ["bob", "eve"], ["bob", "ann"]),
        ("StringEqualsIgnoreCase", "aws:username", "ANN", "bob"),
        ("StringNotEqualsIgnoreCase", "aws:username", "bob", "ANN"),
        ("StringLike", "s3:prefix", "home/${aws:username}/*", "home/bob/*"),
        ("StringNotLike", "s3:prefix", "home/bob/*", "home/*"),
        ("NumericEquals", "n", "10.0", "11"),
        ("NumericNotEquals", "n", 11, 10),
        ("NumericLessThan", "n", 11, 10),
        ("NumericLessThanEquals", "n", 10, 9),
        ("NumericGreaterThan", "n", 9, 10),
        ("NumericGreaterThanEquals", "n", 10, "no number"),
        ("DateEquals", "when", "2026-11-23T12:00:00Z", "2026-11-23"),
        ("DateNotEquals", "when", "2026-11-23", "2026-11-23T12:00:00Z"),
        ("DateLessThan", "when", "2026-11-24", "2026-11-23T12:00:00Z"),
        ("DateLessThanEquals", "when", "2026-11-23T12:00:00Z", "2026-11-22"),
        ("DateGreaterThan", "when", "1763898000", "2026-11-24"),
        ("DateGreaterThanEquals", "when", "2026-11-23T12:00:00Z", "2027-01-01"),
        ("Bool", "secure", True, "false"),
        ("BinaryEquals", "data", "aGk=", "aG8="),
        ("IpAddress", "aws:SourceIp", ["198.51.100.0/24", "203.0.113.0/24"], "198.51.100.7"),
        ("NotIpAddress", "aws:SourceIp", "198.51.100.0/24", "203.0.113.10"),
        ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::*:role/dep*", "arn:aws:iam::*:user/*"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*", "arn:aws:iam::9*:role/*"),
        ("ArnNotEquals", "aws:PrincipalArn", "arn:aws:iam::*:user/*", "arn:aws:iam::*:role/*"),
        ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:user/*", "arn:aws:iam::*:role/d*"),
        ("Null", "aws:username", "false", "true"),
        ("Null", "missing", "true", "false"),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["app", "owner", "x"], ["app"]),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["owner"], ["x"]),
        ("ForAnyValue:StringLike", "aws:TagKeys", "own*", "x*"),
        ("ForAllValues:StringNotEquals", "aws:TagKeys", ["x"], ["owner"]),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["owner"], ["owner", "app"]),
        ("StringEqualsIfExists", "aws:username", "ann", "bob"),
    ],
)
def test_operators(operator: str, key: str, yes: Any, no: Any) -> None:
    assert holds(operator, key, yes)
    assert not holds(operator, key, no)


@pytest.mark.parametrize(
    ("operator", "holding"),
    [
        ("StringEquals", False),
        ("StringLike", False),
        ("Bool", False),
        ("ArnLike", False),
        ("IpAddress", False),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("StringNotEquals", True),
        ("ArnNotLike", True),
        ("NotIpAddress", True),
        ("ForAllValues:StringEquals", True),
        ("StringEqualsIfExists", True),
        ("BoolIfExists", True),
        ("ForAnyValue:StringEqualsIfExists", True),
        ("StringIsNice", False),
    ],
)
def test_a_key_that_the_request_does_not_have(operator: str, holding: bool) -> None:
    assert holds(operator, "aws:NoSuchKey", "203.0.113.10") is holding


def test_an_unknown_quantifier_holds_for_nobody() -> None:
    assert not holds("ForSomeValues:StringEquals", "aws:username", "ann")


def test_every_condition_of_a_statement_must_hold() -> None:
    both = (("StringEquals", "aws:username", ("ann",)), ("Bool", "secure", ("true",)))
    assert met(both, CONTEXT)
    assert not met((*both, ("Bool", "secure", ("false",))), CONTEXT)


def test_before_2012_there_were_no_variables() -> None:
    one = (("StringEquals", "aws:username", ("${aws:username}",)),)
    assert met(one, CONTEXT)
    assert not met(one, CONTEXT, variables=False)
