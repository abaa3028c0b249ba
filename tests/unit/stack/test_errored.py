"""Which state that could not be saved may replace the present one."""

from __future__ import annotations

from typing import Any

import pytest

from drydock.stack.errored import unfit

LEFT = {"lineage": "a", "serial": 7, "resources": [{"type": "aws_vpc"}]}
EMPTY = {"lineage": "", "serial": 0, "resources": []}


@pytest.mark.parametrize(
    ("present", "own", "why"),
    [
        ({"lineage": "a", "serial": 6, "resources": [{}]}, False, ""),
        ({"lineage": "a", "serial": 7, "resources": [{}]}, False, ""),
        ({"lineage": "a", "serial": 8, "resources": [{}]}, True, "has changed since"),
        ({"lineage": "b", "serial": 1, "resources": [{}]}, True, "another lineage"),
        ({"lineage": "b", "serial": 3, "resources": []}, True, "another lineage"),
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
    assert unfit({**EMPTY, "resources": [{}]}, EMPTY, own=True) == ""
