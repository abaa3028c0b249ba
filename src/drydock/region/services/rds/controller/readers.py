"""The pass of a cluster's reader: a copy that follows the writer, available once it does.

Aurora's readers share the writer's storage, so the VPC does not affect whether they are up to date.
Here they follow over a socket in the file system.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Replication.html
"""

from __future__ import annotations

import logging
import time

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database.folder import ServerFolder, destroy
from drydock.region.dataplane.database.server import PostgresServer
from drydock.region.services.kit.controller import DONE, Outcome, Requeue
from drydock.region.services.kit.parts import Parts
from drydock.region.services.rds.controller.damage import FAILED
from drydock.region.services.rds.controller.members import InstanceView, choose_writer
from drydock.region.services.rds.controller.pausing import Pausing
from drydock.region.services.rds.controller.records import Records
from drydock.region.services.rds.controller.servers import Running, Servers
from drydock.region.services.rds.controller.view import DatabaseView

log = logging.getLogger(__name__)

_LOST_SECONDS = 15.0
"""A copy that has not followed a running writer for so long is made again."""


class Readers:
    """Runs the servers of instances that are not their cluster's writer."""

    def __init__(self, parts: Parts, records: Records, servers: Servers, pausing: Pausing) -> None:
        self._pausing = pausing
        self._parts = parts
        self._records = records
        self._servers = servers

    def reconcile(self, view: DatabaseView, instance: InstanceView) -> Outcome:
        """Run one pass over one instance; do nothing for the writer."""
        if instance.is_writer:
            return DONE
        if not instance.staying:
            self._servers.stop(instance)
            destroy(self._servers.copy(instance))
            self._records.purge_instance(instance.identifier)
            return DONE
        if view.status in ("stopping", "stopped", FAILED) or view.upgrade_to is not None:
            return DONE  # the cluster's pass stops them all
        if self._pausing.is_paused(view):
            return DONE  # the first client of any of its instances wakes it
        writer = choose_writer(view.instances, view.failover_target)
        if writer is None or writer.identifier == instance.identifier:
            return DONE
        leader = self._servers.writer_of(view)
        if leader is None:
            return Requeue(0.2)  # the cluster's pass starts it; what follows waits for it
        eni_id = instance.eni_id or self._records.create_eni(view, instance)
        spec = self._parts.fabric.enis().get(eni_id)
        if spec is None:
            return Requeue(1.0)  # the VPC's controller makes it, which wakes this one
        with self._servers.lock(instance):
            running = self._servers.ensure_reader(view, instance, eni_id, spec.address)
            self._start(running, instance, view)
            running.configure(instance, forced_tls=view.forces_tls)
            outcome = self._observe(running, leader, instance)
        if outcome is DONE:
            self._pausing.answers(view, instance)
        return outcome

    def _start(self, running: Running, instance: InstanceView, view: DatabaseView) -> None:
        server = running.server
        running.stop_to_reboot(instance.status)
        server.end_if_stopped()
        if server.running:
            return
        if instance.status == "available":  # it has crashed
            self._records.set_instance_status(instance, "starting")
        if ServerFolder(server.spec.folder).major not in (None, server.spec.installation.major):
            destroy(server.spec.folder)
        server.initialise()
        running.configure(instance, forced_tls=view.forces_tls)
        try:
            server.start()
        except DatabaseFailed:
            if not server.running:  # the copy is of no use; the next pass makes another
                destroy(server.spec.folder)
            raise
        running.lost = None

    def _observe(self, running: Running, leader: PostgresServer, instance: InstanceView) -> Outcome:
        server = running.server
        probe = server.probe()
        running.note = probe.note
        if probe.answered and probe.in_recovery and server.folder.name in leader.followers():
            running.lost, running.rebooted = None, False
            self._records.set_instance_status(instance, "available")
            if running.applied is not None:
                self._records.set_pending(instance, running.applied.pending(instance.wanted))
            return DONE
        now = time.monotonic()
        if running.lost is None:
            running.lost = now
        if now - running.lost > _LOST_SECONDS:
            log.warning("%s does not follow: copied again", instance.identifier)
            server.stop()
            destroy(server.spec.folder)
            running.lost = None
        return Requeue(0.2)
