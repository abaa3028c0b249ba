"""Memory and CPU limits of tasks: enforced by control groups, else by sampling the processes.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size
A task's cpu is a cap where the settings say so. A container's cpu is a share of its task's, not a
cap: it may use what the other containers leave.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from drydock.region.dataplane.processes.limits import lowered
from drydock.region.dataplane.runtime.cgroups.groups import Group, Wanted, name_of
from drydock.region.dataplane.runtime.consumption import Usage
from drydock.region.dataplane.runtime.driver import Container
from drydock.region.dataplane.runtime.memory import SWEEP, MemoryGuard
from drydock.region.services.ecs.controller.definitions import ContainerPlan
from drydock.region.services.ecs.controller.running import RunningTask
from drydock.region.services.ecs.controller.starting import CannotStartError
from drydock.region.services.ecs.operations.sizes import cpu_units, memory_mib
from drydock.region.services.ecs.records import Task
from drydock.region.services.kit.parts import Parts

log = logging.getLogger(__name__)

_MIB = 1024 * 1024
_UNITS = 1024
"""CPU units of one CPU."""


class TaskLimits:
    """The limits of all tasks. Thread-safe, with one thread at a time per task."""

    def __init__(self, parts: Parts) -> None:
        self._groups = parts.groups
        self._settings = parts.config.ecs
        self._guard = MemoryGuard()
        self._lock = threading.Lock()
        self._lowered: list[str] = []
        """Messages about ulimits that this machine allows only in part."""
        self._tasks: dict[str, tuple[Group, dict[str, Group]]] = {}
        """Task's id → its group and those of its containers."""

    @property
    def by_cgroup(self) -> bool:
        """Whether control groups limit memory; otherwise it is sampled."""
        return self._groups.has("memory")

    def status(self) -> dict[str, object]:
        """Return how limits are enforced on this machine, and why it is not what was configured."""
        troubles = self._groups.troubles
        words = []
        if not self.by_cgroup:
            why = troubles.get("memory", "drydock.toml says so")
            words.append(f"Memory is sampled every {SWEEP} s instead of limited by cgroup: {why}")
        if "cpu" in troubles:
            words.append(f"CPU is not capped, although drydock.toml says so: {troubles['cpu']}")
        with self._lock:
            words += self._lowered
        return {
            "memory_limits": "cgroup" if self.by_cgroup else "sampling",
            "cpu_capped": self._groups.has("cpu"),
            "limits_notes": words,
        }

    def usage(self) -> dict[str, Usage]:
        """Return the usage of each running task, by its id."""
        return self._guard.usage()

    def prepare(self, task: Task, plan: ContainerPlan) -> tuple[str, ...]:
        """Make a control group for a container that is about to start; return the groups to start
        it in.

        Raises CannotStartError.
        """
        self._note_lowered(task, plan)
        if not self._groups.roots:
            return ()
        try:
            return self._group(task, plan).entries
        except OSError as error:
            raise CannotStartError(
                "CannotStartContainerError: failed to create containerd task: failed to create shim "
                f"task: unable to apply cgroup configuration: {error.strerror}: {error.filename}",
                plan.name,
            ) from error

    def watch(
        self, task: Task, running: RunningTask, plan: ContainerPlan, container: Container
    ) -> None:
        """Watch a started container, and kill it when it has used up its memory."""

        def kill() -> None:
            if container.running:
                self._note(task.id, running, plan)
                running.out_of_memory.add(plan.name)
                container.process.kill()

        group = self._container(task.id, plan.name)
        limits = (None, None) if group is not None else (_own_memory(plan), _memory(task))
        exceeded = None if group is None else lambda: _killed(group)
        pid = container.process.host_pid
        self._guard.watch(task.id, plan.name, pid, limits, kill, exceeded)

    def ended(self, task_id: str, running: RunningTask, names: Iterable[str]) -> None:
        """Note which of the ended containers the kernel killed for lack of memory."""
        for plan in [one for one in running.plans if one.name in set(names)]:
            group = self._container(task_id, plan.name)
            if group is not None and plan.name not in running.out_of_memory and _killed(group):
                self._note(task_id, running, plan)
                running.out_of_memory.add(plan.name)
            self._guard.forget(task_id, plan.name)

    def forget(self, task_id: str) -> None:
        """Forget an ended task. Idempotent. Raises OSError while a process of it runs."""
        with self._lock:
            found = self._tasks.get(task_id)
        if found is not None:
            found[0].remove()
            with self._lock:
                self._tasks.pop(task_id, None)

    def _note_lowered(self, task: Task, plan: ContainerPlan) -> None:
        """Log once what a container asked for and this machine does not have."""
        with self._lock:
            new = [one for one in lowered(plan.limits) if one not in self._lowered]
            self._lowered += new
        for words in new:
            log.warning(
                "a ulimit is not given whole",
                extra={"task": task.id, "container": plan.name, "why": words},
            )

    def _note(self, task_id: str, running: RunningTask, plan: ContainerPlan) -> None:
        """Note when the task's own memory was used up, not the container's share of it."""
        with self._lock:
            found = self._tasks.get(task_id)
        try:
            by_task = found is not None and self.by_cgroup and found[0].was_full()
        except OSError:  # the task has ended meanwhile, and its group is gone
            by_task = False
        if by_task or plan.memory is None:
            running.task_out_of_memory = True

    def _container(self, task_id: str, name: str) -> Group | None:
        """Return a container's control group, where memory is limited by it."""
        with self._lock:
            found = self._tasks.get(task_id)
        return found[1].get(name) if found is not None and self.by_cgroup else None

    def _group(self, task: Task, plan: ContainerPlan) -> Group:
        with self._lock:
            found = self._tasks.get(task.id)
        if found is None:
            cpus = cpu_units(task.cpu) / _UNITS if task.cpu else None
            found = (self._groups.of_task(task.id, Wanted(_memory(task), cpus)), {})
            with self._lock:
                self._tasks[task.id] = found
        made = found[0].child(name_of(plan.name), Wanted(_own_memory(plan), shares=plan.cpu))
        found[1][plan.name] = made
        return made


def _killed(group: Group) -> bool:
    """Return whether the kernel has killed a process of the group for lack of memory."""
    try:
        return group.killed() > 0
    except OSError as error:
        log.warning("a cgroup is not there any more", extra={"why": str(error)})
        return False


def _own_memory(plan: ContainerPlan) -> int | None:
    """Return a container's own memory limit in bytes."""
    return None if plan.memory is None else plan.memory * _MIB


def _memory(task: Task) -> int | None:
    """Return a task's memory limit in bytes."""
    return memory_mib(task.memory) * _MIB if task.memory else None
