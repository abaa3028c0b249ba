"""Broken stacks, wrong plans, interruptions: a clear error or a clean continuation."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from drydock.aws.target import Target
from drydock.errors import PlanMissing, PlanTargetMismatch, TerraformFailed
from drydock.stack import Stack
from tests.stack.conftest import Rehearsal
from tests.stack.test_life import WITH_S3

pytestmark = pytest.mark.terraform
Rehearse = Callable[[str], Rehearsal]

# Runs for as long as Terraform does, 60 s at most, and tells when it has begun.
SLOW = """
terraform {
  backend "s3" {}
}
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "echo has-begun; i=0; while kill -0 $PPID && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done"
  }
}
"""
QUICK = 'terraform {\n  backend "s3" {}\n}\nresource "terraform_data" "slow" {}\n'


@pytest.fixture
def planned(rehearse: Rehearse) -> Rehearsal:
    made = rehearse(WITH_S3)
    made.stack.init()
    made.stack.plan()
    return made


def test_a_plan_is_applied_to_its_own_target_only(planned: Rehearsal) -> None:
    here = planned.stack.target
    before = list(planned.lines)
    for other in (
        Target("aws", here.region, here.account),
        Target.local(here.endpoint, region_id="r2"),
    ):
        with pytest.raises(PlanTargetMismatch):
            planned.pointed_at(other).apply()
    assert planned.lines == before, "Terraform was not even started"
    planned.stack.apply()


def test_a_plan_that_drydock_did_not_make_is_not_applied(planned: Rehearsal) -> None:
    planned.stack.command("plan", "-out=terraform.plan", "-destroy", "-input=false")
    with pytest.raises(PlanTargetMismatch, match="nobody knows its target"):
        planned.stack.apply()


def test_a_plan_is_applied_once(planned: Rehearsal) -> None:
    planned.stack.apply()
    with pytest.raises(PlanMissing, match="it has been applied"):
        planned.stack.apply()


def test_a_plan_that_the_stack_has_moved_on_from_is_used_up(planned: Rehearsal) -> None:
    outcome = planned.stack.command("apply", "-auto-approve", "-input=false", "-no-color")
    assert outcome.code == 0, outcome.text
    with pytest.raises(PlanMissing, match="was changed after it was planned"):
        planned.stack.apply()


def test_without_a_plan_there_is_nothing_to_apply(rehearse: Rehearse) -> None:
    with pytest.raises(PlanMissing, match="no saved plan"):
        rehearse(WITH_S3).stack.apply()


def test_a_broken_stack_fails_in_terraforms_own_words_and_leaves_no_plan(
    planned: Rehearsal,
) -> None:
    planned.write(WITH_S3 + 'resource "terraform_data" "y" {\n  input = local.nowhere\n}\n')
    with pytest.raises(TerraformFailed, match="could not plan") as caught:
        planned.stack.plan()
    assert "local.nowhere" in planned.said
    assert "drydock plan" in caught.value.remedy
    assert not planned.stack.plan_file.exists()
    with pytest.raises(PlanMissing):
        planned.stack.apply()


def test_an_apply_that_fails_is_told_and_can_be_mended(rehearse: Rehearse) -> None:
    failing = SLOW.replace("echo has-begun;", "echo broke-here >&2; exit 3;")
    made = rehearse(failing)
    made.stack.init()
    made.stack.plan()
    with pytest.raises(TerraformFailed, match="could not apply"):
        made.stack.apply()
    assert "broke-here" in made.said
    made.write(QUICK)
    assert made.stack.plan().replaced == ("terraform_data.slow",)
    made.stack.apply()


def test_a_stack_that_was_not_initialised_says_what_to_run(rehearse: Rehearse) -> None:
    made = rehearse(WITH_S3)
    with pytest.raises(TerraformFailed) as caught:
        made.stack.plan()
    assert caught.value.remedy == "run `drydock init` first"
    assert not made.stack.initialised


def test_ctrl_c_in_an_apply_releases_the_lock_and_the_next_goes_on(rehearse: Rehearse) -> None:
    made = rehearse(SLOW)
    made.stack.init()
    made.stack.plan()
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        if line.endswith("has-begun"):
            os.kill(os.getpid(), signal.SIGINT)

    stack = Stack(made.folder, made.stack.target, made.workspace, on_line=on_line)
    with pytest.raises(KeyboardInterrupt):
        stack.apply()
    assert any("Interrupt received" in line for line in lines)
    made.write(QUICK)
    assert not made.stack.plan().no_changes
    made.stack.apply()
    assert "lock" not in made.said.lower().replace(".terraform.lock.hcl", "")
