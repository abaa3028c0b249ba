"""One HAProxy process, from its configuration file to its end."""

from __future__ import annotations

import logging
import shutil
import signal
import socket
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from drydock.errors import BalancerFailed
from drydock.paths import write_private
from drydock.region.dataplane.balancer import certificates, logfiles
from drydock.region.dataplane.balancer.config import Placement, render
from drydock.region.dataplane.balancer.conversation import Conversation
from drydock.region.dataplane.balancer.firewall import addresses
from drydock.region.dataplane.balancer.frontends import frontend_name
from drydock.region.dataplane.balancer.launching import (
    FIRST_FD,
    START_TIMEOUT,
    Files,
    spawn,
    stats_socket,
)
from drydock.region.dataplane.balancer.runtime import Runtime
from drydock.region.dataplane.balancer.silence import why
from drydock.region.dataplane.balancer.spec import LoadBalancer
from drydock.region.dataplane.balancer.traffic import QUESTIONS, Grown, Tally
from drydock.region.dataplane.processes.client import Process, Spawner

log = logging.getLogger(__name__)

_LINGER = 2.0
"""Seconds between two readings of the counters of a process that drains."""
_SUFFIXES = (".cfg", ".state", ".log")
_FOLDER = ".tls"
"""Suffix of the process's working folder, which holds its certificates."""


@dataclass(frozen=True)
class Launch:
    """The inputs of a new process."""

    spec: LoadBalancer
    sockets: Mapping[str, Sequence[socket.socket]]
    """By listener key; they stay the caller's."""
    states: str
    """The server state file's text."""
    fail_open: Collection[str]
    """Keys of target groups, as Placement has them."""
    base: Path
    """Its files are this path with a suffix."""
    netns: int | None = None


class Instance:
    """A HAProxy that answered on its runtime socket at least once."""

    def __init__(
        self, process: Process, runtime: Runtime, base: Path, listeners: Sequence[str] = ()
    ) -> None:
        """`listeners` are the keys of those that it serves."""
        self.process = process
        self.runtime = runtime
        self._listeners = listeners
        self.tally = Tally()
        self._retired_at: float | None = None
        self._conversation: Conversation | None = None
        self._lingered_at = 0.0
        self._base = base

    @classmethod
    def start(
        cls, spawner: Spawner, launch: Launch, on_exit: Callable[[Process], None]
    ) -> Instance:
        """Start a process and wait until it serves.

        Raises BalancerFailed, with HAProxy's own message, if it refuses its configuration or does
        not answer; ProgramMissing if there is no HAProxy. Nothing is left running then.
        """
        with stats_socket() as (stats, address):
            process = _spawn(spawner, launch, stats, on_exit)
        runtime = Runtime(address, lambda: why(process.host_pid, running=process.running))
        served = [one.key for one in launch.spec.listeners if launch.sockets.get(one.key)]
        instance = cls(process, runtime, launch.base, served)
        try:
            runtime.ask("show version", START_TIMEOUT)
        except BalancerFailed as error:
            instance.kill()
            process.wait(START_TIMEOUT)
            words = instance.last_words() or _complaint(spawner, launch) or error.cause
            instance.forget_files()
            raise BalancerFailed("HAProxy does not start", words) from error
        return instance

    def count(self, grown: Grown) -> None:
        """Add the growth of its counters. Raises BalancerFailed if it does not answer."""
        self.tally.read(self.runtime.ask("; ".join(QUESTIONS)), grown)

    def linger(self, grown: Grown) -> None:
        """Keep counting while it drains. To be called repeatedly: the last call lets it end."""
        if self._conversation is None:
            return
        try:
            done = "\nJobs: 1\n" in self._conversation.ask("show info")
            if done or time.monotonic() - self._lingered_at >= _LINGER:
                self._lingered_at = time.monotonic()
                answers = [self._conversation.ask(question).strip("\n") for question in QUESTIONS]
                self.tally.read("\n\n".join(answers), grown)
        except BalancerFailed as error:
            log.info("an old HAProxy counts no more", extra={"why": str(error)})
            done = True
        if done:
            # the conversation was the last thing that it had to do
            self._conversation.close()
            self._conversation = None

    def retire(self) -> None:
        """Accept no more connections; end by itself once every request and connection is done.

        From then on it answers only the questions of `linger`.
        """
        self._retired_at = time.monotonic()
        try:
            # the signal alone is heard a moment later, and until then it would take connections
            for listener in self._listeners:
                self.runtime.send(f"shutdown frontend {frontend_name(listener)}")
            self._conversation = Conversation(self.runtime.address)
        except BalancerFailed as error:
            if self.process.running:
                log.warning("HAProxy stops accepting late", extra={"why": str(error)})
        self.process.signal(signal.SIGUSR1)

    def retired_for(self) -> float:
        """Return the seconds since `retire`; 0 before."""
        return time.monotonic() - self._retired_at if self._retired_at is not None else 0.0

    def kill(self) -> None:
        """End it now, with its requests in flight."""
        self.process.kill()
        if self._conversation is not None:
            self._conversation.close()
            self._conversation = None

    def last_words(self) -> str:
        """Return what HAProxy printed, without its notices about itself."""
        try:
            text = self._file(".log").read_text(errors="replace")
        except FileNotFoundError:
            return ""
        lines = [line.strip() for line in text.splitlines() if not line.startswith("[NOTICE]")]
        return "\n".join(line for line in lines if line)[-4000:]

    def forget_files(self) -> None:
        for suffix in _SUFFIXES:
            self._file(suffix).unlink(missing_ok=True)
        shutil.rmtree(self._file(_FOLDER), ignore_errors=True)

    def _file(self, suffix: str) -> Path:
        return self._base.with_name(self._base.name + suffix)


