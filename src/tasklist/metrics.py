"""Prometheus metrics: requests by route, and the pool of connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """`pool` gives the open and the idle connections, `lost_lines` the log lines nobody took."""

    def __init__(self, pool: Callable[[], tuple[int, int]], lost_lines: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "tasklist_http_requests",
            "Requests answered",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "tasklist_http_request_seconds",
            "Time to answer",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        in_flight = Gauge(
            "tasklist_http_requests_in_flight", "Requests being answered", registry=self._registry
        )
        self.in_flight = 0
        in_flight.set_function(lambda: self.in_flight)
        lost = Gauge(
            "tasklist_log_lines_lost",
            "Log lines that could not be written",
            registry=self._registry,
        )
        lost.set_function(lost_lines)
        ProcessCollector(registry=self._registry)
        self._registry.register(_Pool(pool))
        # labels() locks and hashes; its children never change
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[tuple[str, str], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request. `route` is a template, so that labels stay few."""
        method = method if method in _METHODS else "other"
        counter = self._counters.get((method, route, status))
        if counter is None:
            counter = self._requests.labels(method, route, str(status))
            self._counters[method, route, status] = counter
        counter.inc()
        histogram = self._histograms.get((method, route))
        if histogram is None:
            histogram = self._seconds.labels(method, route)
            self._histograms[method, route] = histogram
        histogram.observe(seconds)

    def exposition(self) -> bytes:
        return generate_latest(self._registry)


class _Pool:
    """Read when it is asked for, so it cannot be out of date."""

    def __init__(self, read: Callable[[], tuple[int, int]]) -> None:
        self._read = read

    def collect(self) -> Iterator[GaugeMetricFamily]:
        size, idle = self._read()
        family = GaugeMetricFamily(
            "tasklist_database_connections", "Connections to the database", labels=["state"]
        )
        family.add_metric(["idle"], idle)
        family.add_metric(["busy"], size - idle)
        yield family
