"""The controller of databases: one key is one cluster, or one instance that belongs to none.

A cluster is available once its storage is initialised, an instance once its server, on its own
network interface, has answered a query. Storage lasts until the cluster is deleted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from drydock.region import linux
from drydock.region.controllers.base import DONE, Outcome, Requeue, TerminalError
from drydock.region.controllers.parts import Parts
from drydock.region.controllers.rds.records import DatabaseView, InstanceView, Records
from drydock.region.database import roles
from drydock.region.database.folder import destroy
from drydock.region.database.server import PostgresServer, ServerSpec, installation_for


@dataclass
class _Running:
    server: PostgresServer
    eni_id: str
    password: str = ""
    """The master password that was last set, so that a change is noticed."""


class DatabaseController:
    """Makes PostgreSQL servers what RDS's resources say."""

    name = "rds"
    wakes_on = frozenset({"rds", "ec2", "secretsmanager"})
    resync = 15.0

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._records = Records(parts.store)
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}
        """By the key of the database: one server each, until readers are built."""
        self.wake: Callable[[str], None] = lambda _key: None
        """Set by the daemon: look at a key again."""

    def status(self) -> list[dict[str, Any]]:
        """Per server: database, instance address, pid of the postmaster, PostgreSQL's version, note."""
        with self._lock:
            return [
                {
                    "database": key,
                    "address": running.server.spec.hostaddr,
                    "pid": running.server.pid,
                    "version": running.server.spec.installation.version,
                    "note": running.server.spec.installation.note,
                }
                for key, running in self._running.items()
            ]

    def all_keys(self) -> Iterable[str]:
        with self._lock:
            return self._records.keys() | set(self._running)

    def reconcile(self, key: str) -> Outcome:
        view = self._records.read(key)
        if view is None:
            self._stop(key)
            return DONE
        for gone in view.instances:
            if gone.status == "deleting":
                self._stop(key)
                self._records.purge_instance(gone.identifier)
        staying = [one for one in view.instances if one.status != "deleting"]
        if view.status == "deleting" and not staying:
            self._stop(key)
            destroy(self._folder(view))
            self._records.purge_cluster(view)
            return DONE
        if view.status == "creating" and view.is_cluster:
            self._initialise(view)
            self._records.set_cluster_status(view, "available")
        if not staying:
            return DONE
        outcome = self._serve(key, view, staying[0])
        self._refuse_readers(staying[1:])
        return outcome

    def close(self) -> None:
        """Stop every server in order: clients are cut off, a checkpoint is made."""
        with self._lock:
            servers = [running.server for running in self._running.values()]
        threads = [threading.Thread(target=server.stop) for server in servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    # -- steps

    def _folder(self, view: DatabaseView) -> Any:
        return self._parts.workspace.databases / view.resource_id

    def _spec(self, view: DatabaseView, hostaddr: str, netns: int | None) -> ServerSpec:
        folder = self._folder(view)
        return ServerSpec(
            folder=folder,
            installation=installation_for(folder, view.major),
            hostaddr=hostaddr,
            port=view.port,
            netns=netns,
        )

    def _initialise(self, view: DatabaseView) -> None:
        PostgresServer(self._parts.spawner, self._spec(view, "127.0.0.1", None)).initialise()

    def _serve(self, key: str, view: DatabaseView, instance: InstanceView) -> Outcome:
        """One instance: interface, process, master user, then an answered query."""
        eni_id = instance.eni_id or self._records.create_eni(view, instance)
        spec = self._parts.fabric.enis().get(eni_id)
        if spec is None:
            return Requeue(1.0)  # the VPC's controller makes it, which wakes this one
        running = self._ensure_server(key, view, eni_id, str(spec.address))
        server = running.server
        if instance.status == "rebooting" and server.running:
            server.stop()
        if not server.running:
            if instance.status == "available":  # it has crashed
                self._records.set_instance_status(instance.identifier, "starting")
            server.initialise()
            server.start()
            running.password = ""
        if running.password != view.password:
            with server.connect() as connection:
                roles.ensure(connection, roles.Master(view.user, view.password, view.database))
            running.password = view.password
        probe = server.probe()
        if not probe.answered:
            return Requeue(0.2) if server.running else Requeue(0.05)
        self._records.set_instance_status(instance.identifier, "available")
        if view.status == "modifying":
            self._records.set_cluster_status(view, "available")
        return DONE

    def _ensure_server(self, key: str, view: DatabaseView, eni_id: str, address: str) -> _Running:
        running = self._running.get(key)
        if running is not None and running.eni_id == eni_id:
            return running
        if running is not None:
            running.server.stop()
        namespace = self._parts.fabric.namespace(eni_id).descriptor
        server = PostgresServer(
            self._parts.spawner,
            self._spec(view, address, namespace),
            lambda: linux.in_network_namespace(namespace),
            lambda _exit: self.wake(key),
        )
        running = _Running(server, eni_id)
        with self._lock:
            self._running[key] = running
        return running

    def _stop(self, key: str) -> None:
        with self._lock:
            running = self._running.pop(key, None)
        if running is not None:
            running.server.stop()

    def _refuse_readers(self, readers: Sequence[InstanceView]) -> None:
        for reader in readers:
            if reader.status == "creating":
                self._records.set_instance_status(reader.identifier, "failed")
        if readers:
            names = ", ".join(reader.identifier for reader in readers)
            raise TerminalError(
                f"DB instance {names}: the region does not run readers yet, only a cluster's first "
                "instance; take one instance in the rehearsal"
            )
