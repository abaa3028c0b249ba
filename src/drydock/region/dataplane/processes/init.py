"""PID 1 of the region: starts processes for the daemon, reaps all, and ends with the daemon.

It has one thread and imports little, so that a fork costs half a millisecond and is safe. When it
ends, however it ends, the kernel kills every process of its PID namespace: nothing is left behind.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import sys

from drydock.region.dataplane.processes.birth import spawn
from drydock.region.dataplane.processes.protocol import Message, unpack_spec


class Init:
    """The loop of PID 1. `channel` leads to the daemon; `daemon` is the daemon's pid.

    `files`: the soft limit of open files of started processes that set none.
    """

    def __init__(self, channel: socket.socket, daemon: int, files: int | None = None) -> None:
        self._channel = channel
        self._daemon = daemon
        self._files = files
        self._children: set[int] = set()

    def run(self) -> int:
        """Serve until the daemon ends; return its exit code."""
        wake_reader, wake_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        poll = select.poll()
        poll.register(wake_reader, select.POLLIN)
        poll.register(self._channel, select.POLLIN)
        while True:
            ended = self._reap()
            if ended is not None:
                return ended
            ready = [descriptor for descriptor, _ in poll.poll()]
            if wake_reader in ready:
                os.read(wake_reader, 4096)
            if self._channel.fileno() in ready:
                message = Message.receive(self._channel)
                if message is None:
                    # the daemon is ending: its own exit code counts
                    poll.unregister(self._channel)
                    continue
                self._serve(message)

    def _serve(self, message: Message) -> None:
        if message.verb == "spawn":
            self._spawn(message)
        elif message.verb == "signal" and message.fields["pid"] in self._children:
            fields = message.fields
            _signal(fields["pid"], fields["signal"], group="group" in fields)

    def _spawn(self, message: Message) -> None:
        ticket = message.fields["ticket"]
        try:
            spec = unpack_spec(message.fields["spec"], message.fds)
            if spec.join is not None and spec.join[0] not in self._children:
                raise ProcessLookupError(errno.ESRCH, "the process to be joined has ended")
            started = spawn(spec, self._files)
        except OSError as error:
            answer = {"ticket": ticket, "error": error.strerror or str(error)}
        else:
            self._children.add(started.pid)
            answer = {"ticket": ticket, "pid": started.pid, "host_pid": started.host_pid}
        finally:
            for descriptor in message.fds:
                os.close(descriptor)
        self._send(Message("started", answer))

    def _reap(self) -> int | None:
        """Reap all that ended; return the daemon's exit code if it is among them."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return 1
            if pid == 0:
                return None
            code = os.waitstatus_to_exitcode(status)
            if code < 0:
                code = 128 - code
            if pid == self._daemon:
                return code
            if pid in self._children:
                self._children.discard(pid)
                self._send(Message("exited", {"pid": pid, "exit_code": code}))

    def _send(self, message: Message) -> None:
        try:
            message.send(self._channel)
        except BrokenPipeError:
            return  # the daemon is ending: what it leaves ends with us


def _signal(pid: int, number: int, *, group: bool) -> None:
    """Signal the process alone, as a container engine does; a namespace ends with its PID 1."""
    try:
        (os.killpg if group else os.kill)(pid, number)
    except ProcessLookupError:
        return
    except OSError as error:
        print(f"init: signal {number} to {pid}: {error}", file=sys.stderr, flush=True)  # noqa: T201
