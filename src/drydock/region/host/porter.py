"""The porter: the one process of the region that stays in the host's namespaces.

It holds the region's lock, puts PID 1 and the daemon into namespaces of their own, binds host sockets
when the daemon asks and hands them over (SCM_RIGHTS), and ends with them: when it is killed, the
kernel kills PID 1 (parent-death signal) and with it everything in the region.

    python -m drydock.region.host.porter ROOT READY_FD
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from drydock import saved
from drydock.paths import Workspace
from drydock.region.dataplane import descriptors, linux
from drydock.region.dataplane.processes import limits
from drydock.region.dataplane.processes.init import Init
from drydock.region.dataplane.processes.protocol import Message
from drydock.region.dataplane.runtime.cgroups.leftovers import sweep
from drydock.region.host import peers

ENGINES = {"podman": "podman", "docker": "docker"}
STOP_SECONDS = 25
"""Seconds for the daemon to stop everything in order, before the kernel kills it."""


def main() -> int:
    workspace = Workspace(Path(sys.argv[1]))
    ready = int(sys.argv[2])
    files = descriptors.raise_limit()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # see launcher.running: nothing to write yet
    lock = os.open(workspace.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        _answer(ready, error="already running")
        return 1
    with contextlib.suppress(OSError):  # a full disk; it serves commands that find no record
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
    _sweep(workspace)  # what a porter that was killed, too, could not
    porter_end, daemon_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        init = _start_init(workspace, daemon_end, files)
    except OSError as error:
        _answer(ready, error="namespaces", words=str(error.strerror or error))
        return 1
    daemon_end.close()
    code = _Porter(workspace, porter_end, init, ready, files).run()
    _sweep(workspace)  # nothing runs any more, even if the daemon was killed
    workspace.record.unlink(missing_ok=True)
    return code


def _sweep(workspace: Workspace) -> None:
    for words in sweep(workspace.groups):
        print(f"porter: a cgroup is left: {words}", file=sys.stderr, flush=True)  # noqa: T201


def _answer(ready: int, **fields: Any) -> None:
    try:
        os.write(ready, json.dumps(fields).encode() + b"\n")
        os.close(ready)
    except OSError as error:
        print(f"porter: nobody waits for the start any more ({error})", file=sys.stderr)  # noqa: T201


def _start_init(workspace: Workspace, daemon_end: socket.socket, files: int) -> int:
    """Fork PID 1 of new namespaces; return the pid of our child that waits for it.

    `files`: the soft limit of open files that programs in the region get.

    User ids: root maps every id one to one, an ordinary user maps its own to 0. The maps are
    written from outside, which root's needs. See user_namespaces(7).
    """
    child_end, parent_end = socket.socketpair()
    child = os.fork()
    if child == 0:
        parent_end.close()
        _enter_namespaces(child_end, workspace, daemon_end, files)
    child_end.close()
    with parent_end:
        words = parent_end.recv(4096).decode()
        if words != "unshared":
            os.waitpid(child, 0)
            raise OSError(errno.EPERM, words or "the process that unshares ended early")
        _write_maps(child)
        parent_end.send(b"mapped")
        words = parent_end.recv(4096).decode()
        if words != "born":
            os.waitpid(child, 0)
            raise OSError(errno.EPERM, words or "the process that unshares ended early")
    return child


def _write_maps(child: int) -> None:
    folder = Path("/proc") / str(child)
    if os.geteuid() == 0:
        (folder / "uid_map").write_text("0 0 4294967295")
        (folder / "gid_map").write_text("0 0 4294967295")
        return
    (folder / "setgroups").write_text("deny")
    (folder / "uid_map").write_text(f"0 {os.geteuid()} 1")
    (folder / "gid_map").write_text(f"0 {os.getegid()} 1")


def _enter_namespaces(
    channel: socket.socket, workspace: Workspace, daemon_end: socket.socket, files: int
) -> None:
    """Enter new namespaces and become PID 1, in the forked child. Never returns."""
    try:
        porter = os.getppid()
        if os.geteuid() == 0:
            limits.raise_hard_limits()  # tasks may ask for more; in a user namespace it is too late
        kinds = linux.CLONE_NEWNET | linux.CLONE_NEWNS | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS
        linux.unshare(linux.CLONE_NEWUSER | kinds | linux.CLONE_NEWPID)
        channel.send(b"unshared")
        channel.recv(16)
        linux.die_with_parent(signal.SIGKILL)  # only now: a change of credentials clears it
        if os.getppid() != porter:
            os._exit(1)
        linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
        first = os.fork()
    except OSError as error:
        channel.send((error.strerror or str(error)).encode())
        os._exit(1)
    if first == 0:
        linux.die_with_parent(signal.SIGKILL)
        channel.close()
        os._exit(_be_init(workspace, daemon_end, files))
    channel.send(b"born")
    channel.close()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _, status = os.waitpid(first, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _be_init(workspace: Workspace, daemon_end: socket.socket, files: int) -> int:
    """Run as PID 1: start the daemon as a fresh Python, then serve it."""
    init_end, client_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    daemon = os.fork()
    if daemon == 0:
        client_end.set_inheritable(True)
        daemon_end.set_inheritable(True)
        arguments = [str(workspace.root), str(daemon_end.fileno()), str(client_end.fileno())]
        command = [sys.executable, "-m", "drydock.region.daemon.daemon", *arguments]
        # glibc keeps an arena for each thread, and what large bodies took there is never given back
        os.environ.setdefault("MALLOC_ARENA_MAX", "2")
        os.execv(sys.executable, command)
    client_end.close()
    daemon_end.close()
    return Init(init_end, daemon, files).run()


class _Porter:
    """The loop that serves the daemon's requests until it is gone."""

    def __init__(
        self, workspace: Workspace, channel: socket.socket, init: int, ready: int, files: int
    ) -> None:
        self._workspace = workspace
        self._channel = channel
        self._init = init
        self._files = files
        self._ready: int | None = ready
        self._deadline: float | None = None
        self._record: dict[str, Any] = {}
        """The record for other commands, once the API answers."""
        self._engines: dict[subprocess.Popen[bytes], int] = {}
        """Running programs of a container engine, with the tickets of their requests."""

    def run(self) -> int:
        wake_reader, wake_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._ask_to_stop())
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, lambda *_: self._write_record())
        poll = select.poll()
        poll.register(wake_reader, select.POLLIN)
        poll.register(self._channel, select.POLLIN)
        while True:
            pid, status = os.waitpid(self._init, os.WNOHANG)
            if pid:
                return self._finish(os.waitstatus_to_exitcode(status))
            self._collect()
            ready = [descriptor for descriptor, _ in poll.poll(1000 if self._deadline else None)]
            if self._deadline is not None and time.monotonic() > self._deadline:
                os.kill(self._init, signal.SIGKILL)
            if wake_reader in ready:
                os.read(wake_reader, 4096)
            if self._channel.fileno() in ready:
                message = Message.receive(self._channel)
                if message is None:
                    poll.unregister(self._channel)
                    self._deadline = self._deadline or time.monotonic() + 2
                    continue
                self._serve(message)

    def _ask_to_stop(self) -> None:
        if self._deadline is None:
            self._deadline = time.monotonic() + STOP_SECONDS
            try:
                Message("stop").send(self._channel)
            except OSError:
                self._deadline = time.monotonic()

    def _finish(self, code: int) -> int:
        if self._ready is not None:
            _answer(self._ready, error="daemon", words=f"the daemon ended with exit code {code}")
        return code

    def _serve(self, message: Message) -> None:
        if message.verb == "bind":
            self._bind(message)
        elif message.verb == "peer":
            self._peer(message)
        elif message.verb == "engine":
            self._engine(message)
        elif message.verb == "ready":
            self._announce(message.fields)
        elif message.verb == "failed" and self._ready is not None:
            _answer(self._ready, **message.fields)
            self._ready = None

    def _bind(self, message: Message) -> None:
        """Bind the first free port of those requested."""
        kind = socket.SOCK_DGRAM if message.fields.get("udp") else socket.SOCK_STREAM
        refused = ""
        for port in message.fields["ports"]:
            bound = socket.socket(socket.AF_INET, kind)
            try:
                if kind == socket.SOCK_STREAM:  # for datagrams it would share the port
                    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                bound.bind(("127.0.0.1", port))
                if kind == socket.SOCK_STREAM:
                    bound.listen(1024)
            except OSError as error:
                refused = f"{port}: {error.strerror}"
                bound.close()
                continue
            answer = {"ticket": message.fields["ticket"], "port": bound.getsockname()[1]}
            Message("bound", answer, [bound.fileno()]).send(self._channel)
            bound.close()
            return
        Message("bound", {"ticket": message.fields["ticket"], "error": refused}).send(self._channel)

    def _peer(self, message: Message) -> None:
        """Answer why a client of a host socket is refused; the daemon's namespaces do not show its
        user.
        """
        client, server = (tuple(message.fields[one]) for one in ("client", "server"))
        answer = {"ticket": message.fields["ticket"], "why_not": peers.why_not(client, server)}
        Message("peer", answer).send(self._channel)

    def _engine(self, message: Message) -> None:
        """Run a container engine, which works only in the host's namespaces.

        `words` are passed to it unchanged, its output goes to the two descriptors.
        """
        ticket, words = message.fields["ticket"], message.fields["words"]
        try:
            started = subprocess.Popen(
                [ENGINES[words[0]], *words[1:]],
                stdin=subprocess.DEVNULL,
                stdout=message.fds[0],
                stderr=message.fds[1],
                cwd="/",
                process_group=0,
                preexec_fn=self._begin_engine,  # noqa: PLW1509  (one thread)
            )
        except (OSError, KeyError) as error:
            Message("ran", {"ticket": ticket, "error": str(error)}).send(self._channel)
        else:
            self._engines[started] = ticket
        finally:
            for descriptor in message.fds:
                os.close(descriptor)

    def _begin_engine(self) -> None:
        linux.die_with_parent(signal.SIGKILL)
        descriptors.lower_limit(self._files)

    def _collect(self) -> None:
        """Report the container engine's programs that have ended."""
        for one in [one for one in self._engines if one.poll() is not None]:
            answer = {"ticket": self._engines.pop(one), "exit_code": one.returncode}
            with contextlib.suppress(BrokenPipeError):  # the daemon is gone
                Message("ran", answer).send(self._channel)

    def _announce(self, fields: dict[str, Any]) -> None:
        """Write the record that other commands find, and answer the launcher: the API is ready."""
        self._record = {**fields, "pid": os.getpid()}
        self._write_record()
        if self._ready is not None:
            _answer(self._ready, **self._record)
            self._ready = None

    def _write_record(self) -> None:
        """Write the record, also again when it is damaged or gone: a command then asks for it."""
        if not self._record:
            return
        try:
            saved.write(self._workspace.record, self._record)
        except OSError as error:  # the disk is full, say; the region serves all the same
            print(f"porter: {self._workspace.record}: {error}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
