"""Which state that could not be saved may replace the present one."""

from __future__ import annotations

from typing import Any

import pytest

from drydock.stack.errored import unfit


def state(lineage: str, serial: int, *ids: str) -> dict[str, Any]:
    resources = [
        {
            "mode": "managed",
            "type": "aws_vpc",
            "name": one,
            "instances": [{"attributes": {"id": one}}],
        }
        for one in ids
    ]
    return {"lineage": lineage, "serial": serial, "resources": resources}


LEFT = state("a", 7, "x", "y")
EMPTY = state("", 0)


@pytest.mark.parametrize(
    ("present", "own", "why"),
    [
        (state("a", 6, "z"), False, ""),
        (state("a", 7, "z"), False, ""),
        (state("a", 8, "z"), True, "has changed since"),
        (state("b", 1, "z"), True, "another lineage"),
        (state("b", 1, "x"), True, ""),
        (state("b", 1, "x"), False, "another lineage"),
        (EMPTY, True, ""),
        ({}, True, ""),
        (EMPTY, False, "no run on this target"),
    ],
)
def test_a_state_is_taken_up_where_it_fits(present: dict[str, Any], own: bool, why: str) -> None:
    said = unfit(LEFT, present, own=own)
    assert why in said
    assert bool(said) == bool(why)


def test_what_is_no_state_is_refused_and_one_that_never_was_saved_has_no_lineage_yet() -> None:
    assert "not a state" in unfit({}, EMPTY, own=True)
    assert unfit(state("", 0, "x"), EMPTY, own=True) == ""
