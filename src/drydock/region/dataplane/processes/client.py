"""The daemon's side: start a process, signal it, detect its end. Thread-safe."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable
from itertools import count
from typing import Any, Protocol

from drydock.errors import SpawnFailed
from drydock.region.dataplane.processes.protocol import Message, ProcessSpec, Started, pack_spec

log = logging.getLogger(__name__)

ANSWER_SECONDS = 30.0
"""Seconds for PID 1 to start a process; it takes a millisecond or two."""

OnExit = Callable[["Process"], None]


class Process:
    """A started process. `exit_code` is None while it runs, 128 + N if signal N ended it."""

    def __init__(self, started: Started, send_signal: Callable[[int, int, bool], None]) -> None:
        self.pid = started.pid
        self.host_pid = started.host_pid
        self.exit_code: int | None = None
        self._send_signal = send_signal
        self._ended = threading.Event()

    @property
    def running(self) -> bool:
        return self.exit_code is None

    def signal(self, number: int) -> None:
        """Send a signal to it alone; do nothing once it ended."""
        if self.running:
            self._send_signal(self.pid, number, False)

    def terminate(self) -> None:
        self.signal(signal.SIGTERM)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def kill_group(self) -> None:
        """Send SIGKILL to it and to its children that stayed in its process group."""
        if self.running:
            self._send_signal(self.pid, signal.SIGKILL, True)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait at most `timeout` seconds; return the exit code, or None if it still runs."""
        self._ended.wait(timeout)
        return self.exit_code

    def stop(self, grace: float) -> int:
        """Send SIGTERM, then after `grace` seconds SIGKILL; return the exit code."""
        self.terminate()
        if self.wait(grace) is None:
            self.kill()
        code = self.wait(30)
        if code is None:
            raise SpawnFailed(f"process {self.host_pid}", "it does not end, not even by SIGKILL")
        return code

    def has_ended(self, exit_code: int) -> None:
        """Record its end. Called once by the reaper."""
        self.exit_code = exit_code
        self._ended.set()


class Spawner(Protocol):
    """The interface by which the data plane starts processes."""

    def spawn(self, spec: ProcessSpec, on_exit: OnExit | None = None) -> Process:
        """Start a process; return once its program has been executed.

        `on_exit` is called from the spawner's own thread; it must not block.
        Raises SpawnFailed, with the system's words (`No such file or directory: '/x'`).
        """
        ...


class InitClient:
    """A Spawner whose processes are children of the region's PID 1."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._send_lock = threading.Lock()
        self._lock = threading.Lock()
        self._tickets = count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._given_up: set[int] = set()
        """Tickets whose answer came after the caller's timeout."""
        self._unwanted: set[int] = set()
        """Processes of such answers, until they have ended."""
        self._answered = threading.Condition(self._lock)
        self._processes: dict[int, tuple[Process, OnExit | None]] = {}
        self._early_exits: dict[int, int] = {}
        self._gone = False
        threading.Thread(target=self._listen, name="init-client", daemon=True).start()

    def spawn(self, spec: ProcessSpec, on_exit: OnExit | None = None) -> Process:
        fields, fds = pack_spec(spec)
        ticket = next(self._tickets)
        self._send(Message("spawn", {"ticket": ticket, "spec": fields}, fds))
        with self._answered:
            if not self._answered.wait_for(
                lambda: ticket in self._answers or self._gone, ANSWER_SECONDS
            ):
                self._given_up.add(ticket)
                raise SpawnFailed(spec.argv[0], "the region's PID 1 does not answer")
            if self._gone:
                raise SpawnFailed(spec.argv[0], "the region is stopping")
            answer = self._answers.pop(ticket)
            if "error" in answer:
                raise SpawnFailed(f"cannot start {spec.argv[0]}", answer["error"])
            process = Process(Started(answer["pid"], answer["host_pid"]), self._signal)
            early = self._early_exits.pop(process.pid, None)
            if early is None:
                self._processes[process.pid] = (process, on_exit)
        if early is not None:
            self._announce(process, on_exit, early)
        return process

    def _signal(self, pid: int, number: int, group: bool = False) -> None:
        extra = {"group": True} if group else {}
        self._send(Message("signal", {"pid": pid, "signal": number, **extra}))

    def _send(self, message: Message) -> None:
        with self._send_lock:
            try:
                message.send(self._channel)
            except OSError as error:
                raise SpawnFailed(
                    "the region's PID 1", f"cannot be reached ({error.strerror})"
                ) from error

    def _listen(self) -> None:
        while (message := Message.receive(self._channel)) is not None:
            if message.verb == "exited":
                self._on_exited(message.fields["pid"], message.fields["exit_code"])
                continue
            self._on_answer(message.fields)
        with self._answered:
            self._gone = True
            self._answered.notify_all()

    def _on_answer(self, fields: dict[str, Any]) -> None:
        with self._answered:
            if fields["ticket"] not in self._given_up:
                self._answers[fields["ticket"]] = fields
                self._answered.notify_all()
                return
            self._given_up.discard(fields["ticket"])
            if "pid" not in fields:
                return
            self._unwanted.add(fields["pid"])
        self._signal(fields["pid"], signal.SIGKILL)

    def _on_exited(self, pid: int, exit_code: int) -> None:
        with self._lock:
            if pid in self._unwanted:
                self._unwanted.discard(pid)
                return
            entry = self._processes.pop(pid, None)
            if entry is None:
                self._early_exits[pid] = exit_code
                return
        self._announce(*entry, exit_code)

    def _announce(self, process: Process, on_exit: OnExit | None, exit_code: int) -> None:
        process.has_ended(exit_code)
        if on_exit is not None:
            try:
                on_exit(process)
            except Exception:
                log.exception("a watcher of a process failed")
