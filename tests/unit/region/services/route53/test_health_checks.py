"""A health check's state turns after as many probes in a row as its threshold says."""

from __future__ import annotations

from drydock.region.dataplane.network.checking import Result
from drydock.region.services.route53.controller.health_checks import Plan, Streak

PLAN = Plan(version=1, interval=3.0, threshold=3, check=None)


def states(*results: bool, plan: Plan = PLAN) -> list[bool]:
    streak, seen = Streak(0, 0.0), []
    for result in results:
        streak = streak.after(Result(result, ""), plan, 10.0)
        seen.append(streak.healthy)
    return seen


def test_it_begins_healthy_and_turns_at_the_threshold_both_ways() -> None:
    assert states(False, False, False, True, True, True) == [True, True, False, False, False, True]


def test_a_probe_that_agrees_begins_the_count_anew() -> None:
    assert states(False, False, True, False, False, False) == [True] * 5 + [False]


def test_the_next_probe_is_an_interval_away() -> None:
    after = Streak(0, 0.0).after(Result(False, ""), PLAN, 10.0)
    assert (after.due, after.version, after.against) == (13.0, 1, 1)
