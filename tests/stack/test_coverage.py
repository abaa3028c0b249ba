"""A stack with resources that the local region refuses ends at its plan; what is only kept is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drydock.errors import CheckFailed
from tests.stack.conftest import Rehearsal

pytestmark = pytest.mark.terraform
Rehearse = Callable[[str], Rehearsal]

QUEUE = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}
"""
FUNCTION = """
resource "aws_lambda_function" "worker" {
  function_name = "worker"
  role          = "arn:aws:iam::123456789012:role/worker"
  runtime       = "python3.12"
  handler       = "main.handle"
  filename      = "main.tf"
}
"""


def test_what_is_refused_ends_the_plan_and_nothing_can_be_applied(
    rehearse: Rehearse, aws_provider: None
) -> None:
    made = rehearse(QUEUE + FUNCTION)
    made.stack.init()
    with pytest.raises(CheckFailed) as caught:
        made.stack.plan()
    assert caught.value.exit_code == 3
    assert "aws_lambda_function.worker" in caught.value.cause
    assert "run the code as an ECS task" in caught.value.cause
    assert "aws_sqs_queue" not in caught.value.cause
    assert not made.stack.plan_file.exists()


def test_what_is_only_kept_is_named_and_planned(rehearse: Rehearse, aws_provider: None) -> None:
    made = rehearse(QUEUE)
    made.stack.init()
    summary = made.stack.plan()
    assert summary.added == ("aws_sqs_queue.jobs",)
    assert [one.address for one in summary.kept] == ["aws_sqs_queue.jobs"]
    assert "queues pass messages on" in summary.kept[0].words
