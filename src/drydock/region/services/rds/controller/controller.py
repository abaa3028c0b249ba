"""The controller of databases: one key is one cluster, or one instance.

A cluster is available once its storage is initialised, an instance once its server, on its own
network interface, has answered a query. Storage lasts until the cluster is deleted. A cluster's
pass maintains its writer, an instance's pass itself while it is a reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from drydock.region.dataplane.certificates.authority import Authority
from drydock.region.dataplane.database import roles
from drydock.region.dataplane.database.folder import destroy
from drydock.region.services.kit.controller import DONE, Outcome, Requeue, TerminalError
from drydock.region.services.kit.parts import Parts
from drydock.region.services.rds.controller.backups import KEY, Backups
from drydock.region.services.rds.controller.damage import FAILED, Damage
from drydock.region.services.rds.controller.local_proxy import LocalProxies
from drydock.region.services.rds.controller.members import (
    InstanceView,
    choose_failover_candidate,
    choose_writer,
)
from drydock.region.services.rds.controller.parameters import Judge
from drydock.region.services.rds.controller.pausing import Pausing
from drydock.region.services.rds.controller.readers import Readers
from drydock.region.services.rds.controller.records import Records
from drydock.region.services.rds.controller.servers import Running, Servers
from drydock.region.services.rds.controller.upgrades import Upgrades
from drydock.region.services.rds.controller.view import DatabaseView
from drydock.region.services.rds.operations.parameters import ask


class DatabaseController:
    """Makes PostgreSQL servers match RDS's resources."""

    name = "rds"
    wakes_on = frozenset({"rds", "ec2", "secretsmanager"})
    resync = 15.0

    def __init__(self, parts: Parts, authority: Authority) -> None:
        self._parts = parts
        self._records = Records(parts.store)
        self._servers = Servers(parts, authority)
        ask(Judge())
        self._backups = Backups(parts, self._servers)
        self._damage = Damage(parts.store, self._servers, parts.workspace.databases)
        self._upgrades = Upgrades(parts, self._records, self._servers)
        self._pausing = Pausing(parts, self._records, self._servers)
        self._proxies = LocalProxies(parts, self._records, self._servers, self._pausing.wake)
        self._readers = Readers(parts, self._records, self._servers, self._pausing)

    @property
    def wake(self) -> Callable[[str], None]:
        """The function that queues a key again; set by the daemon."""
        return self._servers.wake

    @wake.setter
    def wake(self, wake: Callable[[str], None]) -> None:
        self._servers.wake = wake

    def servers(self) -> list[Running]:
        """Return every server, writers first."""
        return self._servers.all()

    def paused(self) -> frozenset[str]:
        """Return the ARNs of clusters that are paused."""
        return self._pausing.paused_keys()

    def open_proxy(self, name: str, *, reader: bool) -> dict[str, Any]:
        """Open a port on the host's loopback that leads to a database; see `LocalProxies.open`."""
        return self._proxies.open(name, reader=reader)

    def status(self) -> list[dict[str, Any]]:
        """Return per server: database, instance, role, address, pid of the postmaster, version,
        note.
        """
        databases = self._records.databases_of_instances()
        return [
            {
                "database": databases.get(running.identifier, running.key),
                "instance": running.identifier,
                "role": "writer" if running.is_writer else "reader",
                "address": running.server.spec.hostaddr,
                "pid": running.server.pid,
                "version": running.server.spec.installation.version,
                "note": "; ".join(running.notes),
            }
            for running in self._servers.all()
        ]

    def all_keys(self) -> Iterable[str]:
        found = self._records.keys() | {running.key for running in self._servers.all()}
        return found | {KEY} if self._backups.any_data() or self._damage.any_snapshot() else found

    def reconcile(self, key: str) -> Outcome:
        if key == KEY:
            return self._look_after_snapshots()
        member = self._records.read_member(key)
        if member is not None:
            return self._readers.reconcile(*member)
        self._records.maintain()
        view = self._records.read(key)
        if view is None:
            self._pausing.forget(key)
            self._servers.stop_key(key)
            return DONE
        self._servers.stop_strays(view)
        if lost := self._damage.of(view):
            self._damage.fail(view)
            if view.status != "deleting":
                return self._give_up(view, lost)
        elif view.status == FAILED:
            self._damage.mend(view)
            return DONE  # the record has changed, which wakes every pass of it
        else:
            self._backups.take(view)
        self._remove_instances(view)
        return self._converge(view)

    def close(self) -> None:
        """Stop every server in order: clients are disconnected, a checkpoint is made."""
        self._proxies.close()
        self._pausing.close()
        self._servers.close()

    # -- steps

    def _converge(self, view: DatabaseView) -> Outcome:
        if view.status == "deleting" and view.is_cluster:
            self._delete(view)
            return DONE
        if view.status == "creating" and view.is_cluster:
            self._backups.restore(view)
            self._servers.initialise(view)
            self._records.set_cluster_status(view, "available")
        if view.upgrade_to is not None:
            self._upgrades.make(view, view.upgrade_to)
            return DONE  # the record has changed, which wakes every pass of it
        if view.status in ("stopping", "stopped"):
            return self._halt(view)
        return self._run(view)

    def _look_after_snapshots(self) -> Outcome:
        if lost := self._damage.look_at_snapshots():
            raise TerminalError("\n".join(lost))
        return DONE if self._backups.sweep() else Requeue(1.0)

    def _give_up(self, view: DatabaseView, lost: str) -> Outcome:
        """Stop the servers of a database whose data is lost; raises TerminalError with `lost`."""
        self._pausing.forget(view.key)
        for instance in view.instances:
            self._servers.stop(instance)
        self._remove_instances(view)
        raise TerminalError(lost)

    def _run(self, view: DatabaseView) -> Outcome:
        if self._pausing.is_paused(view):
            return DONE  # the first client wakes it
        writer = choose_writer(view.instances, view.failover_target)
        if writer is not None and self._servers.crashed(writer):
            writer = self._promote(view, writer)
        if writer is not None:
            return self._serve(view, writer)
        self._settle(view)  # its first instance is told everything when it starts
        return DONE

    def _delete(self, view: DatabaseView) -> None:
        if any(not instance.is_writer for instance in view.instances):
            return  # readers go by their own passes, and wake this one
        destroy(self._servers.volume(view))
        self._records.purge_cluster(view)

    def _halt(self, view: DatabaseView) -> Outcome:
        """Stop all servers of a database: readers first, which follow the writer."""
        self._pausing.forget(view.key)
        for instance in sorted(view.instances, key=lambda one: one.is_writer):
            self._servers.stop(instance)
        self._records.set_stopped(view)
        return DONE

    def _promote(self, view: DatabaseView, writer: InstanceView) -> InstanceView:
        """Return the new writer after the writer's process has ended: a reader, else the writer
        itself.
        """
        failover_candidate = choose_failover_candidate(view.instances)
        if failover_candidate is None:
            return writer
        self._records.begin_failover(view, writer, failover_candidate)
        return failover_candidate

    def _remove_instances(self, view: DatabaseView) -> None:
        for instance in view.instances:
            if not instance.staying and instance.is_writer:
                self._remove(instance)

    def _remove(self, instance: InstanceView) -> None:
        """Delete an instance, its files before its record, so that an interrupted deletion is
        repeated.
        """
        self._servers.stop(instance)
        destroy(self._servers.copy(instance))  # of an instance on its own: the database itself
        self._records.purge_instance(instance.identifier)

    def _serve(self, view: DatabaseView, instance: InstanceView) -> Outcome:
        """Run the writer: interface, process, master user, then an answered query."""
        eni_id = instance.eni_id or self._records.create_eni(view, instance)
        spec = self._parts.fabric.enis().get(eni_id)
        if spec is None:
            return Requeue(1.0)  # the VPC's controller makes it, which wakes this one
        for other in view.instances:
            if other.is_writer and other.identifier != instance.identifier:
                self._servers.stop(other)  # there is one volume, and one that writes to it
        with self._servers.lock(instance):
            running = self._servers.ensure(view, instance, eni_id, spec.address)
            server, running.iam = running.server, view.iam
            running.stop_to_reboot(instance.status)
            server.end_if_stopped()
            if not server.running:
                if instance.status == "available":  # it has crashed, or was a reader
                    self._records.set_instance_status(instance, "starting")
                self._backups.restore(view)
                server.initialise()
                running.configure(instance, forced_tls=view.forces_tls)
                server.start()
                running.password = ""
            running.configure(instance, forced_tls=view.forces_tls)
            if running.password != view.password:
                with server.connect() as connection:
                    roles.ensure(connection, roles.Master(view.user, view.password, view.database))
                running.password = view.password
                self._records.password_set(view)
            probe = server.probe()
            running.note = probe.note
        if not probe.answered:
            return Requeue(0.2) if server.running else Requeue(0.05)
        running.rebooted = False
        self._records.set_writer(view, instance)
        if running.applied is not None:
            self._records.set_pending(instance, running.applied.pending(instance.wanted))
        self._records.set_instance_status(instance, "available")
        self._settle(view)
        self._pausing.answers(view, replace(instance, is_writer=True))
        if self._records.rotate_due(view, self._parts.scaled(86400.0)) or self._backups.daily(view):
            return Requeue(0.1)
        after = self._pausing.look(view)
        return Requeue(after) if after is not None else DONE

    def _settle(self, view: DatabaseView) -> None:
        if view.status in ("modifying", "failing-over", "starting"):
            self._records.set_cluster_status(view, "available")
