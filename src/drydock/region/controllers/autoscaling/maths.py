"""How many tasks a scaling policy wants. Pure.

https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Wish:
    """What one policy wants of a target."""

    policy: str
    """Its ARN."""
    name: str
    alarm: str
    capacity: int
    cooldown: float
    """Seconds of AWS's time."""
    state: str = "ALARM"
    """The alarm's."""


def tracked(capacity: int, metric: float, target: float) -> int:
    """The capacity at which a metric that falls as capacity grows is at most at its target."""
    return math.ceil(capacity * metric / target - _ROUNDING)


def stepped(
    configuration: Mapping[str, Any], threshold: float, metric: float, capacity: int
) -> int | None:
    """A step policy's capacity when its alarm is in alarm; None: no step is meant for the metric.

    ECS's defaults are those of API_StepScalingPolicyConfiguration.
    """
    distance = metric - threshold
    found = None
    for step in configuration.get("StepAdjustments") or []:
        lower, upper = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
        if _within(distance, lower, upper):
            found = float(step["ScalingAdjustment"])
    if found is None:
        return None
    kind = configuration.get("AdjustmentType")
    if kind == "ExactCapacity":
        return int(found)
    change = found
    if kind == "PercentChangeInCapacity":
        least = int(configuration.get("MinAdjustmentMagnitude") or 1)
        change = _percent(capacity * found / 100, least)
    return max(0, capacity + int(change))


def _within(distance: float, lower: float | None, upper: float | None) -> bool:
    """Above the threshold a step has its lower bound, below it has its upper one."""
    if distance >= 0:
        above = lower is None or distance >= float(lower)
        return above and (upper is None or distance < float(upper))
    below = upper is None or distance <= float(upper)
    return below and (lower is None or distance > float(lower))


def _percent(change: float, least: int) -> float:
    """Away from zero to at least `least`; else towards zero."""
    if change == 0:
        return 0
    size = max(math.floor(abs(change) + _ROUNDING), least)
    return math.copysign(size, change)


def clamp(capacity: int, least: int, most: int) -> int:
    """Within a target's bounds."""
    return max(least, min(most, capacity))


def scale_out(wishes: Iterable[Wish], current: int) -> Wish | None:
    """The largest of those that want more than there is."""
    more = [one for one in wishes if one.capacity > current]
    return max(more, key=lambda one: one.capacity, default=None)


def scale_in(wishes: Sequence[Wish | None], current: int) -> Wish | None:
    """What all agree on: the largest, if it is less than there is. None among them: one disagrees."""
    agreed = [one for one in wishes if one is not None]
    if not agreed or len(agreed) < len(wishes):
        return None
    largest = max(agreed, key=lambda one: one.capacity)
    return largest if largest.capacity < current else None
