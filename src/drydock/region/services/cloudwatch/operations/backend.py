"""The CloudWatch backend: AWS's own metrics, observed by controllers, and exact metric queries.

Values are on disk (`api/bulk`), none in the backend. For a query, moto 5.2.5 also counts metrics
with further dimensions (a load balancer's and its target group's together), distinguishes two
orders of dimensions, lists a metric with two dimensions once for each of its values, and keeps
every value for ever.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterValue
from moto.cloudwatch.models import (
    Dimension,
    MetricAggregatedDatum,
    MetricDatumBase,
    Statistics,
)

from drydock.region.api import bulk
from drydock.region.api.bulk.metrics import Datum, Dimensions, Key, Value
from drydock.region.services.cloudwatch.operations.alarms import AlarmBackend

__all__ = ["CloudWatchBackend", "Dimensions", "Key", "Sample", "Value"]

_LISTED = 500
"""Metrics of one page of ListMetrics."""


@dataclass(frozen=True)
class Sample:
    """Aggregated values of a metric at one time."""

    namespace: str
    name: str
    dimensions: Dimensions
    """Names and values, sorted."""
    unit: str
    total: float
    count: int = 1
    least: float | None = None
    """None: the average, as for `most`."""
    most: float | None = None


@dataclass(frozen=True)
class _Question:
    """A query's metrics (None: all) and time range, in seconds since 1970."""

    metrics: frozenset[Key] | None
    since: float
    until: float


class CloudWatchBackend(AlarmBackend):
    """Metrics of users and of AWS, all on disk."""

    _asked: _Question | None = None
    """The query that is being answered."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the backend, also from an earlier version that saved the values with it."""
        observed, put = state.pop("observed", ()), state.pop("metric_data", ())
        vars(self).update(state)
        self.metric_data = []
        self.paged_metric_data = {}
        data = [Datum(self._scope, row[1:4], Value(row[0], *row[4:]), own=True) for row in observed]
        data += [Datum(self._scope, _key(one), _value(one)) for one in put]
        if data:
            bulk.current().metrics.put(data)

    @property
    def _scope(self) -> str:
        return f"{self.account_id}/{self.region_name}"

    def observe(self, samples: Iterable[Sample], now: float | None = None) -> None:
        """Store observed values under the time `now` (wall clock, in seconds since 1970).

        They are on disk within 0.5 s; no record changes.
        """
        moment = time.time() if now is None else now
        scope, data = self._scope, []
        for one in samples:
            average = one.total / one.count
            least = average if one.least is None else one.least
            most = average if one.most is None else one.most
            value = Value(moment, one.unit, one.total, one.count, least, most)
            key = (one.namespace, one.name, one.dimensions)
            data.append(Datum(scope, key, value, own=True))
        bulk.current().observe(data)

    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        """PutMetricData, on disk when it returns; validated by moto. Raises StorageFailed."""
        for number, one in enumerate(metric_data, 1):
            self._validate_parameters_put_metric_data(one, number)
        data = [
            Datum(
                self._scope,
                (namespace, one["MetricName"], _sorted(one.get("Dimensions", ()))),
                value,
            )
            for one in metric_data
            for value in _values(one)
        ]
        bulk.current().metrics.put(data)

    def values(self, wanted: Set[Key], since: float) -> dict[Key, list[Value]]:
        """Return every value of some metrics since a time (seconds since 1970).

        Raises StorageFailed.
        """
        return bulk.current().metrics.values(self._scope, wanted, since)

    def get_all_metrics(self) -> list[MetricDatumBase]:
        """Return the metrics of the current query, with those that moto makes up itself."""
        made = super().get_all_metrics()
        asked = self._asked
        if asked is None:
            return [
                *made,
                *(_datum(key, _NO_VALUE) for key in bulk.current().metrics.keys(self._scope)),
            ]
        wanted = asked.metrics
        if wanted is None:
            wanted = frozenset(bulk.current().metrics.keys(self._scope))
        else:
            made = [one for one in made if _key(one) in wanted]
        found = bulk.current().metrics.values(self._scope, wanted, asked.since, asked.until)
        return [*made, *(_datum(key, value) for key, values in found.items() for value in values)]

    @contextmanager
    def _about(
        self, metrics: Iterable[tuple[str, str, Any]] | None, start: datetime, end: datetime
    ) -> Iterator[None]:
        wanted = None
        if metrics is not None:
            wanted = frozenset((space, name, _sorted(dims)) for space, name, dims in metrics)
        # moto compares whole seconds
        since, until = (_seconds(one.replace(microsecond=0)) for one in (start, end))
        self._asked = _Question(wanted, since, until)
        try:
            yield
        finally:
            del self._asked

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
        """GetMetricStatistics, of the one metric that has exactly these dimensions."""
        with self._about([(namespace, metric_name, dimensions)], start_time, end_time):
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
        """GetMetricData, of the metrics that the queries name; an SQL expression reads all."""
        metrics = [one["MetricStat"]["Metric"] for one in queries if "MetricStat" in one]
        for metric in metrics:
            if metric.get("Dimensions"):
                metric["Dimensions"] = [
                    {"Name": name, "Value": value} for name, value in _sorted(metric["Dimensions"])
                ]
        about: list[tuple[str, str, Any]] | None = [
            (one["Namespace"], one["MetricName"], one.get("Dimensions") or ()) for one in metrics
        ]
        if any(str(one.get("Expression", "")).startswith("SELECT") for one in queries):
            about = None
        with self._about(about, start_time, end_time):
            return super().get_metric_data(queries, start_time, end_time, scan_by)

    def get_filtered_metrics(
        self, metric_name: str, namespace: str, dimensions: list[dict[str, str]]
    ) -> list[MetricDatumBase]:
        """Return each metric once; `dimensions` are some of those that it must have."""
        found: dict[Key, MetricDatumBase] = {}
        for one in self.get_all_metrics():
            key = _key(one)
            if key not in found and one.filter(namespace, metric_name, dimensions):
                found[key] = one
        return list(found.values())

    def list_metrics(
        self,
        next_token: str | None,
        namespace: str,
        metric_name: str,
        dimensions: list[dict[str, str]],
    ) -> tuple[str | None, list[MetricDatumBase]]:
        """ListMetrics; the token is the page's offset, so that no page is kept in memory."""
        if next_token and not next_token.isdecimal():
            raise InvalidParameterValue("Request parameter NextToken is invalid")
        begin = int(next_token or 0)
        found = self.get_filtered_metrics(metric_name, namespace, dimensions)
        more = str(begin + _LISTED) if len(found) > begin + _LISTED else None
        return more, found[begin : begin + _LISTED]


