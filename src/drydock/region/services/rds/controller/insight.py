"""The controller of databases' metrics and log exports: it publishes both to CloudWatch.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import psycopg

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.runtime import consumption
from drydock.region.services.cloudwatch import Dimensions, Sample
from drydock.region.services.kit.controller import DONE, Outcome, Requeue
from drydock.region.services.kit.parts import Parts
from drydock.region.services.rds.controller.exports import Exports
from drydock.region.services.rds.controller.logins import Logins
from drydock.region.services.rds.controller.servers import Running
from drydock.region.services.rds.operations.classes import SERVERLESS, memory, vcpus

NAMESPACE = "AWS/RDS"
_KEY = "rds-insight"
_LOGS = 1.0
"""Seconds between two reads of logs."""
_UNIT_CPU, _UNIT_MEMORY = 0.25, 2 << 30
"""The size of a capacity unit (ACU): a quarter of a CPU, and 2 GiB as AWS says."""
_STEP = 0.5
_CLIENTS = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE backend_type = 'client backend' AND usename <> 'rdsadmin'"
)
_LAG = (
    "SELECT application_name, coalesce(extract(epoch FROM replay_lag) * 1000, 0)::float8 "
    "FROM pg_stat_replication"
)


@dataclass(frozen=True)
class Bounds:
    """Serverless v2 capacity of a cluster, in ACUs."""

    least: float
    most: float


@dataclass(frozen=True)
class MetricSource:
    """An instance's CloudWatch dimensions, and its capacity."""

    instance: str
    cluster: str
    role: str
    """WRITER or READER; empty on its own."""
    instance_class: str
    bounds: Bounds | None

    @property
    def dimensions(self) -> Sequence[Dimensions]:
        own: Dimensions = (("DBInstanceIdentifier", self.instance),)
        if not self.cluster:
            return [own]
        of_cluster = ("DBClusterIdentifier", self.cluster)
        return [own, (of_cluster,), (of_cluster, ("Role", self.role))]


@dataclass(frozen=True)
class Look:
    """One measurement of a server."""

    cpu: float
    """CPUs in use, on average since the last look."""
    memory: int
    """Bytes."""
    clients: int
    lag: float | None
    """Milliseconds that a reader is behind."""


