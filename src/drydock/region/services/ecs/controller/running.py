"""The running containers of one task: their health checks, and when SIGKILL is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from drydock.region.dataplane.processes.client import Process
from drydock.region.dataplane.runtime.driver import Container
from drydock.region.services.ecs.controller import ordering
from drydock.region.services.ecs.controller.definitions import ContainerPlan
from drydock.region.services.ecs.controller.health import Monitor
from drydock.region.services.ecs.controller.starting import Prepared

Execute = Callable[[Container, Sequence[str]], Process]


@dataclass
class _Part:
    """A container that was started."""

    plan: ContainerPlan
    container: Container
    started: float
    monitor: Monitor | None
    kill_at: float | None = None


class RunningTask:
    """The containers of a task that run or ran.

    One thread at a time changes it; any may call `pids`.

    Every `now` is in monotonic seconds.
    """

    def __init__(self) -> None:
        self.prepared: Mapping[str, Prepared] = {}
        """The prepared containers by name; empty until all are prepared."""
        self.agent_trouble: str | None = None
        """Why ExecuteCommand's agent can't work, empty if it can; None: ExecuteCommand is not enabled."""
        self.out_of_memory: set[str] = set()
        """Containers that were ended because they used too much."""
        self.task_out_of_memory = False
        """Whether one of them had used up the task's memory."""
        self._parts: dict[str, _Part] = {}

    @property
    def containers(self) -> dict[str, Container]:
        """The containers that were started, by name."""
        return {name: part.container for name, part in self._parts.items()}

    @property
    def plans(self) -> list[ContainerPlan]:
        """All containers, in the order of the definition, once they have what they need."""
        return [one.plan for one in self.prepared.values()]

    def add(
        self, plan: ContainerPlan, container: Container, execute: Execute, scale: float, now: float
    ) -> None:
        """Add a container that was started. `execute` runs its health checks."""
        monitor = None
        if (check := plan.health_check) is not None:
            monitor = Monitor(check, lambda: execute(container, check.argv), scale, now)
        self._parts = {**self._parts, plan.name: _Part(plan, container, now, monitor)}

    # -- starting

    def next_steps(self, now: float) -> ordering.Steps:
        """Return which containers may start next."""
        return ordering.next_steps(
            self.plans,
            {
                name: ordering.State(
                    age=now - part.started,
                    exit_code=part.container.process.exit_code,
                    health=part.monitor.health.status if part.monitor else "UNKNOWN",
                )
                for name, part in self._parts.items()
            },
        )

    @property
    def started(self) -> bool:
        """Whether every container was started."""
        return bool(self.prepared) and self.prepared.keys() == self._parts.keys()

    # -- health

    def check_health(self, now: float) -> float | None:
        """Run the checks that are due; return the seconds until the next one, None if there is
        none.
        """
        due = [
            part.monitor.step(now)
            for part in self._parts.values()
            if part.monitor is not None and part.container.running
        ]
        return min(due, default=None)

    def healths(self) -> dict[str, str]:
        """Return the health of each container that has a health check."""
        return {
            name: part.monitor.health.status
            if (part := self._parts.get(name)) and part.monitor
            else "UNKNOWN"
            for name in (plan.name for plan in self.plans if plan.health_check is not None)
        }

    @property
    def health(self) -> str:
        """The task's health."""
        checked = self.healths()
        return ordering.task_health(
            [checked[plan.name] for plan in self.plans if plan.essential and plan.name in checked]
        )

    # -- ending

    @property
    def essential_ended(self) -> bool:
        """Whether an essential container has ended."""
        return any(self._parts[name].plan.essential for name, _ in self.exits())

    @property
    def unfinished(self) -> list[str]:
        """The containers that run, or whose last lines are not stored yet."""
        return [name for name, part in self._parts.items() if not part.container.finished]

    @property
    def ending(self) -> bool:
        """Whether the task's containers have been asked to end."""
        return any(part.kill_at is not None for part in self._parts.values())

    def exits(self) -> Iterator[tuple[str, int]]:
        """Yield the containers that have ended, with their exit codes."""
        for name, part in self._parts.items():
            code = part.container.process.exit_code
            if code is not None:
                yield name, code

    def pids(self) -> list[int]:
        """Return the host's ids of the processes that run."""
        parts = self._parts.values()
        return [one.container.process.host_pid for one in parts if one.container.running]

    def drivers(self) -> dict[str, str]:
        """Return each started container's driver: "process" or "container"."""
        return {
            name: "process" if part.container.command.image is None else "container"
            for name, part in self._parts.items()
        }

    def first_pids(self) -> dict[str, int]:
        """Return the host's id of the first process of each running container, by name."""
        parts = self._parts.items()
        return {
            name: part.container.process.host_pid for name, part in parts if part.container.running
        }

    def end(self, now: float) -> float:
        """Send SIGTERM to each container once none depends on it, SIGKILL when its stopTimeout is
        over.

        Return the seconds after which to call again; an end wakes earlier.
        """
        unfinished = self.unfinished
        asked = ordering.may_stop(self.plans, set(unfinished))
        due = []
        for name in unfinished:
            part = self._parts[name]
            process = part.container.process
            if part.kill_at is None:
                if name not in asked:
                    continue
                part.kill_at = now + part.plan.stop_timeout
                part.container.ask_to_stop()
            elif now >= part.kill_at:
                process.kill()
                part.kill_at = now + 1.0
            due.append(part.kill_at - now)
        return max(min(due, default=0.0), 0.01)

    def kill(self) -> None:
        """Send SIGKILL to all."""
        for part in self._parts.values():
            part.container.process.kill()