_NO_VALUE = Value(0.0, None, 0.0, 0.0, 0.0, 0.0)


def _sorted(dimensions: Iterable[dict[str, str]]) -> Dimensions:
    return tuple(sorted((one["Name"], one.get("Value") or "") for one in dimensions))


def _key(datum: MetricDatumBase) -> Key:
    datum.dimensions.sort(key=lambda one: (one.name or "", one.value or ""))
    dimensions = tuple((one.name or "", one.value or "") for one in datum.dimensions)
    return (datum.namespace, datum.name, dimensions)


def _seconds(moment: datetime) -> float:
    """Return seconds since 1970; a time without a zone is UTC, as moto's are."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _values(member: dict[str, Any]) -> Iterator[Value]:
    """Yield the values of one member of PutMetricData: a value, values with counts, or statistics.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
    """
    given, unit = member.get("Timestamp"), member.get("Unit")
    at = _seconds(given) if given else time.time()
    if member.get("Values"):
        values: Sequence[float] = [float(one) for one in member["Values"]]
        counts = [float(one) for one in member.get("Counts") or [1] * len(values)]
        for value, count in zip(values, counts, strict=True):
            yield Value(at, unit, value * count, count, value, value)
    elif told := member.get("StatisticValues"):
        numbers = (float(told[name]) for name in ("Sum", "SampleCount", "Minimum", "Maximum"))
        yield Value(at, unit, *numbers)
    else:
        value = float(member.get("Value", 0))
        yield Value(at, unit, value, 1, value, value)


def _value(datum: Any) -> Value:
    if isinstance(datum, MetricAggregatedDatum):
        numbers = (datum.sum, datum.sample_count, datum.min, datum.max)
    else:
        numbers = (datum.value, 1, datum.value, datum.value)
    return Value(_seconds(datum.timestamp), datum.unit, *(float(one) for one in numbers))


def _datum(key: Key, value: Value) -> MetricAggregatedDatum:
    datum: MetricAggregatedDatum = object.__new__(MetricAggregatedDatum)
    # moto's times have no zone; theirs are UTC
    datum.timestamp = datetime.fromtimestamp(value.at, UTC).replace(tzinfo=None)
    datum.namespace, datum.name, datum.unit = key[0], key[1], value.unit
    datum.dimensions = [Dimension(*one) for one in key[2]]
    datum.sum, datum.sample_count = value.total, value.count
    datum.min, datum.max = value.least, value.most
    return datum
