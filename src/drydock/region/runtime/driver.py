"""The process driver: a container is a process of this machine on its task's ENI."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from drydock.region.processes.client import Process, Spawner
from drydock.region.processes.protocol import ProcessSpec
from drydock.region.runtime.command import Command, ContainerRequest, ProcessImage, compose
from drydock.region.runtime.output import Output, Pump, Sink

_INHERITED = ("LANG", "LC_ALL", "TZ")


@dataclass
class Container:
    """A container that was started."""

    process: Process
    output: Output
    command: Command

    @property
    def running(self) -> bool:
        return self.process.running

    @property
    def finished(self) -> bool:
        """It has ended and its last line has been handed on."""
        return not self.process.running and self.output.ended.is_set()


@dataclass(frozen=True)
class Place:
    """Where a container runs: its task's network namespace and what names mean there."""

    netns: int
    resolv_conf: str
    environment: Mapping[str, str]
    """What every container of the task gets unless it says otherwise."""
    stage: str = ""
    """An empty folder, where new paths of volumes can be put together."""


@dataclass(frozen=True)
class Terminal:
    """What a program inside a container talks to."""

    descriptor: int
    """The program's end; the caller closes it."""
    environment: Mapping[str, str]
    """Variables besides the container's."""


class ProcessDriver:
    """Starts containers. Thread-safe."""

    def __init__(self, spawner: Spawner, pump: Pump) -> None:
        self._spawner = spawner
        self._pump = pump

    def start(
        self,
        request: ContainerRequest,
        image: ProcessImage,
        place: Place,
        sink: Sink,
        on_change: Callable[[], None],
    ) -> Container:
        """Start a container; its lines go to `sink`.

        Raises ImageNotFound, SpawnFailed. `on_change` is called when it ends and when its last line
        was handed on, from the spawner's or the pump's thread; it must not block.
        """
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        command = compose(request, image, {**inherited, **place.environment})
        output = self._pump.open(sink, on_change)
        try:
            process = self._spawner.spawn(
                ProcessSpec(
                    argv=command.argv,
                    env=command.environment,
                    cwd=command.cwd,
                    netns=place.netns,
                    stdout=output.writer,
                    stderr=output.writer,
                    resolv_conf=place.resolv_conf,
                    uid=command.uid,
                    gid=command.gid,
                    mounts=request.mounts,
                    root=place.stage,
                    limits=request.limits,
                ),
                lambda _process: on_change(),
            )
        finally:
            self._pump.started(output)
        return Container(process, output, command)

    def execute(
        self,
        container: Container,
        argv: Sequence[str],
        on_end: Callable[[], None],
        terminal: Terminal | None = None,
    ) -> Process:
        """Run a program inside a container that runs, as its user; without a terminal its output is
        nobody's.

        Raises SpawnFailed. `on_end` is called from the spawner's thread; it must not block.
        """
        command, process = container.command, container.process
        variables = {} if terminal is None else terminal.environment
        null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        output = null if terminal is None else terminal.descriptor
        try:
            return self._spawner.spawn(
                ProcessSpec(
                    argv=argv,
                    env={**command.environment, **variables},
                    cwd=command.cwd,
                    stdin=None if terminal is None else terminal.descriptor,
                    stdout=output,
                    stderr=output,
                    terminal=terminal is not None,
                    uid=command.uid,
                    gid=command.gid,
                    join=(process.pid, process.host_pid),
                ),
                lambda _process: on_end(),
            )
        finally:
            os.close(null)
