"""A running proxy: its HAProxy process, its sockets, and its servers."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from drydock.errors import BalancerFailed
from drydock.paths import write_private
from drydock.region.dataplane.balancer.health import parse_servers
from drydock.region.dataplane.balancer.launching import (
    FIRST_FD,
    START_TIMEOUT,
    Files,
    spawn,
    stats_socket,
)
from drydock.region.dataplane.balancer.mesh.config import listening, render, server_options
from drydock.region.dataplane.balancer.mesh.plan import Step, plan
from drydock.region.dataplane.balancer.mesh.spec import Mesh, Server
from drydock.region.dataplane.balancer.runtime import Runtime
from drydock.region.dataplane.balancer.silence import why
from drydock.region.dataplane.processes.client import Process, Spawner

log = logging.getLogger(__name__)

YOUNG = 1.0
"""Seconds. One that ends sooner would fail again if it were restarted at once."""


class Proxy:
    """The proxy of one task. One thread at a time calls it."""

    def __init__(
        self,
        spawner: Spawner,
        folder: Path,
        netns: int,
        mesh: Mesh,
        sockets: Mapping[str, socket.socket],
    ) -> None:
        """`folder` is its own and exists.

        `sockets`: listening ones in the namespace, by the keys of `config.listening`; the proxy
        owns them now.
        """
        self._spawner = spawner
        self._folder = folder
        self._netns = netns
        self._mesh = mesh
        self._sockets = sockets
        self._process: Process | None = None
        self._runtime: Runtime | None = None
        self._started = 0.0

    def converge(
        self,
        wanted: Mapping[str, Collection[Server]],
        on_exit: Callable[[], None],
        output: Callable[[], int] | None = None,
    ) -> bool:
        """Keep the process running with exactly these servers; return whether nothing is left to
        do.

        `on_exit` is called from the spawner's thread when it ends. `output` opens a descriptor for
        its log, which is closed here. Raises BalancerFailed, ProgramMissing.
        """
        if self._process is not None and not self._process.running:
            self._process = None
            if time.monotonic() - self._started < YOUNG:
                # callers wait a while after an error before they try again
                raise BalancerFailed("the proxy of Service Connect ended at once", self._words())
        if self._process is None:
            self._start(on_exit, output)
        for step in (steps := plan(self._mesh, wanted, self._seen())):
            self._take(step)
        return not any(step.verb in ("spare", "forget") for step in steps) and not self._leaving(
            wanted
        )

    def stop(self) -> None:
        """End the proxy at once. Idempotent."""
        if self._process is not None:
            self._process.kill()
            if self._process.wait(START_TIMEOUT) is None:
                raise BalancerFailed(f"HAProxy {self._process.host_pid}", "it does not end")
            self._process = None
        for listening_socket in self._sockets.values():
            listening_socket.close()

    def _leaving(self, wanted: Mapping[str, Collection[Server]]) -> bool:
        """Return whether unwanted servers are left."""
        return len(self._seen()) > sum(len(set(each)) for each in wanted.values())

    def _seen(self) -> dict[tuple[str, str], tuple[bool, int]]:
        found = parse_servers(self._ask("show stat -1 4 -1"))
        return {
            place: (server.up, server.sessions)
            for place, server in found.items()
            if place[1] != "own"
        }

    def _take(self, step: Step) -> None:
        name = f"{step.backend}/{step.server}"
        match step.verb:
            case "add":
                options = server_options(step.protocol)
                words = f"add server {name} {step.server} {options}".rstrip()
                self._send(words, "New server registered.")
                self._send(f"enable server {name}")
            case "ready":
                self._send(f"set server {name} state ready")
            case "spare":
                self._send(f"set server {name} state maint")
            case "forget":
                # a server that got a connection just now stays, and is tried again
                self._ask(f"del server {name}")

    def _ask(self, command: str) -> str:
        if self._runtime is None:
            raise BalancerFailed("a proxy of Service Connect", "it does not run")
        return self._runtime.ask(command)

    def _send(self, command: str, expect: str = "") -> None:
        if self._runtime is not None:
            self._runtime.send(command, expect)

    def _start(self, on_exit: Callable[[], None], output: Callable[[], int] | None) -> None:
        with stats_socket() as (stats, address):
            process = self._spawn(stats, on_exit, output)
        self._process, self._runtime = (
            process,
            Runtime(address, lambda: why(process.host_pid, running=process.running)),
        )
        try:
            self._runtime.ask("show version", START_TIMEOUT)
        except BalancerFailed as error:
            process.kill()
            process.wait(START_TIMEOUT)
            raise BalancerFailed(
                "the proxy of Service Connect does not start", self._words() or error.cause
            ) from error
        self._started = time.monotonic()

    def _words(self) -> str:
        return self._file("log").read_text(errors="replace").strip()

    def _spawn(
        self,
        stats: socket.socket,
        on_exit: Callable[[], None],
        output: Callable[[], int] | None,
    ) -> Process:
        keys = listening(self._mesh)
        numbers = {key: FIRST_FD + 1 + place for place, key in enumerate(keys)}
        passed = [stats.fileno(), *(self._sockets[key].fileno() for key in keys)]
        # by a number of its own: quiet, it gives up its stdout
        written = output() if output is not None else None
        log_fd = None if written is None else FIRST_FD + len(passed)
        files = Files(self._file("cfg"), self._file("log"), self._folder)
        try:
            write_private(files.config, render(self._mesh, FIRST_FD, numbers, log_fd))
            passed += [] if written is None else [written]
            return spawn(self._spawner, files, passed, self._netns, lambda _process: on_exit())
        finally:
            if written is not None:
                os.close(written)

    def _file(self, suffix: str) -> Path:
        return self._folder / f"proxy.{suffix}"
