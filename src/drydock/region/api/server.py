"""Serve HTTP by uvicorn on bound sockets: the host's loopback, and those inside the region.

uvicorn (h11) is well maintained, handles thousands of connections on one thread, and passes a
request's target and headers on as they were sent. Its own `Server` wakes ten times a second and
needs as long to close; as there is one server for each VPC endpoint, its protocol runs on asyncio's
server here. The time limits that uvicorn lacks are in `connection.py`; `bridge.py` passes requests
to the application.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from uvicorn import Config
from uvicorn.server import ServerState

from drydock.region.api.admission import LARGEST_HEAD, Side
from drydock.region.api.bridge import Bridge, Wsgi
from drydock.region.api.connection import Ask, Connection, Limits, Registry

log = logging.getLogger(__name__)

_BACKLOG = 4096
_CLOSE_SECONDS = 5.0
_LOOKING = 4
"""Threads that wait for the kernel's answer about a peer."""
_T = TypeVar("_T")

WhyNot = Callable[[tuple[str, int], tuple[str, int]], str]
"""Client's and server's address → why that client is refused; empty if it is not. It may block."""


class Server:
    """A server on some sockets, which it owns, until `close`."""

    def __init__(self, front: Front, listening: list[asyncio.Server], state: ServerState) -> None:
        self._front = front
        self._listening = listening
        self._state = state
        self._closed = False
        self.ends: Callable[[], None] | None = None
        """Called when the server has closed."""

    def close(self) -> None:
        """Accept no more connections; answer begun requests, for a few seconds at most. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._front.run(self._close())
        if self.ends is not None:
            self.ends()

    async def _close(self) -> None:
        for one in self._listening:
            one.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=_CLOSE_SECONDS)
        for connection in list(self._state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # the transports say goodbye


class Front:
    """One event loop, on a thread of its own, and one set of threads for every server of `app`."""

    def __init__(self, app: Wsgi, limits: Limits | None = None) -> None:
        self._bridge = Bridge(app)
        # half of what this process may open: tasks and databases take descriptors too
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = min(Limits.connections, max(files // 2, 1))
        self._registry = Registry(limits or Limits(connections=most))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="api-loop", daemon=True)
        self._thread.start()
        self._peers = ThreadPoolExecutor(_LOOKING, thread_name_prefix="api-peers")
        self._closed = False

    def serve(
        self, sockets: Sequence[socket.socket], side: Side = "inside", why_not: WhyNot | None = None
    ) -> Server:
        """Serve on bound sockets (listening or not). `why_not` admits or refuses each client."""
        return Server(self, *self.run(self._listen(sockets, side, why_not)))

    @property
    def connections(self) -> int:
        """Return how many clients are connected."""
        return len(self._registry)

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine on the loop's thread, and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the loop and the threads, once the servers are closed. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._bridge.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_SECONDS)
        self._peers.shutdown(wait=False, cancel_futures=True)
        self._loop.close()

    async def _listen(
        self, sockets: Sequence[socket.socket], side: Side, why_not: WhyNot | None
    ) -> tuple[list[asyncio.Server], ServerState]:
        config = Config(
            self._bridge.asgi(side),
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            log_level=logging.ERROR,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            h11_max_incomplete_event_size=LARGEST_HEAD,
            timeout_keep_alive=self._registry.limits.idle,
        )
        config.load()
        state = ServerState()
        ask = self._asking(why_not) if why_not else None
        return [
            await self._loop.create_server(
                lambda: Connection(self._registry, ask, config, state), sock=one, backlog=_BACKLOG
            )
            for one in sockets
        ], state

    def _asking(self, why_not: WhyNot) -> Ask:
        """Run `why_not` on a thread, since it waits for another process."""

        async def ask(client: tuple[str, int], server: tuple[str, int]) -> str:
            return await self._loop.run_in_executor(self._peers, why_not, client, server)

        return ask


def serve(
    app: Wsgi,
    sockets: Sequence[socket.socket],
    side: Side = "inside",
    why_not: WhyNot | None = None,
    limits: Limits | None = None,
) -> Server:
    """Serve `app` on `sockets`, with a front that ends with the server."""
    front = Front(app, limits)
    server = front.serve(sockets, side, why_not)
    server.ends = front.close
    return server