def _complaint(spawner: Spawner, launch: Launch) -> str:
    """Return HAProxy's message about a refused configuration, from a check run: at the start it is
    quiet.
    """
    with socket.socket(socket.AF_UNIX) as stats:
        stats.bind("")
        stats.listen()
        check = _spawn(spawner, launch, stats, lambda _process: None, quiet=False)
        check.wait(START_TIMEOUT)
        check.kill()
    return Instance(check, Runtime(""), launch.base).last_words()


def _spawn(
    spawner: Spawner,
    launch: Launch,
    stats: socket.socket,
    on_exit: Callable[[Process], None],
    *,
    quiet: bool = True,
) -> Process:
    base = launch.base
    passed = [stats.fileno()]
    numbers: dict[str, list[int]] = {}
    for listener in launch.spec.listeners:
        for listening in launch.sockets.get(listener.key, ()):
            numbers.setdefault(listener.key, []).append(FIRST_FD + len(passed))
            passed.append(listening.fileno())
    with _log_file(launch.spec) as log_file:
        log_fd = FIRST_FD + len(passed) if log_file else -1
        passed += log_file
        placement = Placement(
            FIRST_FD, numbers, str(_with(base, ".state")), launch.fail_open, log_fd=log_fd
        )
        folder = _write_files(launch, placement, complete=quiet)
        files = Files(_with(base, ".cfg"), _with(base, ".log"), folder)
        return spawn(spawner, files, passed, launch.netns, on_exit, quiet=quiet)


@contextmanager
def _log_file(spec: LoadBalancer) -> Iterator[list[int]]:
    """Yield the descriptor that logs are written to; none without logs."""
    if spec.logs is None:
        yield []
        return
    with logfiles.created(Path(spec.logs.folder)) as descriptor:
        yield [descriptor]


def _write_files(launch: Launch, placement: Placement, *, complete: bool) -> Path:
    """Write a process's files; return its working folder.

    Not `complete`: certificates exist already.
    """
    write_private(_with(launch.base, ".state"), launch.states)
    write_private(_with(launch.base, ".cfg"), render(launch.spec, placement))
    folder = _with(launch.base, _FOLDER)
    folder.mkdir(mode=0o700, exist_ok=True)
    if complete:
        for listener in launch.spec.listeners:
            if listener.tls is not None:
                certificates.write(listener, folder)
        addresses.write(launch.spec.firewall, folder)
    return folder


def _with(base: Path, suffix: str) -> Path:
    return base.with_name(base.name + suffix)
