"""A plan is applied only to the target that it was made for, and once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drydock.aws.target import Target
from drydock.errors import PlanMissing, PlanTargetMismatch
from drydock.stack.findings import Finding
from drydock.stack.plan_fingerprint import check_record, refuse, write_record

HERE = Target.local("http://127.0.0.1:4566", region_id="r1")


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "terraform.plan"
    path.write_bytes(b"plan")
    return path


@pytest.fixture
def record(tmp_path: Path, plan: Path) -> Path:
    path = tmp_path / "record.json"
    write_record(path, plan, HERE)
    return path


def test_what_was_found_in_the_plan_is_kept_with_it(record: Path, plan: Path) -> None:
    assert check_record(record, plan, HERE) == ()
    losses = (Finding("aws_lb.this", "service", "destroyed"),)
    write_record(record, plan, HERE, findings=losses)
    assert check_record(record, plan, HERE) == losses


def test_a_plan_in_which_nobody_looked_for_losses_is_used_up(record: Path, plan: Path) -> None:
    told = json.loads(record.read_text())
    del told["findings"]
    record.write_text(json.dumps(told))
    with pytest.raises(PlanMissing, match="another version of Drydock"):
        check_record(record, plan, HERE)


def test_a_refusal_names_each_resource_and_the_way_on(plan: Path) -> None:
    error = refuse(plan, [Finding("a.b", "data", "gone"), Finding("c.d", "service", "down")])
    assert error.exit_code == 3
    assert "a.b: gone" in str(error)
    assert "c.d: down" in str(error)
    assert "--allow-replace" in error.remedy


def test_the_same_target_is_right(record: Path, plan: Path) -> None:
    check_record(record, plan, HERE)
    check_record(record, plan, Target.local("http://127.0.0.1:4999", region_id="r1"))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (Target("aws", HERE.region, HERE.account), "for the local region, not for AWS"),
        (Target.local("http://x", account="2" * 12, region_id="r1"), "not for the account 2222"),
        (Target.local("http://x", region="eu-west-1", region_id="r1"), "not for the region eu"),
        (Target.local("http://127.0.0.1:4566", region_id="r2"), "a local region that is gone"),
    ],
)
def test_another_target_is_refused_in_words(
    record: Path, plan: Path, other: Target, words: str
) -> None:
    with pytest.raises(PlanTargetMismatch, match=words) as caught:
        check_record(record, plan, other)
    assert "drydock plan" in caught.value.remedy


def test_a_plan_for_aws_is_not_for_the_local_region(tmp_path: Path, plan: Path) -> None:
    write_record(tmp_path / "r", plan, Target("aws", HERE.region, HERE.account))
    with pytest.raises(PlanTargetMismatch, match="for AWS, not for the local region"):
        check_record(tmp_path / "r", plan, HERE)


def test_a_plan_of_unknown_origin_is_refused(record: Path, plan: Path, tmp_path: Path) -> None:
    with pytest.raises(PlanTargetMismatch, match="nobody knows its target"):
        check_record(tmp_path / "gone", plan, HERE)
    plan.write_bytes(b"another")
    with pytest.raises(PlanTargetMismatch, match="nobody knows its target"):
        check_record(record, plan, HERE)


def test_no_plan_and_a_used_one_are_missing(record: Path, plan: Path) -> None:
    write_record(record, plan, HERE, applied=True)
    with pytest.raises(PlanMissing, match="it has been applied"):
        check_record(record, plan, HERE)
    plan.unlink()
    with pytest.raises(PlanMissing, match="there is no saved plan"):
        check_record(record, plan, HERE)


@pytest.mark.parametrize("key", ["target", "applied", "findings"])
@pytest.mark.parametrize("value", [None, 7, "text", [{"address": 1}]])
def test_a_record_that_is_damaged_is_of_unknown_origin(
    record: Path, plan: Path, key: str, value: object
) -> None:
    record.write_text(json.dumps({**json.loads(record.read_text()), key: value}))
    with pytest.raises(PlanTargetMismatch, match="nobody knows its target"):
        check_record(record, plan, HERE)
