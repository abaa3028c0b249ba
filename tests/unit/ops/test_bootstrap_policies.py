"""The policies for deploying: what they hold, and that the stack's own code decides."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from drydock.cli.bootstrap import kinds_of
from drydock.errors import UsageError
from drydock.ops.bootstrap import policies, trust
from drydock.ops.bootstrap.bucket import default_name
from drydock.ops.bootstrap.policies import Scope
from drydock.ops.bootstrap.reads import READS
from drydock.ops.bootstrap.rights import RIGHTS

INFRA = Path(__file__).parents[3] / "infra"
SCOPE = Scope("123456789012", "eu-west-1", "shop", "shop-state")
OPEN_ENDED = {
    # Actions that change something and know no resources.
    "acm:RequestCertificate", "backup-storage:MountCapsule", "ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition",
    "ecr:GetAuthorizationToken", "kms:CreateKey", "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery", "logs:PutResourcePolicy",
    "states:ValidateStateMachineDefinition",
}  # fmt: skip


PASSED_TO = {"ecs-tasks", "backup", "vpc-flow-logs", "events", "states"}


def statements(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for document in documents for one in document["Statement"]]


def actions(documents: list[dict[str, Any]]) -> set[str]:
    return {action for one in statements(documents) for action in one["Action"]}


def looks(action: str) -> bool:
    name = action.partition(":")[2]
    return (
        name.startswith(("Describe", "Get", "List", "Filter"))
        and action != "ecr:GetAuthorizationToken"
    )


def test_every_kind_of_resource_of_the_stack_has_its_rights() -> None:
    assert policies.unknown(kinds_of(INFRA)) == ()
    assert policies.unknown({"aws_vpc", "aws_quantum_ledger"}) == ("aws_quantum_ledger",)


def test_a_stack_gets_the_rights_of_what_it_has_and_no_others() -> None:
    found = actions(policies.deploying(SCOPE, {"aws_vpc"}))
    assert {"ec2:CreateVpc", "ec2:DeleteVpc", "ec2:Describe*"} <= found
    assert not [one for one in found if one.startswith(("rds:", "iam:", "kms:"))]


def test_planning_may_only_look_and_lock() -> None:
    documents = policies.planning(SCOPE, kinds_of(INFRA))
    assert {one for one in actions(documents) if not looks(one)} == {
        "s3:PutObject",
        "s3:DeleteObject",
    }
    for one in statements(documents):
        if {"s3:PutObject", "s3:DeleteObject"} & set(one["Action"]):
            assert one["Resource"] == ["arn:aws:s3:::shop-state/terraform.tfstate.tflock"]


@pytest.mark.parametrize("kinds", [kinds_of(INFRA), set(RIGHTS)], ids=["infra", "everything"])
def test_actions_and_resources_are_named(kinds: set[str]) -> None:
    for one in statements(policies.deploying(SCOPE, kinds)):
        assert one["Effect"] == "Allow"
        assert all(
            "*" not in action or looks(action) or action == "kms:GenerateDataKey*"
            for action in one["Action"]
        )
        if "*" in one["Resource"]:
            assert {action for action in one["Action"] if not looks(action)} <= OPEN_ENDED


@pytest.mark.parametrize("kinds", [kinds_of(INFRA), set(RIGHTS)], ids=["infra", "everything"])
def test_documents_are_no_larger_and_no_more_than_iam_takes(kinds: set[str]) -> None:
    documents = policies.deploying(SCOPE, kinds)
    assert all(len(policies.text(one)) <= 6144 for one in documents)
    assert len(documents) < 10


def test_roles_are_only_the_stacks_own_and_passed_to_named_services() -> None:
    for one in statements(policies.deploying(SCOPE, kinds_of(INFRA))):
        iam = {action for action in one["Action"] if action.startswith("iam:")}
        if not iam:
            continue
        for resource in one["Resource"]:
            assert resource.startswith(
                (
                    "arn:aws:iam::123456789012:role/shop-",
                    "arn:aws:iam::123456789012:role/aws-service-role/",
                )
            )
        if "iam:PassRole" in iam:
            passed = one["Condition"]["StringEquals"]["iam:PassedToService"]
            assert passed.removesuffix(".amazonaws.com") in PASSED_TO
        if "iam:AttachRolePolicy" in iam:
            wanted = {"iam:PolicyARN": "arn:aws:iam::aws:policy/service-role/*"}
            assert one["Condition"] == {"ArnLike": wanted}


def test_the_bucket_of_the_state_is_out_of_reach() -> None:
    name = default_name(SCOPE.account, SCOPE.region, SCOPE.prefix)
    scope = replace(SCOPE, bucket=name)
    bucket = f"arn:aws:s3:::{name}"
    for one in statements(policies.deploying(scope, set(RIGHTS))):
        for action in one["Action"]:
            touched = [
                arn for arn in one["Resource"] if fnmatchcase(bucket, arn) or arn.startswith(bucket)
            ]
            if action.startswith("s3:") and touched:
                assert action in {
                    "s3:ListBucket",
                    "s3:GetObject",
                    "s3:PutObject",
                    "s3:DeleteObject",
                }
                assert action != "s3:DeleteObject" or touched == [
                    f"{bucket}/terraform.tfstate.tflock"
                ]


def test_arns_are_of_the_account_region_and_partition() -> None:
    chinese = Scope("210987654321", "cn-north-1", "shop", "b", partition="aws-cn")
    found = {
        resource
        for one in statements(policies.deploying(chinese, set(RIGHTS)))
        for resource in one["Resource"]
    } - {"*"}
    assert all(resource.startswith("arn:aws-cn:") for resource in found)
    assert not [resource for resource in found if "{" in resource]
    assert "arn:aws-cn:rds:cn-north-1:210987654321:cluster:shop*" in found
    assert "arn:aws-cn:iam::210987654321:role/shop-*" in found
    assert "arn:aws-cn:route53:::hostedzone/*" in found


def test_every_service_with_rights_can_be_read() -> None:
    services = {
        action.partition(":")[0]
        for held in RIGHTS.values()
        for one in held
        for action in one.actions
    }
    # A right of AWS Backup's own; nothing of it can be looked at.
    assert services - {"backup-storage"} <= set(READS)


def test_a_pull_request_may_plan_and_the_branch_alone_apply() -> None:
    assert trust.subjects("o/r", "master", pull_requests=False) == [
        "repo:o/r:ref:refs/heads/master"
    ]
    both = trust.subjects("o/r", "master", pull_requests=True)
    assert both[1:] == ["repo:o/r:pull_request"]
    condition = trust.document("arn:p", both)["Statement"][0]["Condition"]
    assert condition == {
        "StringEquals": {f"{trust.ISSUER}:aud": "sts.amazonaws.com", f"{trust.ISSUER}:sub": both}
    }


@pytest.mark.parametrize(
    ("repository", "branch"), [("o", "m"), ("o/*", "m"), ("o/r:x", "m"), ("o/r", "*")]
)
def test_names_that_would_let_in_others_are_refused(repository: str, branch: str) -> None:
    with pytest.raises(UsageError):
        trust.checked(repository, branch)


def test_a_folder_without_terraform_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no \*\.tf files"):
        kinds_of(tmp_path)
