"""Prometheus metrics: requests by route, and the pool of connections, over all workers."""

from __future__ import annotations

import os
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """`pool` gives the open and the idle connections, `lost_lines` the log lines nobody took.

    Where PROMETHEUS_MULTIPROC_DIR names a folder, prometheus_client keeps the numbers there, and
    what is told is the sum over the processes that use it.
    """

    def __init__(self, pool: Callable[[], tuple[int, int]], lost_lines: Callable[[], int]) -> None:
        self._pool, self._lost_lines = pool, lost_lines
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
        self.in_flight = 0
        self._in_flight = self._gauge("tasklist_http_requests_in_flight", "Requests being answered")
        self._lost = self._gauge("tasklist_log_lines_lost", "Log lines that could not be written")
        self._workers = self._gauge("tasklist_workers", "Processes that answer")
        connections = self._gauge(
            "tasklist_database_connections", "Connections to the database", ["state"]
        )
        self._idle, self._busy = connections.labels("idle"), connections.labels("busy")
        self._told = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            self._told = CollectorRegistry()
            MultiProcessCollector(self._told)  # type: ignore[no-untyped-call]
        else:
            ProcessCollector(registry=self._registry)
        # labels() locks and hashes; its children never change
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[tuple[str, str], Histogram] = {}

    def _gauge(self, name: str, says: str, labels: list[str] | None = None) -> Gauge:
        return Gauge(name, says, labels or [], registry=self._registry, multiprocess_mode="livesum")

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

    def refresh(self) -> None:
        """Put down what is so now; other workers tell it too."""
        size, idle = self._pool()
        self._idle.set(idle)
        self._busy.set(size - idle)
        self._in_flight.set(self.in_flight)
        self._lost.set(self._lost_lines())
        self._workers.set(1)

    def exposition(self) -> bytes:
        self.refresh()
        return generate_latest(self._told)
