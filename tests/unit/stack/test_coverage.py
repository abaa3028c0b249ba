"""What of a plan the local region keeps or refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drydock.errors import CheckFailed
from drydock.stack import coverage
from drydock.stack.plan import summarise


def plan(**resources: list[str]) -> dict[str, Any]:
    """Types and what is done to one resource of each."""
    return {
        "resource_changes": [
            {
                "address": f"{kind}.this",
                "type": kind,
                "mode": "managed",
                "change": {"actions": actions, "before": None, "after": {}},
            }
            for kind, actions in resources.items()
        ]
    }


MIXED = plan(
    aws_ecs_service=["create"],
    aws_sqs_queue=["create"],
    aws_backup_plan=["no-op"],
    aws_lambda_function=["create"],
    aws_cloudformation_stack=["update"],
    aws_eks_cluster=["delete"],
)


def test_what_is_made_is_kept_or_refused_by_its_type() -> None:
    assert [one.address for one in coverage.kept(MIXED)] == ["aws_sqs_queue.this"]
    assert [one.address for one in coverage.refused(MIXED)] == [
        "aws_lambda_function.this",
        "aws_cloudformation_stack.this",
    ]
    assert [one.address for one in summarise(MIXED).kept] == ["aws_sqs_queue.this"]


def test_the_refusal_names_every_resource_and_what_to_do() -> None:
    with pytest.raises(CheckFailed) as caught:
        coverage.check(MIXED, Path("infra"))
    error = caught.value
    assert error.exit_code == 3
    assert "refuses 2 of its resources" in error.cause
    for words in ("aws_lambda_function.this", "run the code as an ECS task", "CloudFormation"):
        assert words in error.cause
    assert "docs/reference/services.md" in error.remedy


def test_a_plan_that_only_runs_or_keeps_passes() -> None:
    coverage.check(plan(aws_ecs_service=["create"], aws_sqs_queue=["create"]), Path("infra"))
    coverage.check({}, Path("infra"))
