"""The access to containers from the host: a unix socket where a token is exchanged for a terminal.

One connection is one program. A client sends {"token", "term", "rows", "columns", "plain"}; the
answer is {} with the terminal's other end as a descriptor, or {"error", "cause", "remedy"}; then
{"exit_code"} once the program has ended. No byte of the terminal passes through here: the client
holds it itself. Closing the connection before hangs up. One packet (SOCK_SEQPACKET) is one JSON
document.
"""

from __future__ import annotations

import array
import contextlib
import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from drydock.errors import DrydockError
from drydock.region.dataplane.processes.client import Process
from drydock.region.dataplane.runtime.terminal import TerminalRequest

log = logging.getLogger(__name__)

Start = Callable[[str, TerminalRequest, Callable[[], None]], tuple[Process, int]]
"""A token, what terminal is wanted, what to call at the end → the program, and the terminal's other
end, which the server closes. Raises DrydockError."""
_LARGEST = 64 * 1024
_HELLO_SECONDS = 10.0
_HANG_UP_SECONDS = 5.0
"""Seconds for a program to end after its terminal was hung up."""


class ExecServer:
    """Serves one socket. Thread-safe."""

    def __init__(self, path: Path, start: Start) -> None:
        self._path = path
        self._start = start
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:  # by the descriptor: the name of a socket holds a hundred bytes, a folder's may be longer
            self._socket.bind(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)
        path.chmod(0o600)
        self._socket.listen(16)
        threading.Thread(target=self._run, name="exec-server", daemon=True).start()

    def close(self) -> None:
        """Accept no more connections, and hang up the open ones. Idempotent."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._path.unlink(missing_ok=True)
        with self._lock:
            connections = list(self._open)
        for one in connections:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return  # closed
            threading.Thread(
                target=self._serve, args=(connection,), name="exec", daemon=True
            ).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        try:
            with connection:
                self._let_in(connection)
        except OSError:
            return  # the client is gone
        except Exception:
            log.exception("a session failed")
        finally:
            with self._lock:
                self._open.discard(connection)

    def _let_in(self, connection: socket.socket) -> None:
        connection.settimeout(_HELLO_SECONDS)
        try:
            hello = _read(connection)
            request, token = TerminalRequest.read(hello), str(hello.get("token", ""))
        except (ValueError, TypeError, AttributeError):
            return  # it is gone, or speaks otherwise
        connection.settimeout(None)
        ended = threading.Event()

        def on_end() -> None:
            ended.set()
            with contextlib.suppress(OSError):  # wakes the reader below
                connection.shutdown(socket.SHUT_RD)

        try:
            process, terminal = self._start(token, request, on_end)
        except DrydockError as error:
            parts = {"error": error.subject, "cause": error.cause, "remedy": error.remedy}
            _send(connection, parts)
            return
        try:
            _send(connection, {}, [terminal])
        except OSError:
            _hang_up(process)
            raise
        finally:
            os.close(terminal)
        with contextlib.suppress(OSError):
            while connection.recv(_LARGEST):  # nothing is said; its end is what counts
                continue
        if not ended.is_set():
            _hang_up(process)
            return
        process.wait(_HANG_UP_SECONDS)
        _send(connection, {"exit_code": process.exit_code})


def _hang_up(process: Process) -> None:
    """End a program whose client is gone: by SIGHUP, as a closed terminal does, then by SIGKILL."""
    process.signal(signal.SIGHUP)
    if process.wait(_HANG_UP_SECONDS) is None:
        process.kill_group()


def _read(connection: socket.socket) -> Any:
    """Read a document. Raises ValueError: it is none, as when the client is gone."""
    return json.loads(connection.recv(_LARGEST))


def _send(
    connection: socket.socket, document: Mapping[str, Any], descriptors: list[int] | None = None
) -> None:
    rights: list[Any] = []
    if descriptors:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
    connection.sendmsg([json.dumps(document).encode()], rights)
