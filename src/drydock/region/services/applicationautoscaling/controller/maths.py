"""The capacity that a scaling policy wants. Pure.

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
class Proposal:
    """The capacity that one policy wants for a target."""

    policy: str
    """The policy's ARN."""
    name: str
    alarm: str
    capacity: int
    cooldown: float
    """Seconds of AWS's time."""
    state: str = "ALARM"
    """The alarm's state."""


def tracked(capacity: int, metric: float, target: float) -> int:
    """Return the capacity that brings a metric, which falls as capacity grows, to its target or
    below.
    """
    return math.ceil(capacity * metric / target - _ROUNDING)


def stepped(
    configuration: Mapping[str, Any], threshold: float, metric: float, capacity: int
) -> int | None:
    """Return a step policy's capacity when its alarm is in alarm; None: no step matches the metric.

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
    """Return whether a step covers a distance; above the threshold it includes its lower bound,
    else its upper.
    """
    if distance >= 0:
        above = lower is None or distance >= float(lower)
        return above and (upper is None or distance < float(upper))
    below = upper is None or distance <= float(upper)
    return below and (lower is None or distance > float(lower))


def _percent(change: float, least: int) -> float:
    """Round a change: away from zero up to at least `least`, otherwise towards zero."""
    if change == 0:
        return 0
    size = max(math.floor(abs(change) + _ROUNDING), least)
    return math.copysign(size, change)


def clamp(capacity: int, least: int, most: int) -> int:
    """Limit a capacity to a target's bounds."""
    return max(least, min(most, capacity))


def scale_out(proposals: Iterable[Proposal], current: int) -> Proposal | None:
    """Return the largest capacity above the current one, if any."""
    more = [one for one in proposals if one.capacity > current]
    return max(more, key=lambda one: one.capacity, default=None)


def scale_in(proposals: Sequence[Proposal | None], current: int) -> Proposal | None:
    """Return the largest wanted capacity if all are below the current one. None in it: a policy
    disagrees.
    """
    agreed = [one for one in proposals if one is not None]
    if not agreed or len(agreed) < len(proposals):
        return None
    largest = max(agreed, key=lambda one: one.capacity)
    return largest if largest.capacity < current else None
