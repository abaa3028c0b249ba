"""Pause Aurora Serverless v2 clusters with a minimum of 0: the first client resumes them.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from drydock.errors import DatabaseFailed
from drydock.region.dataplane import linux
from drydock.region.dataplane.database.server import PostgresServer
from drydock.region.dataplane.database.waker import Waker
from drydock.region.services.kit.parts import Parts
from drydock.region.services.rds.controller.members import InstanceView
from drydock.region.services.rds.controller.records import Records
from drydock.region.services.rds.controller.servers import Running, Servers
from drydock.region.services.rds.controller.view import DatabaseView

log = logging.getLogger(__name__)

_PORT = 15432
"""The port of the waker on the instance's interface."""
_TABLE = "ip drydock_pause"
_SHORTEST, _LONGEST = 0.2, 5.0
"""The bounds of seconds between two checks."""
_ACTIVITY = """
SELECT (SELECT count(*) FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND usename <> 'rdsadmin'),
       (SELECT coalesce(sum(sessions), 0) FROM pg_stat_database WHERE datname <> 'rdsadmin')
"""


@dataclass
class _Idleness:
    """The time since which a database has been idle."""

    since: float
    sessions: int = -1


@dataclass
class _Pause:
    """A paused database, which has no servers."""

    wakers: dict[str, Waker] = field(default_factory=dict)
    """By the resource id of the instance."""
    enis: dict[str, str] = field(default_factory=dict)
    password: str = field(default="", repr=False)


