"""Start containers: each is a process on its task's ENI, from this machine's or an image's files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from drydock.errors import SpawnFailed
from drydock.region.dataplane.processes.client import Process, Spawner
from drydock.region.dataplane.processes.protocol import ProcessSpec
from drydock.region.dataplane.runtime import visible
from drydock.region.dataplane.runtime.command import (
    Command,
    ContainerRequest,
    ProcessImage,
    Sandbox,
    compose,
    compose_in_image,
)
from drydock.region.dataplane.runtime.images import ContainerImage
from drydock.region.dataplane.runtime.output import Output, Pump, Sink
from drydock.region.dataplane.runtime.terminal import TerminalRequest, open_terminal

_OPEN_FILES = ("nofile", 65535, 65535)
"""Fargate's default, https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Ulimit.html"""
_INHERITED = ("LANG", "LC_ALL", "TZ")


@dataclass
class Container:
    """A container that was started."""

    process: Process
    output: Output
    command: Command
    groups: Sequence[str] = ()
    """The control groups it is in, for programs run inside it later."""

    @property
    def running(self) -> bool:
        return self.process.running

    def ask_to_stop(self) -> None:
        """Send its image's stop signal; SIGTERM by default."""
        self.process.signal(self.command.stop_signal)

    @property
    def finished(self) -> bool:
        """Whether it has ended and its last line has been handed on."""
        return not self.process.running and self.output.ended.is_set()


class Driver:
    """Starts containers: programs of this machine, or with an image's own root. Thread-safe."""

    def __init__(self, spawner: Spawner, pump: Pump) -> None:
        self._spawner = spawner
        self._pump = pump

    def start(
        self,
        request: ContainerRequest,
        image: ProcessImage | ContainerImage,
        place: Sandbox,
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
            base = {**inherited, **place.environment}
            command = compose(request, image, base, os.path.realpath(place.layer))
        own_names = command.image is not None or place.own_names
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
                    resolv_conf=_real(place.resolv_conf),
                    hosts=_real(place.hosts) if own_names else "",
                    uid=command.uid,
                    gid=command.gid,
                    mounts=request.mounts,
                    own_root=command.own_root,
                    limits=_limits(request),
                    groups=place.groups,
                    image=command.image,
                ),
                lambda _process: on_change(),
            )
        except SpawnFailed as error:
            if isinstance(image, ProcessImage) and (words := _unseen(image, command)):
                raise SpawnFailed(error.subject, error.cause, words) from error
            raise
        finally:
            self._pump.started(output)
        return Container(process, output, command, place.groups)

    def execute(
        self, container: Container, argv: Sequence[str], on_end: Callable[[], None]
    ) -> Process:
        """Run a program inside a running container, as its user; its output is discarded.

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
        self,
        container: Container,
        argv: Sequence[str],
        request: TerminalRequest,
        on_end: Callable[[], None],
    ) -> tuple[Process, int]:
        """Run a program at a terminal; return it and the terminal's other end, which the caller
        closes.
        """
        spec = _inside(container, argv)
        has_root = container.command.image or container.command.own_root
        root = f"/proc/{container.process.host_pid}/root" if has_root else ""
        try:
            ours, theirs = open_terminal(request, root)
        except OSError as error:
            raise SpawnFailed(f"a terminal for {argv[0]}", str(error)) from error
        env = {**spec.env, "TERM": request.kind}
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


def _limits(request: ContainerRequest) -> Sequence[tuple[str, int, int]]:
    given = {name for name, _, _ in request.limits}
    return request.limits if "nofile" in given else (*request.limits, _OPEN_FILES)


def _real(path: str) -> str:
    return os.path.realpath(path) if path else ""


def _unseen(image: ProcessImage, command: Command) -> str:
    """Return what to configure, if this machine has the program and its task does not see it."""
    path = visible.unseen(
        image.view(), command.argv[0], command.cwd, command.environment.get("PATH", "")
    )
    if not path:
        return ""
    return f"{path} is on this machine, but the task does not see it: {visible.remedy(image.name, path)}"


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
