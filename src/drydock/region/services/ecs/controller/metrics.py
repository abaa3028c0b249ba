"""Publish the CPU and memory use of services and clusters, every minute of region time.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from drydock.region.dataplane.runtime.consumption import Usage
from drydock.region.services.cloudwatch import Dimensions, Sample
from drydock.region.services.ecs.records import Task
from drydock.region.services.kit.controller import Outcome, Requeue
from drydock.region.services.kit.parts import Parts

NAMESPACE = "AWS/ECS"
_UNITS = 1024.0
"""CPU units of one CPU."""
_MIB = 2**20
_KEY = "ecs-metrics"


@dataclass(frozen=True)
class Size:
    """A task's CPU and memory sizes, with its cluster and service."""

    cluster: str
    service: str | None
    cpu: float
    """CPU units."""
    memory: float
    """MiB."""


@dataclass(frozen=True)
class Share:
    """A task's use of its size, in percent."""

    size: Size
    cpu: float
    memory: float


class UsageController:
    """The controller that measures all running tasks together."""

    name = "ecs-metrics"
    wakes_on: frozenset[str] = frozenset()

    def __init__(self, parts: Parts, usage: Callable[[], Mapping[str, Usage]]) -> None:
        """`usage` returns the usage of each running task, by its id."""
        self._store = parts.store
        self._usage = usage
        self._minute = parts.minute
        self.resync = self._minute
        self._measured = 0.0
        self._before: dict[str, tuple[float, Usage]] = {}

    def all_keys(self) -> Iterable[str]:
        return [_KEY]

    def reconcile(self, key: str) -> Outcome:
        del key
        begun = math.floor(time.time() / self._minute) * self._minute
        if begun > self._measured:
            self._measured = begun
            self._put(self._usage(), begun)
        return Requeue(max(0.01, begun + self._minute - time.time()))

    def close(self) -> None:
        """Do nothing: the controller runs nothing of its own."""

    def _put(self, used: Mapping[str, Usage], now: float) -> None:
        before, at = self._before, time.monotonic()
        self._before = {task: (at, usage) for task, usage in used.items()}
        if not used:
            return
        with self._store.locked():
            tasks = self._store.backend("ecs").tasks.values()
            sizes = {
                task.id: _size(task)
                for ours in tasks
                for task in ours.values()
                if task.id in used and task.id in before and task.last_status == "RUNNING"
            }
            shares = [
                share(size, before[task][1], used[task], at - before[task][0])
                for task, size in sizes.items()
            ]
            # in the middle of the minute that they are of
            backend = self._store.backend("cloudwatch")
            backend.observe(samples(shares), now - self._minute / 2)


def share(size: Size, before: Usage, after: Usage, seconds: float) -> Share:
    """Return a task's use over some seconds, in percent of its size.

    CPU may exceed 100: it is not capped.
    """
    busy = max(0.0, after.cpu - before.cpu) / seconds
    return Share(
        size,
        cpu=100 * busy * _UNITS / size.cpu,
        memory=100 * after.memory / (size.memory * _MIB),
    )


def samples(shares: Iterable[Share]) -> list[Sample]:
    """Return CPUUtilization and MemoryUtilization of each service and each cluster."""
    groups: dict[Dimensions, list[Share]] = {}
    for one in shares:
        cluster = ("ClusterName", one.size.cluster)
        groups.setdefault((cluster,), []).append(one)
        if one.size.service is not None:
            groups.setdefault((cluster, ("ServiceName", one.size.service)), []).append(one)
    found = []
    for where, ours in groups.items():
        cpu = [one.cpu for one in ours]
        memory = [one.memory for one in ours]
        for name, values in (("CPUUtilization", cpu), ("MemoryUtilization", memory)):
            found.append(
                Sample(
                    NAMESPACE,
                    name,
                    where,
                    "Percent",
                    sum(values),
                    len(values),
                    min(values),
                    max(values),
                )
            )
    return found


def _size(task: Task) -> Size:
    return Size(
        task.cluster_name,
        task.service_name,
        cpu=_number(task.cpu, "vcpu") or 256.0,
        memory=_number(task.memory, "gb") or 512.0,
    )


def _number(text: str | None, unit: str) -> float:
    """Parse 256 or ".25 vCPU" into CPU units, 512 or "0.5 GB" into MiB."""
    lower = (text or "0").lower().strip()
    if lower.endswith(unit):
        return float(lower.removesuffix(unit)) * 1024
    return float(lower)
