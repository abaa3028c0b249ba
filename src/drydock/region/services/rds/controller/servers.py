"""The running servers, one per instance, and the paths of their files.

The cluster's volume is one folder, and only the writer works in it, as every Aurora instance works
on the same storage. A reader's files are a copy that follows; it is disposable and can be made
again at any time. So another writer is another server on the same volume, and nothing that was
committed is lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from drydock.region.dataplane import linux
from drydock.region.dataplane.certificates.authority import Authority
from drydock.region.dataplane.database.catalog import speaks_tls
from drydock.region.dataplane.database.folder import ServerFolder
from drydock.region.dataplane.database.server import (
    PostgresServer,
    ServerSpec,
    installation_for,
)
from drydock.region.dataplane.database.spec import StopMode, Tls, Upstream
from drydock.region.services.kit.parts import Parts
from drydock.region.services.rds.controller.members import InstanceView
from drydock.region.services.rds.controller.parameters import Applied, is_static, settings
from drydock.region.services.rds.controller.view import DatabaseView

_VALIDITY = timedelta(days=365)
"""Validity of a server's certificate; a new one is made at every start of the region or of the instance.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html"""


@dataclass
class Running:
    """The server of an instance."""

    key: str
    """The key of the controller's pass that maintains it."""
    identifier: str
    server: PostgresServer
    eni_id: str
    is_writer: bool
    password: str = ""
    """The master password that was last set, so that a change is noticed."""
    note: str = ""
    lost: float | None = None
    """For a reader: since when (monotonic) it has not been observed to follow."""
    rebooted: bool = False
    """Whether it was stopped for the reboot that its record still shows."""
    applied: Applied | None = None
    """The parameters in force."""
    settings_note: str = ""
    iam: bool = False
    """Whether logins by IAM are enabled."""

    def is_as(self, eni_id: str, *, is_writer: bool, major: int | None) -> bool:
        """Return whether it is the wanted server; `major`: of the data, None before there is any."""
        fits = major in (None, self.server.spec.installation.major)
        return fits and (self.eni_id, self.is_writer) == (eni_id, is_writer)

    def configure(self, instance: InstanceView, *, forced_tls: bool) -> None:
        """Apply the parameter groups: all before it starts, what a server can change while it runs.

        Raises DatabaseFailed: they cannot be written.
        """
        installation = self.server.spec.installation
        if not self.server.running or self.applied is None:
            self.applied = Applied.at_start(instance.wanted)
        elif not self.applied.follow(instance.wanted, is_static(installation)):
            return
        found = settings(self.applied, installation, forced_tls)
        self.server.reconfigure(found.values, force_tls=found.force_tls)
        self.settings_note = "; ".join(found.notes)

    @property
    def notes(self) -> list[str]:
        """Return where the server differs from AWS's."""
        tls = "" if self.server.spec.tls else "this PostgreSQL was built without TLS"
        iam = "logins by IAM are refused: this region checks no tokens" if self.iam else ""
        found = (self.server.spec.installation.note, self.note, self.settings_note, tls, iam)
        return [one for one in found if one]

    def stop_to_reboot(self, status: str) -> None:
        """Stop the server once for a reboot; `status` is its record's."""
        if status == "rebooting" and not self.rebooted and self.server.running:
            self.server.stop()
        self.rebooted = status == "rebooting"


