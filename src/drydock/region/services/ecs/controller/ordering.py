"""Container dependencies: which containers may start, may stop, or can never start. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html; messages are
those of ECS's agent (agent/engine/dependencygraph).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Condition = Literal["START", "COMPLETE", "SUCCESS", "HEALTHY"]


@dataclass(frozen=True)
class Dependency:
    """A dependency on another container of the task, and the condition it must meet."""

    container: str
    condition: Condition


class Ordered(Protocol):
    """The part of a container plan that ordering reads."""

    @property
    def name(self) -> str: ...
    @property
    def depends_on(self) -> tuple[Dependency, ...]: ...
    @property
    def start_timeout(self) -> float | None:
        """Seconds in which the container must meet the conditions that others wait for."""
        ...


@dataclass(frozen=True)
class State:
    """The observed state of a container that was started."""

    age: float
    """Seconds since its start."""
    exit_code: int | None = None
    """None while it runs."""
    health: str = "UNKNOWN"


@dataclass(frozen=True)
class Steps:
    """`start`: containers that may start now. `stuck`: one that never can, and why."""

    start: tuple[str, ...] = ()
    stuck: tuple[str, str] | None = None
    look_after: float | None = None
    """Seconds until the next startTimeout is over; None: nothing waits for one."""


def next_steps(plans: Sequence[Ordered], states: Mapping[str, State]) -> Steps:
    """Return the next steps. `states` has an entry for each container that was started."""
    timeouts = {plan.name: plan.start_timeout for plan in plans}
    start, waits = [], []
    for plan in plans:
        if plan.name in states:
            continue
        met = True
        for one in plan.depends_on:
            state, timeout = states.get(one.container), timeouts.get(one.container)
            if _is_met(one.condition, state):
                continue
            met = False
            if reason := _never(one, state, timeout):
                words = f"container ordering dependency [{one.container}] for target [{plan.name}]"
                return Steps(stuck=(plan.name, f"dependency graph: {reason.format(words)}"))
            if state is not None and timeout is not None:
                waits.append(timeout - state.age)
        if met:
            start.append(plan.name)
    return Steps(tuple(start), look_after=min(waits, default=None))


def _is_met(condition: Condition, state: State | None) -> bool:
    if state is None:
        return False
    if condition == "START":
        return True
    if condition == "HEALTHY":
        return state.exit_code is None and state.health == "HEALTHY"
    return state.exit_code is not None and (condition == "COMPLETE" or state.exit_code == 0)


def _never(one: Dependency, state: State | None, timeout: float | None) -> str:
    """Return why a condition can no longer be met, or empty; `{}` stands for the dependency."""
    if state is None:
        return ""
    if one.condition == "SUCCESS" and state.exit_code is not None:
        return "failed to resolve {} as dependency did not exit successfully."
    if one.condition == "HEALTHY" and state.exit_code is not None:
        return "failed to resolve {} because dependency stopped before it was healthy."
    if timeout is not None and state.age >= timeout:
        return "{} has timed out."
    return ""


def may_stop(plans: Sequence[Ordered], alive: set[str]) -> list[str]:
    """Return the containers of `alive` that no other living one depends on; these are stopped
    first.
    """
    needed = {one.container for plan in plans if plan.name in alive for one in plan.depends_on}
    return [plan.name for plan in plans if plan.name in alive and plan.name not in needed]


def task_health(healths: Sequence[str]) -> str:
    """Return a task's health, from that of its essential containers that have a health check.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html
    """
    if "UNHEALTHY" in healths:
        return "UNHEALTHY"
    return "HEALTHY" if healths and set(healths) == {"HEALTHY"} else "UNKNOWN"
