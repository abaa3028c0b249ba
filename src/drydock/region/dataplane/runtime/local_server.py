"""Small HTTP servers for tasks: one thread waits for all of them, few answer.

A hundred tasks cost a hundred listening sockets and no thread of their own.
"""

from __future__ import annotations

import json
import logging
import selectors
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

log = logging.getLogger(__name__)

Answer = Callable[[str, bytes | None], tuple[int, Any]]
"""A path, and the body of a PUT (None: a GET) → the status and a document for JSON."""
_LARGEST_BODY = 4096
_ANSWERING = 4
_REQUEST_SECONDS = 5.0
"""Seconds for a client to send its request and to read the answer."""


class LocalServer:
    """The HTTP servers of all tasks. Thread-safe."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._sockets: dict[str, socket.socket] = {}
        self._reader, self._writer = socket.socketpair()
        self._selector.register(self._reader, selectors.EVENT_READ)
        self._pool = ThreadPoolExecutor(_ANSWERING, thread_name_prefix="metadata")
        threading.Thread(target=self._run, name="metadata", daemon=True).start()

    def open(self, key: str, listening: socket.socket, answer: Answer) -> None:
        """Answer GET and PUT requests on a socket until `close`."""
        listening.setblocking(False)
        with self._lock:
            self._sockets[key] = listening
            self._selector.register(listening, selectors.EVENT_READ, answer)
        self._writer.send(b"x")

    def close(self, key: str) -> None:
        """Close a server's socket. Idempotent."""
        with self._lock:
            listening = self._sockets.pop(key, None)
            if listening is not None:
                self._selector.unregister(listening)
                listening.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    self._reader.recv(4096)
                    continue
                try:
                    connection, _address = cast("socket.socket", key.fileobj).accept()
                except OSError:
                    continue  # closed meanwhile, or its client is gone
                connection.settimeout(_REQUEST_SECONDS)
                self._pool.submit(_serve, connection, key.data)


def _serve(connection: socket.socket, answer: Answer) -> None:
    with connection:
        try:
            _Handler(connection, answer)
        except OSError:
            return  # the client went, or was too slow
        except Exception:  # a pool keeps what fails to itself
            log.exception("a request from inside a task failed")


class _Handler(BaseHTTPRequestHandler):
    """One request and its answer."""

    def __init__(self, connection: socket.socket, answer: Answer) -> None:
        self._answer = answer
        super().__init__(connection, ("", 0), cast("Any", None))

    def do_GET(self) -> None:
        self._reply(None)

    def do_PUT(self) -> None:
        told = self.headers.get("Content-Length") or "0"
        size = int(told) if told.isascii() and told.isdigit() else 0
        self._reply(self.rfile.read(min(size, _LARGEST_BODY)))

    def _reply(self, sent: bytes | None) -> None:
        status, document = self._answer(self.path.partition("?")[0], sent)
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Do not log requests."""
