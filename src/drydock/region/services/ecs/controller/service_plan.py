"""Plan which tasks a service starts and stops next. Pure: observed state in, actions out.

The rules of a rolling update, https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html:
never more than maximumPercent of the desired count running or pending, and never, by our own doing,
fewer healthy than minimumHealthyPercent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FIRST_BACKOFF = 2.0
LAST_BACKOFF = 300.0
FAILED_BY_ITSELF = frozenset({"TaskFailedToStart", "EssentialContainerExited"})
"""The stop codes of tasks that ended by themselves."""


@dataclass(frozen=True)
class TaskView:
    """A task of the service that is not STOPPED."""

    arn: str
    deployment: str
    wanted: bool
    """desiredStatus is RUNNING."""
    running: bool
    """lastStatus is RUNNING."""
    healthy: bool
    """Running, and healthy wherever its health is asked for."""
    failing: bool = False
    """Whether its health checks failed after its grace period."""
    order: float = 0.0
    """Older tasks have smaller numbers."""
    protected: bool = False
    """Neither scaling in nor a deployment may stop it."""


@dataclass(frozen=True)
class ServicePlan:
    """The actions. `start`: how many tasks of the primary deployment. `stop`: task ARNs."""

    start: int = 0
    stop: tuple[str, ...] = ()
    unhealthy: tuple[str, ...] = ()
    """The tasks of `stop` that are unhealthy."""


def plan(
    desired: int,
    primary: str,
    tasks: Sequence[TaskView],
    minimum_percent: int = 100,
    maximum_percent: int = 200,
    *,
    failed: bool = False,
) -> ServicePlan:
    """Return the next actions; none when the service is as it should be.

    `failed`: the primary deployment is FAILED. Then nothing is started, and serving tasks are kept.
    """
    live = [task for task in tasks if task.wanted]
    failing = [task for task in live if task.failing]
    current = [task for task in live if task.deployment == primary and not task.failing]
    old = [task for task in live if task.deployment != primary and not task.failing]
    ceiling = max(desired * maximum_percent // 100, 1) if desired else 0
    floor = math.ceil(desired * minimum_percent / 100)

    stop = [task.arn for task in failing]
    surplus = len(current) - desired
    if surplus > 0:
        # what serves least goes first: not running, then unhealthy, then the newest
        free = [task for task in current if not task.protected]
        ranked = sorted(free, key=lambda task: (task.running, task.healthy, -task.order))
        stop += [task.arn for task in ranked[:surplus]]
        current = [task for task in current if task.arn not in stop]

    if failed and desired:
        return ServicePlan(0, tuple(stop), tuple(task.arn for task in failing))
    stop_old = _old_to_stop(desired, floor, ceiling, current, old)
    stop += [task.arn for task in stop_old]
    staying = len(current) + len(old) - len(stop_old)
    start = max(0, min(desired - len(current), ceiling - staying))
    return ServicePlan(start, tuple(stop), tuple(task.arn for task in failing))


def _old_to_stop(
    desired: int,
    floor: int,
    ceiling: int,
    current: Sequence[TaskView],
    old: Sequence[TaskView],
) -> list[TaskView]:
    """Return tasks of older deployments that can stop without leaving too few healthy ones."""
    free = [task for task in old if not task.protected]
    if desired == 0:
        return free
    healthy = sum(task.healthy for task in (*current, *old))
    useless = sorted((task for task in free if not task.healthy), key=lambda task: task.running)
    spare = max(0, healthy - floor)
    useful = sorted((task for task in free if task.healthy), key=lambda task: task.order)
    if not current:
        # nothing new yet: what could still become healthy stays, unless its room is needed
        room = ceiling - len(old)
        lacking = max(0, min(desired, ceiling) - room)
        return [*useful[:spare], *useless[: max(0, lacking - spare)]]
    return [*useless, *useful[:spare]]


@dataclass(frozen=True)
class Attempt:
    """The outcome of one task of the primary deployment."""

    failed: bool
    """It ended by itself, or never started."""
    ended: float | None
    """When it was STOPPED; None: it is not yet."""
    served: bool
    """It ran for long enough to show that the definition works."""


def failures_in_a_row(newest_first: Sequence[Attempt]) -> tuple[int, float | None]:
    """Count the tasks that failed since the last one that served; also return when the last ended.

    A task that is still starting is skipped: several fail side by side, each must see the others.
    """
    failures, last = 0, None
    for attempt in newest_first:
        if attempt.served:
            break
        if attempt.failed and attempt.ended is not None:
            failures += 1
            last = attempt.ended if last is None else max(last, attempt.ended)
    return failures, last


def start_delay(failures: int, desired: int = 1) -> float:
    """Return the seconds of AWS's time to wait before the next start, after failures in a row.

    The first are replaced at once; then 2, 4, 8 … s after each round of `desired` tasks.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html
    """
    rounds = math.ceil(failures / max(desired, 1))
    if rounds <= 1:
        return 0.0
    return float(min(LAST_BACKOFF, FIRST_BACKOFF * 2 ** min(rounds - 2, 20)))
