"""waitress on sockets that are bound already: the host's loopback, and one inside the region."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Sequence
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, create_server
from waitress.task import WSGITask
from waitress.trigger import trigger

from drydock.region.api.application import Application

# Requests wait for one lock here: that some stand in the queue is no news.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)

_THREADS = 8
"""Requests that are read at once; moto's part of each waits for the store's lock."""


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Of a request that is whole already, nothing has to be asked for.

    waitress 3.0.2 answers `Expect: 100-continue` with a length of 0 (an empty S3 object) by waiting
    for a body that never comes.
    """

    def received(self, data: bytes) -> int:
        taken: int = super().received(data)
        if self.completed:
            self.expect_continue = False
        return taken


class _Pieces:
    """Stands for a task's channel while one of its writes is gathered."""

    def __init__(self, server: object) -> None:
        self.server = server
        self.found: list[bytes] = []

    def write_soon(self, data: bytes) -> int:
        self.found.append(data)
        return len(data)


class _Task(WSGITask):  # type: ignore[misc]
    """Sends a response's head and body in one piece.

    waitress 3.0.2 sends the head at once and the body later, which is some milliseconds on a busy
    machine. Terraform's AWS provider (5.100) gives up such an answer now and then and asks again: what
    it had asked for was made, and it is told that it exists already.
    """

    channel: Any

    def write(self, data: bytes) -> None:
        channel: HTTPChannel = self.channel
        pieces = _Pieces(channel.server)
        self.channel = pieces
        try:
            super().write(data)
        finally:
            self.channel = channel
        channel.write_soon(b"".join(pieces.found))


class _Channel(HTTPChannel):  # type: ignore[misc]
    parser_class = _Parser
    task_class = _Task


class Server:
    """A server that runs until `close`. It owns its sockets from then on."""

    def __init__(self, app: Application, sockets: Sequence[socket.socket]) -> None:
        self._map: dict[int, object] = {}
        self._server = create_server(
            app,
            map=self._map,
            sockets=list(sockets),
            threads=_THREADS,
            ident=None,
            expose_tracebacks=False,
            clear_untrusted_proxy_headers=True,
            channel_timeout=600,
        )
        for one in self._map.values():
            if isinstance(one, BaseWSGIServer):
                one.channel_class = _Channel
        self._wake = trigger(self._map)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="api", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            wasyncore.loop(timeout=1, map=self._map, count=1, use_poll=True)

    def close(self) -> None:
        """Answer nobody any more: end the loop, the workers and the sockets. Idempotent."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._wake.pull_trigger()
        self._thread.join(timeout=5)
        self._server.task_dispatcher.shutdown(timeout=5)
        wasyncore.close_all(self._map)


def serve(app: Application, sockets: Sequence[socket.socket]) -> Server:
    """Answer on `sockets`, which are bound (listening or not), from threads of one pool."""
    return Server(app, sockets)