class InsightController:
    """Measures all running servers together."""

    name = "rds-insight"
    wakes_on: frozenset[str] = frozenset()

    def __init__(
        self,
        parts: Parts,
        running: Callable[[], list[Running]],
        paused: Callable[[], frozenset[str]],
    ) -> None:
        """`running` returns every server; `paused` the ARNs of clusters that are paused."""
        self._store = parts.store
        self._running = running
        self._paused = paused
        self._minute = parts.minute
        self.resync = self._minute
        self._exports = Exports(parts)
        self._logins = Logins(parts)
        self._seen = 0.0
        self._cpu: dict[str, tuple[float, float]] = {}
        self._capacity: dict[str, float] = {}

    def all_keys(self) -> Iterable[str]:
        return [_KEY] if self._running() or self._paused() else []

    def reconcile(self, key: str) -> Outcome:
        del key
        running = self._running()
        exporting = self._exports.carry(running)
        self._logins.watch(running)
        begun = math.floor(time.time() / self._minute) * self._minute
        if begun > self._seen:
            self._seen = begun
            # asked here, before the store's lock is taken: who pauses and resumes holds a lock, too
            paused = self._paused()
            if not running and not paused:
                return DONE
            self._put(running, paused, begun)
        left = max(0.05, begun + self._minute - time.time())
        return Requeue(min(left, _LOGS) if exporting else left)

    def close(self) -> None:
        """Export what servers logged as they stopped."""
        self._exports.carry(self._running())

    def _put(self, running: list[Running], paused: frozenset[str], now: float) -> None:
        lags: dict[str, float] = {}
        looks = {}
        for one in running:
            look = self._look(one, lags)
            if look is not None:
                looks[one.identifier] = look
        with self._store.locked():
            places = self._places()
            found = [
                sample
                for name, look in looks.items()
                if name in places
                for sample in self._samples(places[name], look)
            ]
            for place in _of_paused(places, paused):
                self._capacity.pop(place.instance, None)
                found += _capacity(place, 0.0)
            self._store.backend("cloudwatch").observe(found, now - self._minute / 2)

    def _look(self, one: Running, lags: dict[str, float]) -> Look | None:
        """Measure one server. Writers come first: they know how far their readers lag behind."""
        pid = one.server.pid
        if pid is None:
            return None
        family = consumption.family(pid)
        at, used = time.monotonic(), consumption.cpu_seconds(family)
        before, self._cpu[one.identifier] = self._cpu.get(one.identifier), (at, used)
        try:
            with one.server.connect() as connection:
                row = connection.execute(_CLIENTS).fetchone()
                if one.is_writer:
                    lags |= {str(name): float(lag) for name, lag in connection.execute(_LAG)}
        except (DatabaseFailed, psycopg.Error):
            return None  # it is starting or ending; the next look tells
        if before is None or row is None:
            return None
        cpu = max(0.0, used - before[1]) / max(0.001, at - before[0])
        lag = None if one.is_writer else lags.get(one.server.folder.name)
        return Look(cpu, consumption.memory_of_server(family), int(row[0]), lag)

    def _places(self) -> dict[str, MetricSource]:
        """Return each instance's dimensions and capacity. Called under the lock."""
        found = {}
        for instance in self._store.backend("rds").databases.values():
            cluster = getattr(instance, "cluster", None) or None
            scaling = (cluster.serverless_v2_scaling_configuration or {}) if cluster else {}
            role = ("WRITER" if getattr(instance, "is_cluster_writer", False) else "READER") if cluster else ""  # fmt: skip
            serverless = instance.db_instance_class == SERVERLESS and scaling
            found[str(instance.db_instance_identifier)] = MetricSource(
                str(instance.db_instance_identifier),
                str(cluster.db_cluster_identifier) if cluster else "",
                role,
                str(instance.db_instance_class),
                Bounds(float(scaling["MinCapacity"]), float(scaling["MaxCapacity"]))
                if serverless
                else None,
            )
        return found

    def _samples(self, place: MetricSource, look: Look) -> list[Sample]:
        cpus, total = _size(place)
        values = [
            ("CPUUtilization", "Percent", min(100.0, 100 * look.cpu / cpus)),
            ("DatabaseConnections", "Count", float(look.clients)),
            ("FreeableMemory", "Bytes", float(max(0, total - look.memory))),
        ]
        if look.lag is not None:
            values.append(("AuroraReplicaLag", "Milliseconds", look.lag))
        found = [_sample(name, unit, value, where) for name, unit, value in values for where in place.dimensions]  # fmt: skip
        if place.bounds is not None:
            now = capacity(self._capacity.get(place.instance), look.cpu, place.bounds)
            self._capacity[place.instance] = now
            found += _capacity(place, now)
        return found


def _of_paused(places: dict[str, MetricSource], paused: frozenset[str]) -> Iterable[MetricSource]:
    names = {arn.rsplit(":", maxsplit=1)[-1] for arn in paused}
    return [one for one in places.values() if one.cluster in names]


def capacity(before: float | None, cpu: float, bounds: Bounds) -> float:
    """Return the ACUs for a load of `cpu` CPUs.

    They rise at once, and fall by at most half per minute.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.how-it-works.html
    """
    least = max(bounds.least, _STEP)
    needed = math.ceil(cpu / _UNIT_CPU / _STEP) * _STEP
    floor = math.ceil((before or 0.0) / 2 / _STEP) * _STEP
    return min(bounds.most, max(least, needed, floor if (before or 0.0) > needed else 0.0))


def _size(place: MetricSource) -> tuple[float, int]:
    """Return the CPUs and bytes of memory that an instance may use."""
    if place.bounds is not None:
        return place.bounds.most * _UNIT_CPU, int(place.bounds.most * _UNIT_MEMORY)
    if place.instance_class == SERVERLESS:
        return _UNIT_CPU, _UNIT_MEMORY
    return vcpus(place.instance_class), memory(place.instance_class)


def _capacity(place: MetricSource, now: float) -> list[Sample]:
    if place.bounds is None:
        return []
    share = 100 * now / place.bounds.most
    return [
        _sample(name, unit, value, where)
        for name, unit, value in (
            ("ServerlessDatabaseCapacity", "Count", now),
            ("ACUUtilization", "Percent", share),
        )
        for where in place.dimensions
    ]


def _sample(name: str, unit: str, value: float, where: Dimensions) -> Sample:
    return Sample(NAMESPACE, name, where, unit, value)
