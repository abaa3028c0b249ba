"""Prometheus metrics of all workers: requests by route, and the connection pool."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

CONTENT_TYPE = CONTENT_TYPE_LATEST


class _Timings(Histogram):
    """A histogram that takes many observations at once."""

    def add(self, counts: Sequence[int], total: float) -> None:
        """Add `counts` of observations by bucket (the last one unbounded), and the sum of their values."""
        for bucket, observed in zip(self._buckets, counts, strict=True):
            if observed:
                bucket.inc(observed)
        self._sum.inc(total)


@dataclass(slots=True)
class _Fresh:
    """Observations that are not yet in prometheus_client. Each of its numbers has a lock, and with
    several workers a file: to update it at every request costs as much as to route the request.
    """

    counter: Counter
    timings: _Timings
    total: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0] * (len(_BUCKETS) + 1))


class Metrics:
    """The application's metrics.

    `pool` returns the open and the idle connections, `lost_lines` the number of lost log lines.
    If PROMETHEUS_MULTIPROC_DIR names a folder, prometheus_client keeps the numbers there, and
    the exposition is the sum over the processes that use it.
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
        self._seconds = _Timings(
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
        self._fresh: dict[tuple[str, str, int], _Fresh] = {}

    def _gauge(self, name: str, says: str, labels: list[str] | None = None) -> Gauge:
        return Gauge(name, says, labels or [], registry=self._registry, multiprocess_mode="livesum")

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request. `route` is a template, so that labels stay few."""
        fresh = self._fresh.get((method, route, status))
        if fresh is None:
            fresh = self._label(method, route, status)
        fresh.total += seconds
        fresh.counts[bisect_left(_BUCKETS, seconds)] += 1

    def _label(self, method: str, route: str, status: int) -> _Fresh:
        # unknown methods share one label: clients could invent any number of them
        method = method if method in _METHODS else "other"
        fresh = self._fresh.get((method, route, status))
        if fresh is None:
            counter = self._requests.labels(method, route, str(status))
            fresh = _Fresh(counter, self._seconds.labels(method, route))
            self._fresh[method, route, status] = fresh
        return fresh

    def refresh(self) -> None:
        """Move this process's numbers to prometheus_client, where other workers report them too."""
        for fresh in self._fresh.values():
            if requests := sum(fresh.counts):
                fresh.counter.inc(requests)
                fresh.timings.add(fresh.counts, fresh.total)
                fresh.total, fresh.counts = 0.0, [0] * len(fresh.counts)
        size, idle = self._pool()
        self._idle.set(idle)
        self._busy.set(size - idle)
        self._in_flight.set(self.in_flight)
        self._lost.set(self._lost_lines())
        self._workers.set(1)

    def exposition(self) -> bytes:
        self.refresh()
        return generate_latest(self._told)