class Servers:
    """The servers of a region. Thread-safe; callers that act on an instance's server hold `lock`."""

    def __init__(self, parts: Parts, authority: Authority) -> None:
        self._parts = parts
        self._authority = authority
        self._guard = threading.Lock()
        self._locks: dict[str, threading.RLock] = {}
        self._running: dict[str, Running] = {}
        """By the resource id of the instance."""
        self.wake: Callable[[str], None] = lambda _key: None
        """Queue a key again."""

    def lock(self, instance: InstanceView) -> AbstractContextManager[Any]:
        """Return the lock for starting, stopping or replacing the server of an instance."""
        with self._guard:
            return self._locks.setdefault(instance.resource_id, threading.RLock())

    def volume(self, view: DatabaseView) -> Path:
        """Return the folder of the database."""
        return self._parts.workspace.databases / view.resource_id

    def copy(self, instance: InstanceView) -> Path:
        """Return the folder of a reader's copy."""
        return self._parts.workspace.databases / instance.resource_id

    def initialise(self, view: DatabaseView) -> None:
        """Make the volume, before there is an instance. Raises DatabaseFailed."""
        spec = self._spec(view, self.volume(view), "127.0.0.1", None)
        PostgresServer(self._parts.spawner, spec).initialise()

    def writer_of(self, view: DatabaseView) -> PostgresServer | None:
        """Return the running server on the volume of a database, if there is one."""
        with self._guard:
            found = [one for one in self._running.values() if one.is_writer and one.key == view.key]
        return next((one.server for one in found if one.server.running), None)

    def commit_something(self, resource_id: str) -> None:
        """Commit a transaction, so that the WAL has a later time for a point-in-time restore to
        find.
        """
        with self._guard:
            found = [
                one.server
                for one in self._running.values()
                if one.is_writer and one.server.folder.name == resource_id
            ]
        for server in found:
            if server.running:
                with server.connect() as connection:
                    connection.execute("SELECT txid_current()")

    def running(self, instance: InstanceView) -> Running | None:
        """Return the server of an instance, if it was ever made."""
        with self._guard:
            return self._running.get(instance.resource_id)

    def crashed(self, instance: InstanceView) -> bool:
        """Return whether a writer's server has ended by itself."""
        with self._guard:
            running = self._running.get(instance.resource_id)
        return running is not None and running.is_writer and running.server.crashed

    def ensure(
        self, view: DatabaseView, instance: InstanceView, eni_id: str, address: IPv4Address
    ) -> Running:
        """Return the server of an instance, as the writer; it need not run."""
        return self._ensure(view, instance, eni_id, address, is_writer=True)

    def ensure_reader(
        self, view: DatabaseView, instance: InstanceView, eni_id: str, address: IPv4Address
    ) -> Running:
        """Return the server of an instance, as a reader; it need not run."""
        return self._ensure(view, instance, eni_id, address, is_writer=False)

    def stop(self, instance: InstanceView) -> None:
        """Stop and forget the server of an instance, if there is one."""
        with self.lock(instance):
            with self._guard:
                running = self._running.pop(instance.resource_id, None)
            if running is not None:
                running.server.stop()

    def stop_key(self, key: str) -> None:
        """Stop the servers of a key whose resource no longer exists."""
        with self._guard:
            gone = [name for name, one in self._running.items() if one.key == key]
            servers = [self._running.pop(name).server for name in gone]
        for server in servers:
            server.stop()

    def stop_strays(self, view: DatabaseView) -> None:
        """Stop servers of a database whose instances have gone while a pass was starting them."""
        known = {one.resource_id for one in view.instances}
        with self._guard:
            strays = [
                name
                for name, one in self._running.items()
                if one.key == view.key and name not in known
            ]
            servers = [self._running.pop(name).server for name in strays]
        for server in servers:
            server.stop()

    def all(self) -> list[Running]:
        """Return all servers, writers first."""
        with self._guard:
            return sorted(self._running.values(), key=lambda one: not one.is_writer)

    def close(self) -> None:
        """Stop every server in order: clients are disconnected, a checkpoint is made."""
        threads = [threading.Thread(target=one.server.stop) for one in self.all()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _ensure(
        self,
        view: DatabaseView,
        instance: InstanceView,
        eni_id: str,
        address: IPv4Address,
        *,
        is_writer: bool,
    ) -> Running:
        running = self._running.get(instance.resource_id)
        major = ServerFolder(self.volume(view)).major
        if running is not None and running.is_as(eni_id, is_writer=is_writer, major=major):
            return running
        if running is not None:
            # a reader's copy is disposable: the next writer does not wait for its server to end
            running.server.stop(StopMode.FAST if running.is_writer else StopMode.IMMEDIATE)
        key = view.key if is_writer else instance.arn
        namespace = self._parts.fabric.namespace(eni_id).descriptor
        volume = self.volume(view)
        server = PostgresServer(
            self._parts.spawner,
            replace(
                self._spec(view, volume, str(address), namespace)
                if is_writer
                else self._spec(
                    view, self.copy(instance), str(address), namespace, Upstream(volume, view.port)
                ),
                tls=self._certificate(view, instance),
                archives=is_writer and view.keeps_backups,
            ),
            lambda: linux.in_network_namespace(namespace),
            lambda _exit: self.wake(key),
        )
        running = Running(key, instance.identifier, server, eni_id, is_writer)
        with self._guard:
            self._running[instance.resource_id] = running
        return running

    def _certificate(self, view: DatabaseView, instance: InstanceView) -> Tls | None:
        """Issue a certificate for the instance's endpoints; None: the server cannot use one."""
        if not speaks_tls(installation_for(self.volume(view), view.major)):
            return None
        issued = self._authority.issue(instance.names, "p-256", _VALIDITY)
        chain = issued.certificate + issued.chain
        return Tls(chain.decode(), issued.key.decode())

    def _spec(
        self,
        view: DatabaseView,
        folder: Path,
        hostaddr: str,
        netns: int | None,
        upstream: Upstream | None = None,
    ) -> ServerSpec:
        return ServerSpec(
            folder=folder,
            # only the major version that made the volume can read a copy of it
            installation=installation_for(self.volume(view), view.major),
            hostaddr=hostaddr,
            port=view.port,
            netns=netns,
            upstream=upstream,
            ephemeral=self._parts.config.region.ephemeral,
        )
