"""Holds connections to a paused database server until it runs again, then forwards them to it.

While it waits, packets to the server's port are redirected to a port of its own, so that the server
can start on the real one without a moment in which no socket listens. Once the redirection is
lifted, new clients connect to the server directly; those that were held stay here, byte for byte,
until they end.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
from collections.abc import Callable

from drydock.region.dataplane.database.server import Enter

log = logging.getLogger(__name__)

_PIECE = 1 << 16
_POLL = 0.5
"""Seconds after which the thread notices that it is to end."""


class Waker:
    """The waker of one server. Thread-safe."""

    def __init__(
        self,
        listener: socket.socket,
        target: tuple[str, int],
        enter: Enter,
        on_connection: Callable[[], None],
    ) -> None:
        """`listener` gets redirected connections; `target` is the server's address, reached after
        `enter`.

        `on_connection` is called once, in the waker's thread, when the first client has connected.
        """
        self._listener = listener
        self._target = target
        self._enter = enter
        self._on_connection = on_connection
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._open = False
        self._closed = threading.Event()
        self.woken = False
        """Whether a client has come."""
        self._thread = threading.Thread(target=self._accept, name="waker", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Act as if a client had connected."""
        self.woken = True

    def lead_on(self) -> None:
        """Forward the held and the still redirected connections to the server, which answers now."""
        with self._lock:
            if self._open:
                return
            self._open = True
            held, self._held = self._held, []
        for client in held:
            self._relay(client)

    @property
    def leading(self) -> bool:
        """Return whether connections are forwarded."""
        with self._lock:
            return self._open

    @property
    def relaying(self) -> int:
        """Return how many clients are being forwarded."""
        with self._lock:
            return len(self._pairs)

    def close(self) -> None:
        """Close all held and forwarded connections; clients get an end of file."""
        self._closed.set()
        self._thread.join(5)
        with self._lock:
            held, self._held = self._held, []
            led = [end for pair in self._pairs for end in pair]
        for end in led:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # whoever pumps closes it
        for end in held:
            end.close()
        self._listener.close()

    def _accept(self) -> None:
        self._listener.setblocking(False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._closed.is_set():
                if not selector.select(_POLL):
                    if self.leading:
                        return  # nobody is redirected any more
                    continue
                try:
                    client, _ = self._listener.accept()
                except BlockingIOError:
                    continue
                client.setblocking(True)
                self._take(client)

    def _take(self, client: socket.socket) -> None:
        with self._lock:
            is_open, first = self._open, not self.woken
            if not is_open:
                self._held.append(client)
            self.woken = True
        if is_open:
            self._relay(client)
        elif first:
            self._on_connection()

    def _relay(self, client: socket.socket) -> None:
        try:
            with self._enter():
                server = socket.create_connection(self._target, timeout=5)
        except OSError as error:
            log.warning("a held client is not led on: %s", error)
            client.close()
            return
        pair = (client, server)
        with self._lock:
            self._pairs.add(pair)
        threading.Thread(target=self._both, args=pair, name="waker-relay", daemon=True).start()

    def _both(self, client: socket.socket, server: socket.socket) -> None:
        pump_both(client, server)
        with self._lock:
            self._pairs.discard((client, server))


def pump_both(client: socket.socket, server: socket.socket) -> None:
    """Copy data in both directions until both ends have finished; then close them."""
    for end in (client, server):
        end.settimeout(None)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    back = threading.Thread(target=_pump, args=(server, client), daemon=True)
    back.start()
    _pump(client, server)
    back.join()
    client.close()
    server.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Copy data until the source ends; a reset is an end too."""
    with contextlib.suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    for end, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with contextlib.suppress(OSError):
            end.shutdown(how)
