"""Measure the memory of tasks on one thread, and end containers that exceed their limits.

A sweep reads one small file a process (see `consumption`). It is quicker while a task is near its
limit. A container that is still over at the next sweep is killed as by the kernel's OOM killer:
SIGKILL, exit code 137. Where the kernel keeps the limits itself, a sweep ends the rest of a
container it has killed in.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from drydock.region.dataplane.runtime import consumption
from drydock.region.dataplane.runtime.consumption import Usage

log = logging.getLogger(__name__)

SWEEP = 0.5
"""Seconds between two sweeps."""
_NEAR = 0.1
"""Seconds between two sweeps while some task uses more than half of its limit."""
_TREE = 2.0
"""Seconds for which a container's processes are taken to be the same."""


@dataclass
class _Watched:
    pid: int
    limit: int | None
    kill: Callable[[], None]
    exceeded: Callable[[], bool] | None = None
    """Whether the kernel, which limits its memory, has killed a process of it."""
    family: list[int] = field(default_factory=list)
    memory: int | None = None
    """Bytes at the last sweep; None: there was none."""


@dataclass
class _Task:
    limit: int | None
    containers: dict[str, _Watched] = field(default_factory=dict)


def over(used: Mapping[str, int], limits: Mapping[str, int | None], total: int | None) -> list[str]:
    """Return the containers to kill: each above its own limit, and the largest of a task above its."""
    found = [
        name for name, size in used.items() if (own := limits[name]) is not None and size > own
    ]
    left = {name: size for name, size in used.items() if name not in found}
    if total is not None and sum(left.values()) > total:
        found.append(max(left, key=lambda name: left[name]))
    return found


class MemoryGuard:
    """Watches the memory of containers. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[str, _Task] = {}
        self._some = threading.Event()
        self._listed = 0.0
        threading.Thread(target=self._run, name="memory", daemon=True).start()

    def watch(
        self,
        task: str,
        container: str,
        pid: int,
        limits: tuple[int | None, int | None],
        kill: Callable[[], None],
        exceeded: Callable[[], bool] | None = None,
    ) -> None:
        """Watch a container. `limits`: bytes of the container and of the task.

        `kill` is called from the guard's thread, when they are exceeded or `exceeded` says so.
        """
        with self._lock:
            ours = self._tasks.setdefault(task, _Task(limits[1]))
            ours.containers[container] = _Watched(pid, limits[0], kill, exceeded, [pid])
            self._listed = 0.0
        self._some.set()

    def forget(self, task: str, container: str) -> None:
        """Forget a container that has ended. Idempotent."""
        with self._lock:
            ours = self._tasks.get(task)
            if ours is not None:
                ours.containers.pop(container, None)
                if not ours.containers:
                    del self._tasks[task]
            if not self._tasks:
                self._some.clear()

    def usage(self) -> dict[str, Usage]:
        """Return each measured task's usage: memory of the last sweep, current CPU time."""
        with self._lock:
            tasks = {key: list(one.containers.values()) for key, one in self._tasks.items()}
        return {
            key: Usage(
                consumption.cpu_seconds(pid for one in ours for pid in one.family),
                sum(one.memory or 0 for one in ours),
            )
            for key, ours in tasks.items()
            if any(one.memory is not None for one in ours)
        }

    def _run(self) -> None:
        while True:
            self._some.wait()
            try:
                near = self._sweep()
            except Exception:  # one task's surprise must not unguard the others
                log.exception("memory was not looked at")
                near = False
            time.sleep(_NEAR if near else SWEEP)

    def _sweep(self) -> bool:
        """Measure all containers; return whether one is near its limit."""
        now, near = time.monotonic(), False
        with self._lock:
            tasks = {key: (one.limit, dict(one.containers)) for key, one in self._tasks.items()}
            anew, self._listed = (
                (True, now) if now - self._listed > _TREE else (False, self._listed)
            )
        for key, (limit, containers) in tasks.items():
            used = {}
            for name, one in containers.items():
                if anew or near:
                    one.family = consumption.family(one.pid)
                used[name] = consumption.memory(one.family)
            limits = {name: one.limit for name, one in containers.items()}
            if over(used, limits, limit):  # forked processes share most of what they were born with
                used = {
                    name: consumption.proportional_memory(one.family)
                    for name, one in containers.items()
                }
            for name, size in used.items():
                containers[name].memory = size
            # the kernel kills only the largest process; the container's others end with it
            gone = [name for name, one in containers.items() if one.exceeded and one.exceeded()]
            for name in dict.fromkeys([*over(used, limits, limit), *gone]):
                log.info(
                    "memory is used up", extra={"task": key, "container": name, "bytes": used[name]}
                )
                self.forget(key, name)
                containers[name].kill()
            near = near or any(
                allowed is not None and size > allowed / 2
                for size, allowed in (
                    *((used[name], limits[name]) for name in used),
                    (sum(used.values()), limit),
                )
            )
        return near
