"""A client's connection: uvicorn's HTTP/1.1 protocol, with the time limits that it lacks.

uvicorn takes a protocol class as its setting `http`; this one wraps uvicorn's own and passes every
call of asyncio on to it. A request finds its connection in `scope["state"]["connection"]`.
"""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState


@dataclass(frozen=True)
class Limits:
    """The limits of one server's connections. Times in seconds."""

    silent: float = 60.0
    """From the connection to the first byte of its first request."""
    head: float = 30.0
    """From the first byte of a request to the end of its headers."""
    idle: int = 300
    """Between two requests. Go's SDK drops idle connections after 90, so that it does so first."""
    stuck: float = 60.0
    """Time within which a client must read some of its answer."""
    refused: float = 5.0
    """Time within which a refused client must send its request."""
    body_grace: float = 30.0
    body_rate: float = 16 * 1024
    """A body may take `body_grace` seconds and one more for each `body_rate` bytes received."""
    connections: int = 8192
    """Above this number the longest idle connection is closed."""


Ask = Callable[[tuple[str, int], tuple[str, int]], Awaitable[str]]
"""Client's and server's address → why this client is refused; empty if it is not."""


class Registry:
    """The connections of one server; the idle ones in the order in which they became idle."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._all: set[Connection] = set()
        self._idle: OrderedDict[Connection, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._all)

    def add(self, one: Connection) -> None:
        self._all.add(one)
        self._idle[one] = None
        if len(self._all) > self.limits.connections:
            next(iter(self._idle)).abort()

    def busy(self, one: Connection) -> None:
        self._idle.pop(one, None)

    def idle(self, one: Connection) -> None:
        if one in self._all:
            self._idle[one] = None

    def discard(self, one: Connection) -> None:
        self._all.discard(one)
        self._idle.pop(one, None)


class Connection(asyncio.Protocol):
    """An asyncio protocol for one connection. Only the loop's thread uses it."""

    def __init__(
        self, registry: Registry, ask: Ask | None, config: Config, state: ServerState
    ) -> None:
        self._registry = registry
        self._limits = registry.limits
        self._ask = ask
        self._http = H11Protocol(config, state, {"connection": self})
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._in_head = False
        self._requests = 0
        self._refusal: asyncio.Task[str] | None = None

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a TCP server
        self._transport = transport
        self._registry.add(self)
        self._close_after(self._limits.silent)
        if self._ask is not None:
            self._refusal = self._loop.create_task(self._look(self._ask))
        self._http.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if not self._requests and not self._in_head:
            self._in_head = True
            self._close_after(self._limits.head)
        self._http.data_received(data)

    def eof_received(self) -> None:
        self._http.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._registry.discard(self)
        for timer in (self._timer, self._reading):
            if timer is not None:
                timer.cancel()
        if self._refusal is not None and not self._requests:
            self._refusal.cancel()
        self._http.connection_lost(exc)

    def pause_writing(self) -> None:
        left = self._transport.get_write_buffer_size()
        self._reading = self._loop.call_later(self._limits.stuck, self._see_whether_read, left)
        self._http.pause_writing()

    def resume_writing(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._http.resume_writing()

    # -- what a request calls

    @contextmanager
    def request(self) -> Iterator[None]:
        """Mark the connection as busy while a request, whose head is here, is served."""
        self._requests += 1
        self._in_head = False
        self._registry.busy(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        try:
            yield
        finally:
            self._requests -= 1
            if not self._requests:
                self._registry.idle(self)

    @contextmanager
    def in_one_piece(self) -> Iterator[None]:
        """Send together what is written meanwhile, an answer's head with its body (tcp(7),
        TCP_CORK).

        Terraform's AWS provider (5.100) sometimes drops an answer whose body follows some
        milliseconds later, and retries: the resource exists by then.
        """
        if self._transport.is_closing():
            yield
            return
        pipe: Any = self._transport.get_extra_info("socket")
        pipe.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        try:
            yield
        finally:
            if not self._transport.is_closing():
                pipe.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    async def refusal(self) -> str:
        """Return why the client is refused; empty if it is not. It is determined once."""
        return await asyncio.shield(self._refusal) if self._refusal is not None else ""

    @property
    def limits(self) -> Limits:
        return self._limits

    # -- what the server calls

    def shutdown(self) -> None:
        """Close once the requests that have begun are answered."""
        if not self._transport.is_closing():
            self._http.shutdown()

    def abort(self) -> None:
        self._transport.abort()

    # -- inside

    async def _look(self, ask: Ask) -> str:
        client = self._transport.get_extra_info("peername")
        server = self._transport.get_extra_info("sockname")
        found = await ask(client[:2], server[:2])
        if found and not self._requests:
            self._close_after(self._limits.refused)
        return found

    def _close_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._transport.abort)

    def _see_whether_read(self, before: int) -> None:
        left = self._transport.get_write_buffer_size()
        if left >= before:
            self._transport.abort()
            return
        self._reading = self._loop.call_later(self._limits.stuck, self._see_whether_read, left)
