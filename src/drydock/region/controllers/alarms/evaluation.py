"""From a metric's values to an alarm's state. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from drydock.region.api.gaps.cloudwatch import Value

EXTRA = 2
"""Periods before those that are evaluated, from which data points take the place of missing ones."""

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class Rule:
    """What an alarm compares, and how."""

    statistic: str
    """Average, Sum, Minimum, Maximum, SampleCount, or a percentile such as p99.9."""
    comparison: str
    """One of OPERATORS."""
    threshold: float
    periods: int
    datapoints: int
    """How many of the periods must be breaching."""
    missing: str = "missing"
    """missing, ignore, breaching, notBreaching."""
    unit: str | None = None

    def breaches(self, value: float) -> bool:
        return OPERATORS[self.comparison](value, self.threshold)


@dataclass(frozen=True)
class Datapoint:
    """A metric's statistic over one period."""

    at: float
    """When the period began; seconds since 1970."""
    value: float
    count: float


@dataclass(frozen=True)
class Verdict:
    """What an evaluation finds."""

    state: str
    """OK, ALARM, INSUFFICIENT_DATA; the one before where missing data change nothing."""
    used: tuple[Datapoint, ...]
    """What it is founded on, newest first."""
    filled: int = 0
    """Missing data points that the treatment stood in for."""


def statistic(values: Sequence[Value], name: str) -> float | None:
    """A statistic of one period's values; None: there are none. Raises ValueError: an unknown name.

    Of values that were put together only their average is known, which percentiles count for each.
    """
    count = sum(one.count for one in values)
    if name == "SampleCount":
        return float(count) if values else None
    if count <= 0:
        return None
    if name in _SIMPLE:
        return _SIMPLE[name](values, count)
    match = re.fullmatch(r"p(\d{1,2}(?:\.\d+)?|100)", name)
    if match is None:
        raise ValueError(name)
    rank = math.ceil(count * float(match[1]) / 100)
    ordered = sorted((one.total / one.count, one.count) for one in values if one.count > 0)
    passed = 0.0
    for value, times in ordered:
        passed += times
        if passed >= rank:
            return value
    return ordered[-1][0]


_SIMPLE: dict[str, Callable[[Sequence[Value], float], float]] = {
    "Average": lambda values, count: sum(one.total for one in values) / count,
    "Sum": lambda values, _: sum(one.total for one in values),
    "Minimum": lambda values, _: min(one.least for one in values),
    "Maximum": lambda values, _: max(one.most for one in values),
}


def datapoints(
    rule: Rule, values: Iterable[Value], end: float, length: float
) -> list[Datapoint | None]:
    """The periods before `end` (seconds since 1970), each of `length` seconds, newest first.

    Raises ValueError: a statistic that is not known.
    """
    count = rule.periods + EXTRA
    buckets: list[list[Value]] = [[] for _ in range(count)]
    for one in values:
        index = math.floor((end - one.at) / length) if one.at < end else -1
        if one.at < end and (end - one.at) % length == 0:
            index -= 1  # a period has its beginning and not its end
        if 0 <= index < count and rule.unit in (None, one.unit):
            buckets[index].append(one)
    found: list[Datapoint | None] = []
    for index, bucket in enumerate(buckets):
        value = statistic(bucket, rule.statistic)
        samples = sum(one.count for one in bucket)
        begun = end - (index + 1) * length
        found.append(None if value is None else Datapoint(begun, value, samples))
    return found


def evaluate(rule: Rule, points: Sequence[Datapoint | None], state: str) -> Verdict:
    """An alarm's next state. `points`: newest first, EXTRA more than it has periods."""
    real = tuple(point for point in points if point is not None)[: rule.periods]
    breaching = sum(rule.breaches(point.value) for point in real)
    filled = rule.periods - len(real)
    if breaching >= rule.datapoints:
        return Verdict("ALARM", real, filled)
    if filled == 0:
        return Verdict("OK", real)
    if rule.missing == "breaching":
        return Verdict("ALARM" if breaching + filled >= rule.datapoints else "OK", real, filled)
    if rule.missing == "notBreaching":
        return Verdict("OK", real, filled)
    if len(real) > breaching:
        return Verdict("OK", real, filled)
    if rule.missing == "ignore":
        return Verdict(state, real, filled)
    if not real:
        return Verdict("INSUFFICIENT_DATA", real, filled)
    # all that is there is breaching: an alarm only once the first of them is old enough, since
    # what is missing may be late
    age = max(index for index, point in enumerate(points) if point is not None) + 1
    return Verdict("ALARM" if age >= rule.datapoints else state, real, filled)
