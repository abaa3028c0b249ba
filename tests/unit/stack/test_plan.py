"""A plan's JSON becomes a summary."""

from __future__ import annotations

from typing import Any

import pytest

from drydock.errors import StackError
from drydock.stack.plan import PlanSummary, summarise


def change(address: str, *actions: str) -> dict[str, Any]:
    return {"address": address, "change": {"actions": list(actions)}}


def test_each_action_is_counted_where_it_belongs() -> None:
    plan = {
        "resource_changes": [
            change("a.new", "create"),
            change("a.other", "update"),
            change("a.swapped", "delete", "create"),
            change("a.swapped_early", "create", "delete"),
            change("a.old", "delete"),
            change("a.same", "no-op"),
            change("data.a.read", "read"),
            change("a.forgotten", "forget"),
        ],
        "output_changes": {"x": {"actions": ["no-op"]}, "y": {"actions": ["update"]}},
    }
    summary = summarise(plan)
    assert summary == PlanSummary(
        added=("a.new",),
        changed=("a.other",),
        replaced=("a.swapped", "a.swapped_early"),
        destroyed=("a.old",),
        outputs=("y",),
    )
    assert not summary.no_changes
    assert str(summary) == "1 to add, 1 to change, 2 to replace, 1 to destroy"


def test_reading_and_keeping_are_no_changes() -> None:
    plan = {"resource_changes": [change("a.same", "no-op"), change("data.a.b", "read")]}
    assert summarise(plan).no_changes
    assert str(summarise(plan)) == "No changes"


def test_an_empty_stack_has_no_changes() -> None:
    assert summarise({}).no_changes


def test_outputs_alone_are_a_change() -> None:
    summary = summarise({"output_changes": {"y": {"actions": ["create"]}}})
    assert not summary.no_changes
    assert str(summary) == "1 outputs to change"


def test_an_unknown_action_is_not_passed_over() -> None:
    with pytest.raises(StackError, match=r"a\.b"):
        summarise({"resource_changes": [change("a.b", "teleport")]})
