"""AWS's own managed policies can be attached and read without loading all of them."""

from __future__ import annotations

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
