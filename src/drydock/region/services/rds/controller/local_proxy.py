"""Local access for people: a port on the host's loopback that leads to a database's current writer.

Security groups do not apply to it. The master user's password goes into a private file, never over
the API.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drydock.errors import DatabaseFailed
from drydock.paths import write_private
from drydock.region.dataplane import linux
from drydock.region.dataplane.database.server import PostgresServer
from drydock.region.dataplane.database.waker import pump_both
from drydock.region.services.kit.parts import Parts
from drydock.region.services.rds.controller.members import InstanceView
from drydock.region.services.rds.controller.records import Records
from drydock.region.services.rds.controller.servers import Running, Servers
from drydock.region.services.rds.controller.view import DatabaseView

log = logging.getLogger(__name__)

_PATIENCE = 20.0
"""Seconds that a client waits for a database that resumes or fails over."""
_EVERY = 0.05


@dataclass(frozen=True)
class _LocalProxy:
    key: str
    reader: bool
    listener: socket.socket
    port: int


class LocalProxies:
    """The local ports of a region's databases. Thread-safe."""

    def __init__(
        self, parts: Parts, records: Records, servers: Servers, wake: Callable[[str], None]
    ) -> None:
        """`wake(key)` resumes a paused database."""
        self._parts = parts
        self._records = records
        self._servers = servers
        self._wake = wake
        self._lock = threading.Lock()
        self._proxies: dict[tuple[str, bool], _LocalProxy] = {}

    def open(self, name: str, *, reader: bool) -> dict[str, Any]:
        """Open the port of a cluster or an instance by identifier; empty: of the only one.

        Return host, port, user, database, passfile, major. Raises DatabaseFailed: none, or several.
        """
        view = self._records.read(self._key(name))
        if view is None:
            raise DatabaseFailed(f"the database {name}", "it is gone", "list: drydock status")
        with self._lock:
            proxy = self._proxies.get((view.key, reader))
            if proxy is None:
                bound, port = self._parts.porter.bind([0])
                proxy = self._proxies[view.key, reader] = _LocalProxy(view.key, reader, bound, port)
                threading.Thread(
                    target=self._serve, args=(proxy,), name="database-proxy", daemon=True
                ).start()
        folder = self._servers.volume(view)
        passfile = folder / "proxy.pgpass"
        word = view.password.replace("\\", "\\\\").replace(":", "\\:")
        write_private(passfile, f"127.0.0.1:*:*:{view.user}:{word}\n")
        return {
            "host": "127.0.0.1",
            "port": proxy.port,
            "user": view.user,
            "database": view.database or "postgres",
            "passfile": str(passfile),
            "major": view.major,
            "identifier": view.identifier,
        }

    def close(self) -> None:
        with self._lock:
            proxies = list(self._proxies.values())
            self._proxies.clear()
        for proxy in proxies:
            with contextlib.suppress(OSError):
                proxy.listener.shutdown(socket.SHUT_RDWR)
            proxy.listener.close()

    def _key(self, name: str) -> str:
        found = self._records.names()
        if name and name in found:
            return found[name]
        known = ", ".join(sorted(found)) or "there is none"
        owners = set(found.values())
        if not name and len(owners) == 1:
            return owners.pop()
        subject = f"the database {name}" if name else "which database"
        raise DatabaseFailed(subject, f"this region has: {known}", "name one of them")

    def _serve(self, proxy: _LocalProxy) -> None:
        while True:
            try:
                client, _ = proxy.listener.accept()
            except OSError:
                return  # it was closed
            threading.Thread(
                target=self._lead, args=(proxy, client), name="database-proxy", daemon=True
            ).start()

    def _lead(self, proxy: _LocalProxy, client: socket.socket) -> None:
        try:
            server = self._connect(proxy)
        except (DatabaseFailed, OSError) as error:
            log.warning("a client of a database's proxy is not led on: %s", error)
            client.close()
            return
        pump_both(client, server)

    def _connect(self, proxy: _LocalProxy) -> socket.socket:
        """Connect to the database. Raises DatabaseFailed: no server answers in time."""
        deadline, asked = time.monotonic() + _PATIENCE, False
        while time.monotonic() < deadline:
            server = self._server(proxy)
            if server is not None:
                with contextlib.suppress(OSError), linux.in_network_namespace(_namespace(server)):
                    address = (server.spec.hostaddr, server.spec.port)
                    return socket.create_connection(address, timeout=_PATIENCE)
            elif not asked:
                asked = True
                self._wake(proxy.key)
            time.sleep(_EVERY)
        raise DatabaseFailed(f"the database {proxy.key}", f"no server in {_PATIENCE:g} s")

    def _server(self, proxy: _LocalProxy) -> PostgresServer | None:
        view: DatabaseView | None = self._records.read(proxy.key)
        for instance in view.instances if view is not None else ():
            running: Running | None = self._running(instance)
            if running is not None and running.is_writer is not proxy.reader:
                return running.server
        return None

    def _running(self, instance: InstanceView) -> Running | None:
        running = self._servers.running(instance)
        return running if running is not None and running.server.running else None


def _namespace(server: PostgresServer) -> int:
    if server.spec.netns is None:
        raise OSError(f"{server.folder.name} has no network")
    return server.spec.netns
