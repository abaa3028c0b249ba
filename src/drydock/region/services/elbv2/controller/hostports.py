"""The host's ports of listeners, requested from the porter and remembered, so that URLs stay."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from drydock import saved
from drydock.region.host.porter_client import PorterClient

_TRIES = 50


def candidates(port: int, remembered: int | None) -> list[int]:
    """Return the host ports to try for a listener's port, best first: 80, then 8080, 8081 …"""
    first = {80: 8080, 443: 8443}.get(port, port + 1)
    others = [number for number in range(first, first + _TRIES) if number <= 65535]
    wanted = [remembered] if remembered else []
    return [*wanted, port, *others, 0]


class HostPorts:
    """One socket per listener, open for as long as the listener exists. Thread-safe."""

    def __init__(self, porter: PorterClient, memory: Path) -> None:
        self._porter = porter
        self._memory = memory
        self._lock = threading.Lock()
        self._open: dict[str, tuple[socket.socket, int]] = {}
        self._remembered: dict[str, int] = saved.ports(memory)

    def open(self, listener: str, port: int) -> tuple[socket.socket, int]:
        """Return a listener's host socket and its port. Raises PortUnavailable."""
        with self._lock:
            if listener not in self._open:
                ports = candidates(port, self._remembered.get(listener))
                self._open[listener] = self._porter.bind(ports)
                self._remember(listener, self._open[listener][1])
            return self._open[listener]

    def refuse(self, listener: str) -> None:
        """Refuse clients from now on, even if another process holds the socket; remember the port."""
        with self._lock:
            entry = self._open.pop(listener, None)
            if entry is not None:
                entry[0].shutdown(socket.SHUT_RDWR)
                entry[0].close()

    def close(self, listener: str) -> None:
        """Close a deleted listener's socket and forget its port."""
        self.refuse(listener)
        with self._lock:
            self._remember(listener, None)

    def port(self, listener: str) -> int | None:
        with self._lock:
            entry = self._open.get(listener)
            return entry[1] if entry else None

    def _remember(self, listener: str, port: int | None) -> None:
        if self._remembered.get(listener) == port:
            return
        if port is None:
            del self._remembered[listener]
        else:
            self._remembered[listener] = port
        saved.write(self._memory, self._remembered)
