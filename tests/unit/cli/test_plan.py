"""`drydock plan` tells what would change and be lost; `drydock apply` wants consent to a loss."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drydock.cli.plan import table
from drydock.errors import CheckFailed
from drydock.stack.findings import Finding
from drydock.stack.plan import PlanSummary, summarise

from .conftest import Run, World

LOSS = Finding("aws_lb.this", "service", "destroyed: its DNS name")


def change(address: str, *actions: str, **more: Any) -> dict[str, Any]:
    found = {"actions": list(actions), "before": {}, "after": {}, **more}
    return {"address": address, "type": address.partition(".")[0], "change": found}


def summary(*changes: dict[str, Any]) -> PlanSummary:
    return summarise({"resource_changes": list(changes)})


def test_the_table_has_a_row_for_each_with_what_changes() -> None:
    found = summary(
        change("aws_vpc.old", "delete"),
        change("aws_lb.a", "update", before={"x": 1}, after={"x": 2}),
        change("aws_lb.b", "delete", "create", replace_paths=[["name"]]),
        change("aws_eip.new", "create"),
    )
    assert table(found) == [
        ("add", "aws_eip.new", ""),
        ("change", "aws_lb.a", "x"),
        ("replace", "aws_lb.b", "name"),
        ("destroy", "aws_vpc.old", ""),
    ]


def test_many_new_resources_are_told_by_their_types_and_many_attributes_cut_short() -> None:
    many = [change(f"aws_subnet.s[{number}]", "create") for number in range(9)]
    names = dict.fromkeys("abcdefgh", 1)
    wide = change("aws_lb.a", "update", before=names, after={})
    assert table(summary(*many, wide)) == [
        ("add", "aws_subnet", "9 new"),
        ("change", "aws_lb.a", "a, b, c, d, e, f and 2 more"),
    ]


def test_plan_prints_the_table_plain_and_the_losses_in_words(run: Run, world: World) -> None:
    world.summary = summary(change("aws_lb.this", "delete"))
    ended = run("plan")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "         resource     what changes",
        "destroy  aws_lb.this",
    ]
    assert "service: aws_lb.this: destroyed" in ended.err
    assert "ALLOW_REPLACE=1" in ended.err
    assert "1 to destroy" in ended.err


def test_plan_without_changes_or_losses_says_just_that(run: Run, world: World) -> None:
    world.summary = PlanSummary()
    ended = run("plan")
    assert ended.out == ""
    assert "No changes" in ended.err
    assert "--allow-replace" not in ended.err


def test_plan_as_json_has_names_and_never_values(run: Run, world: World) -> None:
    world.summary = summary(
        change("aws_lb.this", "update", before={"name": "was"}, after={"name": "will-be"}),
        change("aws_vpc.this", "delete"),
    )
    told = json.loads(run("plan", "--json").out)
    assert told["changed"] == ["aws_lb.this"]
    assert told["changes"][0] == {
        "address": "aws_lb.this",
        "actions": ["update"],
        "attributes": ["name"],
    }
    assert [one["kind"] for one in told["findings"]] == ["service"]
    assert "will-be" not in json.dumps(told)


def test_apply_passes_consent_on_only_where_it_was_given(run: Run, world: World) -> None:
    world.running = True
    run("apply")
    run("apply", "--allow-replace")
    assert world.consent == [False, True]


def test_a_refusal_ends_with_its_own_exit_code(run: Run, world: World) -> None:
    world.running = True
    world.fails["apply"] = CheckFailed("terraform.plan is not applied", "aws_lb.this", "consent")
    assert run("apply").code == 3


@pytest.mark.parametrize("found", [(LOSS,), ()])
def test_up_carries_a_loss_out_loudly(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch, found: tuple[Finding, ...]
) -> None:
    world.summary = PlanSummary(destroyed=("aws_lb.this",), findings=found)
    monkeypatch.setattr("drydock.ops.status.read", lambda *_, **__: _no_urls())
    ended = run("up")
    assert ended.code == 0
    assert world.consent == [True]
    assert ("service: aws_lb.this" in ended.err) == bool(found)
    assert ("on AWS" in ended.err) == bool(found)


def _no_urls() -> Any:
    from drydock.ops.status import Status

    return Status()
