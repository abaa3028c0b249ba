"""When a deployment has failed: thresholds and what counts."""

from __future__ import annotations

from typing import Any

import pytest

from drydock.region.services.ecs.controller.circuit_breaker import Trial, failures, threshold


@pytest.mark.parametrize(
    ("desired", "wanted"),
    [(0, 3), (1, 3), (2, 3), (6, 3), (7, 4), (10, 5), (25, 13), (400, 200), (800, 200)],
)
def test_the_threshold_is_half_of_the_desired_count_between_3_and_200(
    desired: int, wanted: int
) -> None:
    assert threshold(desired, {"enable": True}) == wanted


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [("COUNT", 7, 7), ("BOUNDED_PERCENT", 10, 3), ("UNBOUNDED_PERCENT", 10, 1)],
)
def test_another_threshold(kind: str, value: int, wanted: int) -> None:
    breaker: dict[str, Any] = {"thresholdConfiguration": {"type": kind, "value": value}}
    assert threshold(10, breaker) == wanted


def test_failures_count_from_the_beginning_or_from_the_last_healthy_task_on() -> None:
    failed = [Trial(failed=when) for when in (5.0, 20.0, 30.0)]
    assert failures([], 10) == 0
    assert failures(failed, 10) == 2
    assert failures([*failed, Trial(proven=25.0)], 10) == 1
    assert failures([*failed, Trial(proven=25.0)], 10, reset=False) == 2
    assert failures([*failed, Trial(proven=2.0)], 10) == 2


def test_one_that_was_healthy_and_failed_later_counts() -> None:
    assert failures([Trial(proven=12.0, failed=20.0)], 10) == 1
    assert failures([Trial(proven=12.0, failed=20.0), Trial(proven=22.0)], 10) == 0
