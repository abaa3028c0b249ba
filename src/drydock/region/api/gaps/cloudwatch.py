"""CloudWatch: AWS's own metrics, as controllers observe them, and questions about exactly one metric.

moto 5.2.5 counts a metric with more dimensions than were asked for too (a load balancer's and its target
group's together), tells two orders of dimensions apart, lists a metric with two dimensions once for each
of its values, and keeps every value for ever.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch import urls as their_urls
from moto.cloudwatch.models import (
    Dimension,
    MetricAggregatedDatum,
    MetricDatumBase,
    Statistics,
    cloudwatch_backends,
)

from drydock.region.api.gaps import overlay
from drydock.region.api.gaps.alarms import AlarmBackend, AlarmResponse

KEPT = 3 * 3600.0
"""Seconds that AWS's own metrics are kept, in wall clock; CloudWatch keeps minutes for 15 days."""
MOST = 200_000
"""Values of AWS's own metrics that are kept at most; the oldest go first."""
_DISORDER = 120.0
"""Seconds by which a value may be kept after a newer one."""

Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sample:
    """Some values of a metric at one time, together."""

    namespace: str
    name: str
    dimensions: Dimensions
    """Names and values, sorted."""
    unit: str
    total: float
    count: int = 1
    least: float | None = None
    """None: the average, as of `most`."""
    most: float | None = None


Key = tuple[str, str, Dimensions]
"""A metric: its namespace, name and dimensions."""


@dataclass(frozen=True)
class Value:
    """Some values of a metric at one time (seconds since 1970), together."""

    at: float
    unit: str | None
    total: float
    count: float
    least: float
    most: float


Row = tuple[float, str, str, Dimensions, str, float, int, float, float]
"""A sample with its time: plain, since there are many and all are saved."""


class CloudWatchBackend(AlarmBackend):
    """Metrics of the users' own, as moto keeps them, and AWS's own beside them."""

    _only: set[tuple[str, Dimensions]] | None = None
    """Names and dimensions that the question under way is about; None: all."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.observed: deque[Row] = deque(maxlen=MOST)

    @property
    def _url_module(self) -> Any:
        return overlay.urls(their_urls, AlarmResponse)

    def observe(self, samples: Iterable[Sample], now: float | None = None) -> None:
        """Keep what was observed until `now` (wall clock, in seconds since 1970)."""
        moment = time.time() if now is None else now
        for one in samples:
            average = one.total / one.count
            least = average if one.least is None else one.least
            most = average if one.most is None else one.most
            key = (one.namespace, one.name, one.dimensions, one.unit)
            self.observed.append((moment, *key, one.total, one.count, least, most))
        while self.observed and self.observed[0][0] < moment - KEPT:
            self.observed.popleft()

    def values(self, wanted: Set[Key], since: float) -> dict[Key, list[Value]]:
        """Of some metrics, every value from a time on (seconds since 1970), in no order."""
        found: dict[Key, list[Value]] = {key: [] for key in wanted}
        start = datetime.fromtimestamp(since, UTC).replace(tzinfo=None)
        for datum in self.metric_data:
            if datum.timestamp.replace(tzinfo=None) >= start:
                theirs = (datum.namespace, datum.name, _of(datum))
                if theirs in wanted:
                    found[theirs].append(_value(datum))
        for row in reversed(self.observed):
            moment, namespace, name, dimensions = row[:4]
            if moment < since - _DISORDER:
                break
            key = (namespace, name, dimensions)
            if moment >= since and key in wanted:
                found[key].append(Value(moment, *row[4:]))
        return found

    def get_all_metrics(self) -> list[MetricDatumBase]:
        """Of what the question under way is about, if it is about something."""
        theirs = [one for one in super().get_all_metrics() if self._asked(one.name, _of(one))]
        ours = [_datum(row) for row in self.observed if self._asked(row[2], row[3])]
        return [*theirs, *ours]

    def _asked(self, name: str, dimensions: Dimensions) -> bool:
        return self._only is None or (name, dimensions) in self._only

    @contextmanager
    def _about(self, metrics: Iterable[tuple[str, Any]]) -> Iterator[None]:
        self._only = {(name, _sorted(dimensions)) for name, dimensions in metrics}
        try:
            yield
        finally:
            self._only = None

    def get_metric_statistics(
        self,
        namespace: str,
        metric_name: str,
        start_time: datetime,
        end_time: datetime,
        period: int,
        stats: list[str],
        dimensions: list[dict[str, str]],
        unit: str | None = None,
    ) -> list[Statistics]:
        """Of the one metric that has exactly these dimensions."""
        with self._about([(metric_name, dimensions)]):
            return super().get_metric_statistics(
                namespace, metric_name, start_time, end_time, period, stats, dimensions, unit
            )

    def get_metric_data(
        self,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        """Of the metrics that the queries name; an expression in SQL looks at all."""
        metrics = [one["MetricStat"]["Metric"] for one in queries if "MetricStat" in one]
        for metric in metrics:
            if metric.get("Dimensions"):
                metric["Dimensions"] = [
                    {"Name": name, "Value": value} for name, value in _sorted(metric["Dimensions"])
                ]
        if any(str(one.get("Expression", "")).startswith("SELECT") for one in queries):
            return super().get_metric_data(queries, start_time, end_time, scan_by)
        with self._about([(one["MetricName"], one.get("Dimensions") or []) for one in metrics]):
            return super().get_metric_data(queries, start_time, end_time, scan_by)

    def get_filtered_metrics(
        self, metric_name: str, namespace: str, dimensions: list[dict[str, str]]
    ) -> list[MetricDatumBase]:
        """Each metric once; `dimensions` are some of those that it must have."""
        found: dict[tuple[str, str, Dimensions], MetricDatumBase] = {}
        for one in self.get_all_metrics():
            key = (one.namespace, one.name, _of(one))
            if key not in found and one.filter(namespace, metric_name, dimensions):
                found[key] = one
        return list(found.values())


def _sorted(dimensions: Iterable[dict[str, str]]) -> Dimensions:
    return tuple(sorted((one["Name"], one.get("Value") or "") for one in dimensions))


def _of(datum: MetricDatumBase) -> Dimensions:
    datum.dimensions.sort(key=lambda one: (one.name or "", one.value or ""))
    return tuple((one.name or "", one.value or "") for one in datum.dimensions)


def _value(datum: Any) -> Value:
    moment = datum.timestamp.replace(tzinfo=UTC).timestamp()
    if isinstance(datum, MetricAggregatedDatum):
        numbers = (datum.sum, datum.sample_count, datum.min, datum.max)
    else:
        numbers = (datum.value, 1, datum.value, datum.value)
    return Value(moment, datum.unit, *(float(one) for one in numbers))


def _datum(row: Row) -> MetricAggregatedDatum:
    moment, namespace, name, dimensions, unit, total, count, least, most = row
    datum: MetricAggregatedDatum = object.__new__(MetricAggregatedDatum)
    # moto's times have no zone; theirs are UTC
    datum.timestamp = datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)
    datum.namespace, datum.name, datum.unit = namespace, name, unit
    datum.dimensions = [Dimension(*one) for one in dimensions]
    datum.sum, datum.sample_count, datum.min, datum.max = total, count, least, most
    return datum


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(cloudwatch_backends, CloudWatchBackend)
