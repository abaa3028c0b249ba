"""Which containers may start and stop, and what a health check's results mean: tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from drydock.region.services.ecs.controller.health import Health, HealthCheck, Monitor
from drydock.region.services.ecs.controller.ordering import (
    Dependency,
    State,
    may_stop,
    next_steps,
    task_health,
)


@dataclass(frozen=True)
class Plan:
    name: str
    depends_on: tuple[Dependency, ...] = ()
    start_timeout: float | None = None


def waiting(condition: Any) -> list[Plan]:
    return [Plan("app", (Dependency("side", condition),)), Plan("side", start_timeout=5)]


@pytest.mark.parametrize(
    ("condition", "side", "starts"),
    [
        ("START", State(0), True),
        ("START", State(9, 1), True),
        ("COMPLETE", State(1), False),
        ("COMPLETE", State(9, 1), True),
        ("SUCCESS", State(1), False),
        ("SUCCESS", State(9, 0), True),
        ("HEALTHY", State(1), False),
        ("HEALTHY", State(1, None, "UNHEALTHY"), False),
        ("HEALTHY", State(9, None, "HEALTHY"), True),
    ],
)
def test_a_container_starts_when_its_condition_is_met(
    condition: Any, side: State, starts: bool
) -> None:
    plans = waiting(condition)
    assert next_steps(plans, {}).start == ("side",)
    steps = next_steps(plans, {"side": side})
    assert steps.start == (("app",) if starts else ())
    assert steps.stuck is None
    assert steps.look_after == (None if starts else 4)


@pytest.mark.parametrize(
    ("condition", "side", "words"),
    [
        ("SUCCESS", State(1, 3), "did not exit successfully"),
        ("HEALTHY", State(1, 0, "HEALTHY"), "stopped before it was healthy"),
        ("HEALTHY", State(5), "has timed out"),
        ("COMPLETE", State(6), "has timed out"),
    ],
)
def test_a_container_that_never_can_start(condition: Any, side: State, words: str) -> None:
    stuck = next_steps(waiting(condition), {"side": side}).stuck
    assert stuck is not None
    assert stuck[0] == "app"
    assert words in stuck[1]
    assert "[side] for target [app]" in stuck[1]


def test_without_a_start_timeout_a_container_waits_for_ever() -> None:
    plans = [Plan("app", (Dependency("side", "COMPLETE"),)), Plan("side")]
    steps = next_steps(plans, {"side": State(1e6)})
    assert (steps.start, steps.stuck, steps.look_after) == ((), None, None)


def test_containers_end_in_the_reverse_order() -> None:
    plans = [
        Plan("app", (Dependency("proxy", "HEALTHY"), Dependency("init", "SUCCESS"))),
        Plan("proxy", (Dependency("log", "START"),)),
        Plan("init"),
        Plan("log"),
    ]
    assert may_stop(plans, {"app", "proxy", "log"}) == ["app"]
    assert may_stop(plans, {"proxy", "log"}) == ["proxy"]
    assert may_stop(plans, {"log"}) == ["log"]
    assert may_stop(plans, set()) == []


@pytest.mark.parametrize(
    ("healths", "task"),
    [
        ([], "UNKNOWN"),
        (["HEALTHY"], "HEALTHY"),
        (["HEALTHY", "UNKNOWN"], "UNKNOWN"),
        (["HEALTHY", "UNHEALTHY", "UNKNOWN"], "UNHEALTHY"),
    ],
)
def test_the_health_of_a_task(healths: list[str], task: str) -> None:
    assert task_health(healths) == task


def results(*checks: tuple[bool, bool]) -> list[str]:
    health, seen = Health(), []
    for passed, starting in checks:
        health = health.after(passed=passed, retries=2, starting=starting)
        seen.append(health.status)
    return seen


def test_failures_count_in_a_row() -> None:
    fail, good = (False, False), (True, False)
    assert results(fail, good, fail, fail, fail, good) == [
        "UNKNOWN", "HEALTHY", "HEALTHY", "UNHEALTHY", "UNHEALTHY", "HEALTHY"
    ]  # fmt: skip


def test_failures_of_the_start_period_do_not_count_until_a_success() -> None:
    early, late = (False, True), (False, False)
    assert results(early, early, early, late, late) == [*["UNKNOWN"] * 4, "UNHEALTHY"]
    assert results(early, (True, True), early, early) == [
        "UNKNOWN", "HEALTHY", "HEALTHY", "UNHEALTHY"
    ]  # fmt: skip


class Program:
    """Stands for the process of a check."""

    exit_code: int | None = None
    killed = False

    def kill_group(self) -> None:
        self.killed = True


def test_checks_follow_one_another_and_one_that_hangs_is_given_up() -> None:
    programs: list[Any] = []

    def start() -> Any:
        programs.append(Program())
        return programs[-1]

    monitor = Monitor(HealthCheck(("x",), interval=20, timeout=3, retries=1), start, 10, 100.0)
    assert monitor.step(100) == 2
    assert programs == []
    assert monitor.step(102) == 3
    programs[0].exit_code = 0
    assert monitor.step(102.5) == 2
    assert monitor.health.status == "HEALTHY"
    assert monitor.step(104.5) == 3
    assert len(programs) == 2
    monitor.step(107.4)
    assert monitor.health.status == "HEALTHY"
    monitor.step(107.5)
    assert (monitor.health.status, programs[1].killed) == ("UNHEALTHY", True)
