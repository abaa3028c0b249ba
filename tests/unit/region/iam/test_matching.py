"""Patterns of actions, ARNs and variables; each with what they do not mean."""

from __future__ import annotations

import pytest

from drydock.region.iam.matching import (
    EVERYTHING,
    Resource,
    UnresolvedError,
    covers,
    filled,
    fits,
    fits_arn,
    touches,
)

SECRET = "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:app/db-AbCdEf"
SOME_OF_RDS = Resource("arn:aws:rds:ap-southeast-2:123456789012:", known=False)


@pytest.mark.parametrize(
    ("pattern", "action", "fitting"),
    [
        ("s3:GetObject", "s3:GetObject", True),
        ("S3:getobject", "s3:GetObject", True),
        ("s3:Get*", "s3:GetObjectTagging", True),
        ("s3:Get*", "s3:PutObject", False),
        ("s3:GetObject", "s3:GetObjectAcl", False),
        ("s3:?etObject", "s3:GetObject", True),
        ("*", "iam:PassRole", True),
        ("ecs:*", "ec2:DescribeVpcs", False),
    ],
)
def test_actions(pattern: str, action: str, fitting: bool) -> None:
    assert fits(pattern, action, ignore_case=True) is fitting


@pytest.mark.parametrize(
    ("pattern", "arn", "fitting"),
    [
        ("*", SECRET, True),
        (SECRET, SECRET, True),
        ("arn:aws:secretsmanager:*:*:secret:app/*", SECRET, True),
        ("arn:aws:secretsmanager:*:123456789012:secret:app/db-??????", SECRET, True),
        ("arn:aws:secretsmanager:*:123456789012:secret:app/db-?????", SECRET, False),
        ("arn:aws:secretsmanager:*:123456789012:secret:APP/*", SECRET, False),
        ("arn:aws:secretsmanager:us-east-1:*:secret:*", SECRET, False),
        ("arn:aws:secretsmanager:*:999999999999:secret:*", SECRET, False),
        ("arn:aws:secretsmanager", SECRET, True),  # fields that are left out are any
        ("arn:aws:s3:*:app/db-AbCdEf", SECRET, False),  # a wildcard stays within its field
        ("arn:*", SECRET, True),
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b:c", True),
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket", False),
        ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket/a", False),
        ("arn:aws:iam::*:role/app-*", "arn:aws:iam::123456789012:role/app-task", True),
        ("arn:aws:iam::*:role/app-*", "arn:aws:iam::123456789012:role/other", False),
        (SECRET, "*", False),
        ("*", "*", True),
    ],
)
def test_arns(pattern: str, arn: str, fitting: bool) -> None:
    assert fits_arn(pattern, arn) is fitting


@pytest.mark.parametrize(
    ("pattern", "may", "must"),
    [
        ("*", True, True),
        ("arn:aws:rds:*:*:*", True, True),
        ("arn:aws:rds:*:*:cluster:app", True, False),
        ("arn:aws:rds:ap-southeast-2:123456789012:db:*", True, False),
        ("arn:aws:rds:us-east-1:*:db:*", False, False),
        ("arn:aws:rds:*:999999999999:db:*", False, False),
        ("arn:aws:ecs:*:*:*", False, False),
    ],
)
def test_a_resource_that_is_not_known_is_any_of_its_service(
    pattern: str, may: bool, must: bool
) -> None:
    assert touches([pattern], SOME_OF_RDS) is may
    assert covers([pattern], SOME_OF_RDS) is must


def test_what_has_no_resource_is_covered_by_a_star_alone() -> None:
    assert covers(["*"], EVERYTHING)
    assert not touches(["arn:aws:ecs:*:*:*"], EVERYTHING)


def test_variables_stand_for_their_values_and_never_for_wildcards() -> None:
    context = {"aws:username": ("ann",), "aws:principaltag/team": ("*",), "many": ("a", "b")}
    home = filled("arn:aws:s3:::homes/${aws:UserName}/*", context)
    assert fits_arn(home, "arn:aws:s3:::homes/ann/x")
    assert not fits_arn(home, "arn:aws:s3:::homes/bob/x")
    team = filled("arn:aws:s3:::teams/${aws:PrincipalTag/team}/*", context)
    assert not fits_arn(team, "arn:aws:s3:::teams/red/x")
    assert fits_arn(team, "arn:aws:s3:::teams/*/x")
    assert fits_arn(filled("arn:aws:s3:::b/${*}", {}), "arn:aws:s3:::b/*")
    assert not fits_arn(filled("arn:aws:s3:::b/${*}", {}), "arn:aws:s3:::b/x")
    assert filled("a/${aws:PrincipalTag/none, 'all'}", {}) == "a/all"
    for missing in ("${aws:none}", "${many}"):
        with pytest.raises(UnresolvedError):
            filled(missing, context)
