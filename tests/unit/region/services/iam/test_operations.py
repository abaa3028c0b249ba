"""AWS's own managed policies can be attached and read without loading all of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served

TRUST = '{"Version":"2012-10-17","Statement":[]}'
POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def test_a_policy_of_awss_is_there_when_it_is_needed(served: Served) -> None:
    iam = served.client("iam")
    iam.create_role(RoleName="execution", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="execution", PolicyArn=POLICY)
    attached = iam.list_attached_role_policies(RoleName="execution")["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [POLICY]
    document = iam.get_policy_version(PolicyArn=POLICY, VersionId="v1")["PolicyVersion"]["Document"]
    assert "logs:PutLogEvents" in document["Statement"][0]["Action"]


def test_one_that_aws_never_published_is_refused(served: Served) -> None:
    iam = served.client("iam")
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=TRUST)
    with pytest.raises(ClientError, match="does not exist"):
        iam.attach_role_policy(RoleName="other", PolicyArn="arn:aws:iam::aws:policy/NoSuchPolicy")
    with pytest.raises(ClientError, match="does not exist"):
        iam.attach_role_policy(
            RoleName="other", PolicyArn="arn:aws:iam::aws:policy/AmazonECSTaskExecutionRolePolicy"
        )


ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}
EMPTY = [
    ({**ALLOW, "Resource": []}, "Policy statement must contain resources."),
    ({"Effect": "Allow", "Action": "s3:GetObject"}, "Policy statement must contain resources."),
    ({**ALLOW, "Action": []}, "Policy statement must contain actions."),
    ({"Effect": "Allow", "Resource": "*"}, "Policy statement must contain actions."),
]


@pytest.mark.parametrize(("statement", "words"), EMPTY)
def test_a_policy_without_actions_or_resources_is_malformed(
    served: Served, statement: dict[str, Any], words: str
) -> None:
    """What `resources = []` becomes, written by hand or by aws_iam_policy_document."""
    iam = served.client("iam")
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=TRUST)
    iam.create_user(UserName="user")

    def document(one: dict[str, Any]) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [ALLOW, one]})

    fine = iam.create_policy(PolicyName="fine", PolicyDocument=document(ALLOW))["Policy"]["Arn"]
    bad = {"PolicyDocument": document(statement)}
    for call, given in (
        (iam.put_role_policy, {"RoleName": "role", "PolicyName": "bad"}),
        (iam.put_user_policy, {"UserName": "user", "PolicyName": "bad"}),
        (iam.create_policy, {"PolicyName": "bad"}),
        (iam.create_policy_version, {"PolicyArn": fine}),
    ):
        with pytest.raises(ClientError) as caught:
            call(**given, **bad)
        error = caught.value.response["Error"]
        assert (error["Code"], error["Message"]) == ("MalformedPolicyDocument", words)
    assert iam.list_role_policies(RoleName="role")["PolicyNames"] == []
    assert [one["PolicyName"] for one in iam.list_policies(Scope="Local")["Policies"]] == ["fine"]
