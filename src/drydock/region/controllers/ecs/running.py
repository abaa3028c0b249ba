"""The data plane of one task: its containers, and when SIGKILL is due."""

from __future__ import annotations

from collections.abc import Iterator

from drydock.region.controllers.ecs.definitions import ContainerPlan
from drydock.region.runtime.driver import Container


class RunningTask:
    """What runs, or ran, of a task. One thread at a time changes it; `pids` may be asked by all."""

    def __init__(self) -> None:
        self.containers: dict[str, Container] = {}
        self._plans: dict[str, ContainerPlan] = {}
        self._kill_at: dict[str, float] = {}

    def add(self, plan: ContainerPlan, container: Container) -> None:
        """A container that was started."""
        self._plans[plan.name] = plan
        self.containers = {**self.containers, plan.name: container}

    @property
    def essential_ended(self) -> bool:
        """Whether a container has ended without which the task may not go on."""
        return any(self._plans[name].essential for name, _ in self.exits())

    @property
    def unfinished(self) -> list[str]:
        """The containers that run, or whose last lines are not stored yet."""
        return [name for name, one in self.containers.items() if not one.finished]

    @property
    def ending(self) -> bool:
        """Whether its containers have been asked to end."""
        return bool(self._kill_at)

    def exits(self) -> Iterator[tuple[str, int]]:
        """The containers that have ended, with their exit codes."""
        for name, container in self.containers.items():
            code = container.process.exit_code
            if code is not None:
                yield name, code

    def pids(self) -> list[int]:
        """The host's ids of the processes that run."""
        return [one.process.host_pid for one in self.containers.values() if one.running]

    def end(self, now: float) -> float:
        """SIGTERM to each container, and SIGKILL when its stopTimeout is over.

        `now` in monotonic seconds → seconds after which to call again; an end wakes earlier.
        """
        due = []
        for name in self.unfinished:
            process = self.containers[name].process
            if name not in self._kill_at:
                self._kill_at[name] = now + self._plans[name].stop_timeout
                process.terminate()
            elif now >= self._kill_at[name]:
                process.kill()
                self._kill_at[name] = now + 1.0
            due.append(self._kill_at[name] - now)
        return max(min(due, default=0.0), 0.01)

    def kill(self) -> None:
        """SIGKILL to all."""
        for container in self.containers.values():
            container.process.kill()
