"""Evaluate a metric's values into an alarm's state. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from drydock.region.services.cloudwatch.operations.backend import Value

EXTRA = 2
"""Periods before the evaluated ones whose data points replace missing ones."""

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class Rule:
    """The comparison that an alarm makes."""

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
    """The result of an evaluation."""

    state: str
    """OK, ALARM, INSUFFICIENT_DATA; the former state where missing data changes nothing."""
    used: tuple[Datapoint, ...]
    """The data points that it is based on, newest first."""
    filled: int = 0
    """Missing data points that were filled in."""


def statistic(values: Sequence[Value], name: str) -> float | None:
    """Return a statistic of one period's values; None without values.

    Raises ValueError: an unknown name.

    Of aggregated values only the average is known; percentiles use it for each of them.
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
    """Return data points of the periods before `end` (seconds since 1970), `length` seconds each,
    newest first.

    Raises ValueError: an unknown statistic.
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
    """Return an alarm's next state. `points`: newest first, EXTRA more than it has periods."""
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
    # all present data is breaching: an alarm only once the first of it is old enough, since missing
    # data may be late
    age = max(index for index, point in enumerate(points) if point is not None) + 1
    return Verdict("ALARM" if age >= rule.datapoints else state, real, filled)
