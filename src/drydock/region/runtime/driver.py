"""The driver: a container is a process on its task's ENI, of this machine's or of an image's files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from drydock.errors import SpawnFailed
from drydock.region.processes.client import Process, Spawner
from drydock.region.processes.protocol import ProcessSpec
from drydock.region.runtime.command import (
    Command,
    ContainerRequest,
    Place,
    ProcessImage,
    compose,
    compose_in_image,
)
from drydock.region.runtime.images import ContainerImage
from drydock.region.runtime.output import Output, Pump, Sink
from drydock.region.runtime.terminal import Wish, open_terminal

_INHERITED = ("LANG", "LC_ALL", "TZ")


@dataclass
class Container:
    """A container that was started."""

    process: Process
    output: Output
    command: Command
    groups: Sequence[str] = ()
    """The control groups it is in, for what is run inside it later."""

    @property
    def running(self) -> bool:
        return self.process.running

    def ask_to_stop(self) -> None:
        """Send its image's stop signal; SIGTERM, unless that says otherwise."""
        self.process.signal(self.command.stop_signal)

    @property
    def finished(self) -> bool:
        """It has ended and its last line has been handed on."""
        return not self.process.running and self.output.ended.is_set()


class Driver:
    """Starts containers: of this machine's programs, or with an image's root of their own. Thread-safe."""

    def __init__(self, spawner: Spawner, pump: Pump) -> None:
        self._spawner = spawner
        self._pump = pump

    def start(
        self,
        request: ContainerRequest,
        image: ProcessImage | ContainerImage,
        place: Place,
        sink: Sink,
        on_change: Callable[[], None],
    ) -> Container:
        """Start a container; its lines go to `sink`.

        Raises ImageNotFound, SpawnFailed. `on_change` is called when it ends and when its last line
        was handed on, from the spawner's or the pump's thread; it must not block.
        """
        if isinstance(image, ContainerImage):
            command = compose_in_image(request, image, place)
        else:
            inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
            # root's own home is closed to a task: it is root of its user namespace alone
            home = {"HOME": place.layer} if place.layer else {}
            command = compose(request, image, {**inherited, **home, **place.environment})
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
                    hosts=place.hosts if command.image is not None or place.own_names else "",
                    uid=command.uid,
                    gid=command.gid,
                    mounts=request.mounts,
                    root=place.stage,
                    limits=request.limits,
                    groups=place.groups,
                    image=command.image,
                ),
                lambda _process: on_change(),
            )
        finally:
            self._pump.started(output)
        return Container(process, output, command, place.groups)

    def execute(
        self, container: Container, argv: Sequence[str], on_end: Callable[[], None]
    ) -> Process:
        """Run a program inside a container that runs, as its user; its output is nobody's.

        Raises SpawnFailed. `on_end` is called from the spawner's thread; it must not block.
        """
        null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        try:
            spec = _inside(container, argv)
            return self._spawner.spawn(
                replace(spec, stdout=null, stderr=null), lambda _process: on_end()
            )
        finally:
            os.close(null)

    def enter(
        self, container: Container, argv: Sequence[str], wish: Wish, on_end: Callable[[], None]
    ) -> tuple[Process, int]:
        """`execute` at a terminal → the program, and the terminal's other end: the caller closes it."""
        spec = _inside(container, argv)
        root = f"/proc/{container.process.host_pid}/root" if spec.image is not None else ""
        try:
            ours, theirs = open_terminal(wish, root)
        except OSError as error:
            raise SpawnFailed(f"a terminal for {argv[0]}", str(error)) from error
        env = {**spec.env, "TERM": wish.kind}
        try:
            at_terminal = replace(
                spec, env=env, stdin=theirs, stdout=theirs, stderr=theirs, terminal=True
            )
            return self._spawner.spawn(at_terminal, lambda _process: on_end()), ours
        except SpawnFailed:
            os.close(ours)
            raise
        finally:
            os.close(theirs)


def _inside(container: Container, argv: Sequence[str]) -> ProcessSpec:
    command, process = container.command, container.process
    return ProcessSpec(
        argv=argv,
        env=command.environment,
        cwd=command.cwd,
        uid=command.uid,
        gid=command.gid,
        image=command.image,
        join=(process.pid, process.host_pid),
        groups=container.groups,
    )
