"""Which tasks a service starts and stops next. Pure: what is, in; what to do, out.

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
    """Its health checks failed and its grace period is over."""
    order: float = 0.0
    """Older tasks have smaller numbers."""


@dataclass(frozen=True)
class ServicePlan:
    """`start`: how many tasks of the primary deployment. `stop`: task ARNs, with the reason."""

    start: int = 0
    stop: tuple[str, ...] = ()
    unhealthy: tuple[str, ...] = ()
    """Of `stop`, those that are stopped for their health."""


def plan(
    desired: int,
    primary: str,
    tasks: Sequence[TaskView],
    minimum_percent: int = 100,
    maximum_percent: int = 200,
) -> ServicePlan:
    """What to do next; nothing when the service is as it should be."""
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
        ranked = sorted(current, key=lambda task: (task.running, task.healthy, -task.order))
        stop += [task.arn for task in ranked[:surplus]]
        current = [task for task in current if task.arn not in stop]

    stop_old = _old_to_stop(desired, floor, current, old)
    stop += [task.arn for task in stop_old]
    staying = len(current) + len(old) - len(stop_old)
    start = max(0, min(desired - len(current), ceiling - staying))
    return ServicePlan(start, tuple(stop), tuple(task.arn for task in failing))


def _old_to_stop(
    desired: int, floor: int, current: Sequence[TaskView], old: Sequence[TaskView]
) -> list[TaskView]:
    """Tasks of older deployments that can go without leaving too few healthy ones."""
    if desired == 0:
        return list(old)
    healthy = sum(task.healthy for task in (*current, *old))
    useless = [task for task in old if not task.healthy]
    spare = max(0, healthy - floor)
    useful = sorted((task for task in old if task.healthy), key=lambda task: task.order)
    if not current:
        # nothing new yet: keep what could still become healthy, unless room is needed
        return useful[: min(spare, len(useful))]
    return [*useless, *useful[:spare]]


def start_delay(failures: int) -> float:
    """Seconds of AWS's time to wait before the next start, after so many failed ones in a row.

    The first is replaced at once. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html
    """
    if failures <= 1:
        return 0.0
    return float(min(LAST_BACKOFF, FIRST_BACKOFF * 2 ** (failures - 2)))
