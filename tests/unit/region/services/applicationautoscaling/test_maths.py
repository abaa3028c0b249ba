"""Application Auto Scaling: what policies want, who wins, and when schedules are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from drydock.region.services.applicationautoscaling.controller import maths
from drydock.region.services.applicationautoscaling.controller.maths import Proposal
from drydock.region.services.kit import schedule


@pytest.mark.parametrize(
    ("capacity", "metric", "target", "expected"),
    [
        (2, 70.0, 70.0, 2),
        (2, 70.1, 70.0, 3),
        (2, 140.0, 70.0, 4),
        (1, 400.0, 70.0, 6),
        (4, 62.0, 70.0, 4),
        (4, 40.0, 70.0, 3),
        (4, 0.0, 70.0, 0),
        (3, 0.1 * 3, 0.1, 9),
    ],
)
def test_target_tracking(capacity: int, metric: float, target: float, expected: int) -> None:
    assert maths.tracked(capacity, metric, target) == expected


UP: dict[str, Any] = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 3},
    ],
}
DOWN: dict[str, Any] = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [
        {
            "MetricIntervalUpperBound": 0.0,
            "MetricIntervalLowerBound": -10.0,
            "ScalingAdjustment": -1,
        },
        {"MetricIntervalUpperBound": -10.0, "ScalingAdjustment": -5},
    ],
}


@pytest.mark.parametrize(
    ("configuration", "metric", "capacity", "expected"),
    [
        (UP, 70.0, 2, 3),
        (UP, 79.9, 2, 3),
        (UP, 80.0, 2, 5),
        (UP, 69.0, 2, None),
        (DOWN, 65.0, 4, 3),
        (DOWN, 60.0, 4, 0),
        (DOWN, 71.0, 4, None),
    ],
)
def test_steps(
    configuration: dict[str, Any], metric: float, capacity: int, expected: int | None
) -> None:
    assert maths.stepped(configuration, 70.0, metric, capacity) == expected


@pytest.mark.parametrize(
    ("kind", "adjustment", "magnitude", "expected"),
    [
        ("ExactCapacity", 7, None, 7),
        ("PercentChangeInCapacity", 50, None, 15),
        ("PercentChangeInCapacity", 55, None, 15),
        ("PercentChangeInCapacity", 1, None, 11),
        ("PercentChangeInCapacity", 10, 4, 14),
        ("PercentChangeInCapacity", -67, None, 4),
        ("PercentChangeInCapacity", -1, None, 9),
        ("PercentChangeInCapacity", 0, 4, 10),
    ],
)
def test_kinds_of_steps(kind: str, adjustment: int, magnitude: int | None, expected: int) -> None:
    configuration: dict[str, Any] = {
        "AdjustmentType": kind,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": adjustment}],
    }
    if magnitude is not None:
        configuration["MinAdjustmentMagnitude"] = magnitude
    assert maths.stepped(configuration, 70.0, 75.0, 10) == expected


def proposal(name: str, capacity: int) -> Proposal:
    return Proposal(f"arn:{name}", name, f"{name}-alarm", capacity, 60.0)


def test_the_largest_wins_when_capacity_is_added() -> None:
    cpu, memory = proposal("cpu", 3), proposal("memory", 5)
    assert maths.scale_out([cpu, memory], 2) == memory
    assert maths.scale_out([cpu], 3) is None
    assert maths.scale_out([], 1) is None


def test_all_must_agree_before_capacity_is_removed() -> None:
    cpu, memory = proposal("cpu", 1), proposal("memory", 2)
    assert maths.scale_in([cpu, memory], 4) == memory
    assert maths.scale_in([cpu, None], 4) is None
    assert maths.scale_in([cpu, proposal("memory", 4)], 4) is None
    assert maths.scale_in([], 4) is None


def test_bounds() -> None:
    assert [maths.clamp(one, 2, 6) for one in (0, 3, 9)] == [2, 3, 6]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(expression: str, moment: str, zone: str = "UTC", **more: Any) -> bool:
    """Whether it is due in the ten seconds that end at a moment."""
    now = at(moment)
    begins = more.pop("begins", at("2026-01-01T00:00:00"))
    return schedule.is_due(
        schedule.parse(expression, zone),
        now - timedelta(seconds=10),
        now,
        zone=zone,
        begins=begins,
        **more,
    )


@pytest.mark.parametrize(
    ("expression", "moment", "not_at"),
    [
        ("at(2026-11-23T14:00:00)", "2026-11-23T14:00:05", "2026-11-23T14:00:20"),
        ("cron(0 9 * * ? *)", "2026-11-23T09:00:05", "2026-11-23T09:01:05"),
        ("cron(0/15 * * * ? *)", "2026-11-23T09:45:00", "2026-11-23T09:46:05"),
        ("cron(30 8 ? * MON-FRI *)", "2026-11-23T08:30:01", "2026-11-22T08:30:01"),
        ("cron(0 0 1 JAN,JUL ? *)", "2026-07-01T00:00:01", "2026-08-01T00:00:01"),
        ("cron(0 0 L * ? *)", "2026-02-28T00:00:01", "2026-02-27T00:00:01"),
        ("cron(0 0 ? * 6#3 *)", "2026-11-20T00:00:01", "2026-11-13T00:00:01"),
        ("cron(0 0 ? * FRIL *)", "2026-11-27T00:00:01", "2026-11-20T00:00:01"),
        ("cron(0 0 1W * ? *)", "2026-08-03T00:00:01", "2026-08-01T00:00:01"),
        ("cron(0 0 1 1 ? 2027)", "2027-01-01T00:00:01", "2026-01-01T00:00:01"),
        ("rate(5 minutes)", "2026-01-01T00:05:03", "2026-01-01T00:05:13"),
        ("rate(1 day)", "2026-01-02T00:00:03", "2026-01-01T00:00:03"),
    ],
)
def test_schedules(expression: str, moment: str, not_at: str) -> None:
    assert due(expression, moment)
    assert not due(expression, not_at)


def test_schedules_have_a_time_zone() -> None:
    nine = "cron(0 9 * * ? *)"
    assert due(nine, "2026-11-22T22:00:02", "Australia/Sydney")
    assert not due(nine, "2026-11-22T09:00:02", "Australia/Sydney")
    assert due("at(2026-11-23T09:00:00)", "2026-11-22T22:00:02", "Australia/Sydney")


def test_recurring_schedules_have_a_start_and_an_end() -> None:
    often, moment = "cron(* * * * ? *)", "2026-11-23T09:00:02"
    assert due(often, moment, start=at("2026-11-23T08:00:00"), end=at("2026-11-23T10:00:00"))
    assert not due(often, moment, start=at("2026-11-23T09:30:00"))
    assert not due(often, moment, end=at("2026-11-23T08:00:00"))
    assert due("rate(1 hour)", moment, start=at("2026-11-23T09:00:00"))


@pytest.mark.parametrize(
    "expression",
    ["9:00", "rate(0 minutes)", "rate(5 weeks)", "cron(0 9 * *)", "cron(99 * * * ? *)", "at(noon)"],
)
def test_what_is_no_schedule(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        schedule.parse(expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 9 * * ? *)", "2026-11-24T09:00:00"),
        ("cron(0 /4 * * ? *)", "2026-11-23T16:00:00"),
        ("cron(0 8 1 * ? *)", "2026-12-01T08:00:00"),
        ("cron(30 8 ? * 6#3 *)", "2026-12-18T08:30:00"),
        ("cron(0 0 29 2 ? *)", "2028-02-29T00:00:00"),
    ],
)
def test_when_a_schedule_comes_next(expression: str, expected: str) -> None:
    found = schedule.next_match(schedule.parse(expression), at("2026-11-23T14:00:00"))
    assert found == at(expected)


def test_a_schedule_that_never_comes() -> None:
    never = schedule.parse("cron(0 9 1 1 ? 2020)")
    assert schedule.next_match(never, at("2026-11-23T14:00:00")) is None