class Pausing:
    """Pauses and resumes a region's databases. Thread-safe."""

    def __init__(self, parts: Parts, records: Records, servers: Servers) -> None:
        self._parts = parts
        self._records = records
        self._servers = servers
        self._lock = threading.RLock()
        self._idle: dict[str, _Idleness] = {}
        self._pauses: dict[str, _Pause] = {}

    def is_paused(self, view: DatabaseView) -> bool:
        """Return whether a database is to stay paused: no client has come, and no change was
        requested.
        """
        with self._lock:
            pause = self._pauses.get(view.key)
            if pause is None:
                return False
            quiet = (
                view.pause_after is not None
                and view.status == "available"
                and all(one.status == "available" for one in view.instances)
                and view.password == pause.password
                and {one.resource_id for one in view.instances} == pause.wakers.keys()
            )
            if not quiet:
                for waker in pause.wakers.values():
                    waker.wake()
            return not any(waker.woken for waker in pause.wakers.values())

    def wake(self, key: str) -> None:
        """Resume a paused database, as a client would."""
        with self._lock:
            pause = self._pauses.get(key)
            for waker in pause.wakers.values() if pause is not None else ():
                waker.wake()
        self._servers.wake(key)

    def paused_keys(self) -> frozenset[str]:
        """Return the keys of the databases that are paused now."""
        with self._lock:
            return frozenset(
                key
                for key, pause in self._pauses.items()
                if pause.wakers and not any(one.woken for one in pause.wakers.values())
            )

    def answers(self, view: DatabaseView, instance: InstanceView) -> None:
        """Forward the waiting clients to a resumed server."""
        with self._lock:
            pause = self._pauses.get(view.key)
            waker = pause.wakers.get(instance.resource_id) if pause is not None else None
            if pause is None or waker is None or waker.leading:
                return
            if not any(one.woken for one in pause.wakers.values()):
                return
            self._redirect(pause.enis[instance.resource_id], view.port, on=False)
            waker.lead_on()
            if instance.is_writer:
                self._idle.pop(view.key, None)
        if instance.is_writer:  # without the lock: whoever holds the store's may be waiting for it
            self._records.record_cluster_event(view, "The DB cluster is resumed.", "serverless")

    def look(self, view: DatabaseView) -> float | None:
        """Pause a database that was idle for long enough.

        Return the seconds until the next look; None: the database never pauses.
        """
        if view.pause_after is None:
            self._idle.pop(view.key, None)
            return None
        after = self._parts.scaled(view.pause_after)
        now = time.monotonic()
        seen = self._activity(view)
        idle = self._idle.setdefault(view.key, _Idleness(now))
        if seen is None or seen[0] > 0 or seen[1] != idle.sessions:
            idle.since, idle.sessions = now, seen[1] if seen is not None else -1
        left = idle.since + after - now
        if left > 0:
            return max(_SHORTEST, min(_LONGEST, left, after / 4))
        self._pause(view)
        return _LONGEST

    def forget(self, key: str) -> None:
        """Drop the pause of a database that is gone or stopped, with its waiting clients."""
        with self._lock:
            pause = self._pauses.pop(key, None)
            self._idle.pop(key, None)
        for waker in pause.wakers.values() if pause is not None else ():
            waker.close()

    def close(self) -> None:
        for key in list(self._pauses):
            self.forget(key)

    def _activity(self, view: DatabaseView) -> tuple[int, int] | None:
        """Return the current clients, and the sessions ever opened, of all its servers; None:
        unknown.
        """
        clients = sessions = 0
        for instance in view.instances:
            running = self._servers.running(instance)
            if running is None or instance.status != "available":
                return None
            found = _ask(running.server)
            if found is None:
                return None
            clients, sessions = clients + found[0], sessions + found[1]
        return clients, sessions

    def _pause(self, view: DatabaseView) -> None:
        """Redirect clients to wakers, then stop the servers, readers before their writer."""
        self.forget(view.key)
        pause = _Pause(password=view.password)
        instances = sorted(view.instances, key=lambda one: one.is_writer)
        with self._lock:
            self._pauses[view.key] = pause
            for instance in instances:
                running = self._servers.running(instance)
                if running is None:
                    continue
                pause.wakers[instance.resource_id] = self._waker(view, running)
                pause.enis[instance.resource_id] = running.eni_id
                self._redirect(running.eni_id, view.port, on=True)
        for instance in instances:
            self._servers.stop(instance)
        self._records.record_cluster_event(view, "The DB cluster is paused.", "serverless")
        log.info("paused", extra={"database": view.key})

    def _waker(self, view: DatabaseView, running: Running) -> Waker:
        namespace = self._parts.fabric.namespace(running.eni_id)
        address = self._parts.fabric.enis()[running.eni_id].address
        return Waker(
            namespace.listen(address, _PORT),
            (str(address), view.port),
            lambda: linux.in_network_namespace(namespace.descriptor),
            self._woken(view),
        )

    def _woken(self, view: DatabaseView) -> Callable[[], None]:
        keys = [view.key, *(one.arn for one in view.instances)]

        def woken() -> None:
            for key in keys:
                self._servers.wake(key)

        return woken

    def _redirect(self, eni_id: str, port: int, *, on: bool) -> None:
        """Turn the redirection to the waker on or off.

        The rule stays, and only its set of ports is emptied: without any rule that needs it, the
        kernel tracks no connections, and redirected clients would be cut off.
        """
        chain, ports = f"{_TABLE} prerouting", f"{_TABLE} paused"
        rule = f'iifname != "lo" tcp dport @paused redirect to :{_PORT}'
        self._parts.fabric.namespace(eni_id).nft(
            f"add table {_TABLE}\n"
            f"add set {ports} {{ type inet_service; }}\n"
            f"add chain {chain} {{ type nat hook prerouting priority dstnat; }}\n"
            f"flush set {ports}\n"
            + (f"flush chain {chain}\nadd rule {chain} {rule}\n" if on else "")
            + (f"add element {ports} {{ {port} }}\n" if on else "")
        )


def _ask(server: PostgresServer) -> tuple[int, int] | None:
    try:
        with server.connect() as connection:
            row = connection.execute(_ACTIVITY).fetchone()
    except (DatabaseFailed, psycopg.Error):
        return None  # it is not there to be asked: the next look tells
    return (int(row[0]), int(row[1])) if row is not None else None
