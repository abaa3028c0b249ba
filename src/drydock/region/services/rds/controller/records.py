"""Copy RDS's records under the lock, and write observed changes back."""

from __future__ import annotations

from typing import Any

from drydock.region.api.store import Store
from drydock.region.services.kit.controller import TerminalError
from drydock.region.services.rds.controller.members import InstanceView
from drydock.region.services.rds.controller.parameters import Scope
from drydock.region.services.rds.controller.view import (
    DatabaseView,
    cluster_of,
    instance_view,
    major,
    pause_after,
    record_of,
    upgrade_of,
)

POSTGRES_ENGINES = frozenset({"aurora-postgresql", "postgres"})

_RESTARTED = (("DB instance restarted.", "availability"),)
_EVENTS = {
    ("creating", "available"): (("DB instance created.", "creation"),),
    ("rebooting", "available"): (("DB instance shutdown.", "availability"), *_RESTARTED),
    ("starting", "available"): _RESTARTED,
}
"""The events of an instance's changes of status.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html
"""
_CLUSTER_EVENTS = {
    ("creating", "available"): (("DB cluster created.", "creation"),),
    ("starting", "available"): (("DB cluster started.", "notification"),),
}


class Records:
    """Reads and writes RDS's records. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keys(self) -> set[str]:
        """Return the ARNs of clusters and of instances."""
        with self._store.locked():
            rds = self._store.backend("rds")
            clusters: list[Any] = list(rds.clusters.values())
            instances: list[Any] = list(rds.databases.values())
            return {
                *(str(one.db_cluster_arn) for one in clusters if one.engine in POSTGRES_ENGINES),
                *(str(one.db_instance_arn) for one in instances if one.engine in POSTGRES_ENGINES),
            }

    def names(self) -> dict[str, str]:
        """Return each database's ARN by the identifier of the cluster or instance."""
        with self._store.locked():
            clusters: list[Any] = list(self._store.backend("rds").clusters.values())
            found = {
                str(one.db_cluster_identifier): str(one.db_cluster_arn)
                for one in clusters
                if one.engine in POSTGRES_ENGINES
            }
        return {**self.databases_of_instances(), **found}

    def databases_of_instances(self) -> dict[str, str]:
        """Return each instance's database, by identifier: the ARN of its cluster, or its own."""
        with self._store.locked():
            instances: list[Any] = list(self._store.backend("rds").databases.values())
            return {
                str(one.db_instance_identifier): str(
                    one.cluster.db_cluster_arn if cluster_of(one) else one.db_instance_arn
                )
                for one in instances
            }

    def read_member(self, key: str) -> tuple[DatabaseView, InstanceView] | None:
        """Return the instance with this ARN, and its cluster; None: no instance of a cluster.

        Raises TerminalError when the cluster cannot be served.
        """
        with self._store.locked():
            rds = self._store.backend("rds")
            instances: list[Any] = list(rds.databases.values())
            for instance in instances:
                if instance.db_instance_arn == key and cluster_of(instance):
                    cluster: Any = instance.cluster
                    view = self._cluster(rds, str(cluster.db_cluster_arn), cluster)
                    return view, instance_view(rds, instance)
        return None

    def read(self, key: str) -> DatabaseView | None:
        """Return the database of a key, or None. Raises TerminalError when it cannot be served."""
        with self._store.locked():
            rds = self._store.backend("rds")
            clusters: list[Any] = list(rds.clusters.values())
            for cluster in clusters:
                if cluster.db_cluster_arn == key:
                    return self._cluster(rds, key, cluster)
            instances: list[Any] = list(rds.databases.values())
            for instance in instances:
                if instance.db_instance_arn == key:
                    return self._instance(rds, key, instance)
        return None

    def _cluster(self, rds: Any, key: str, cluster: Any) -> DatabaseView:
        groups = cluster.vpc_security_group_ids
        return DatabaseView(
            key=key,
            is_cluster=True,
            identifier=cluster.db_cluster_identifier,
            resource_id=cluster.db_cluster_resource_id,
            status=cluster.status,
            major=major(cluster.engine_version),
            port=int(cluster.port or 5432),
            user=cluster.master_username,
            password=_password(rds, cluster, key),
            database=cluster.database_name or "",
            subnets=self._subnets(rds, cluster.db_subnet_group_name),
            security_groups=tuple(groups),
            public=any(bool(member.publicly_accessible) for member in cluster._members),
            instances=tuple(instance_view(rds, member) for member in cluster._members),
            iam=bool(cluster.iam_auth),
            keeps_backups=int(cluster.backup_retention_period or 0) > 0,
            pause_after=pause_after(cluster),
            forces_tls=major(cluster.engine_version) >= 17,
            failover_target=cluster.failover_target,
            upgrade_to=upgrade_of(cluster),
        )

    def _instance(self, rds: Any, key: str, instance: Any) -> DatabaseView:
        return DatabaseView(
            key=key,
            is_cluster=False,
            identifier=instance.db_instance_identifier,
            resource_id=instance.dbi_resource_id,
            status=instance.status,
            major=major(instance.engine_version),
            port=int(instance.port or 5432),
            user=instance.master_username,
            password=_password(rds, instance, key),
            database=instance.db_name or "",
            subnets=self._subnets(rds, instance._db_subnet_group_name),
            security_groups=tuple(instance.vpc_security_group_ids or ()),
            public=bool(instance.publicly_accessible),
            instances=(instance_view(rds, instance),),
            iam=bool(instance.enable_iam_database_authentication),
            keeps_backups=int(instance.backup_retention_period or 0) > 0,
            pause_after=None,
            forces_tls=major(instance.engine_version) >= 15,
            failover_target="",
            upgrade_to=upgrade_of(instance),
        )

    def _subnets(self, rds: Any, group_name: str | None) -> tuple[tuple[str, str], ...]:
        group = rds.subnet_groups.get(group_name or "")
        if group is None:
            ec2 = self._store.backend("ec2")
            default = [one for zone in ec2.subnets.values() for one in zone.values()]
            return tuple((one.id, one.availability_zone) for one in default if one.default_for_az)
        return tuple(
            (one["SubnetIdentifier"], one["SubnetAvailabilityZone"]["Name"])
            for one in group.subnets
        )

    # -- writing back

    def create_eni(self, view: DatabaseView, instance: InstanceView) -> str:
        """Make the interface of an instance, in the subnet of its zone; return its id."""
        by_zone = {zone: subnet for subnet, zone in view.subnets}
        subnet = by_zone.get(instance.zone) or view.subnets[0][0]
        with self._store.changing("ec2", "rds"):
            record: Any = self._store.backend("rds").databases[instance.identifier]
            eni = self._store.backend("ec2").create_managed_eni(
                subnet,
                group_ids=list(view.security_groups),
                description="RDSNetworkInterface",
                requester="rds",
                public_ip=view.public,
            )
            record.eni_id = eni.id
            return str(eni.id)

    def set_instance_status(self, instance: InstanceView, status: str) -> None:
        """Write an observed status if it changed.

        A request since the pass has looked (a reboot, a deletion) is not overwritten: it has woken
        the next pass.
        """
        with self._store.locked():
            record: Any = self._store.backend("rds").databases.get(instance.identifier)
            if record is None or record.status == status:
                return
            if record.status not in (instance.status, "starting"):
                return
            before, record.status = record.status, status
            with self._store.changing("rds"):
                for message, *categories in _EVENTS.get((before, status), ()):
                    self._store.backend("rds").record_event(record, message, *categories)

    def set_pending(self, instance: InstanceView, pending: frozenset[Scope]) -> None:
        """Write which parameter groups wait for a reboot, if that changed."""
        with self._store.locked():
            record: Any = self._store.backend("rds").databases.get(instance.identifier)
            if record is not None and record.pending_groups != pending:
                with self._store.changing("rds"):
                    record.pending_groups = pending

    def set_cluster_status(self, view: DatabaseView, status: str) -> None:
        """Write an observed status of a cluster if it changed."""
        with self._store.locked():
            record: Any = self._store.backend("rds").clusters.get(view.identifier)
            if record is None or record.status in (status, "deleting", "stopping"):
                return
            before, record.status = record.status, status
            with self._store.changing("rds"):
                for message, *categories in _CLUSTER_EVENTS.get((before, status), ()):
                    self._store.backend("rds").record_event(record, message, *categories)

    def set_writer(self, view: DatabaseView, instance: InstanceView) -> None:
        """Write which member of a cluster was observed to be its writer, if that changed.

        A failover to another instance that was requested since the pass has looked stays open.
        """
        with self._store.locked():
            record: Any = self._store.backend("rds").clusters.get(view.identifier)
            if record is None or (instance.is_writer and not record.failover_target):
                return
            if record.failover_target not in ("", view.failover_target, instance.identifier):
                return
            with self._store.changing("rds"):
                for member in record._members:
                    member.is_cluster_writer = member.db_instance_identifier == instance.identifier
                if record.failover_target:
                    self._store.backend("rds").record_event(
                        record,
                        f"Completed failover to DB instance: {instance.identifier}",
                        "failover",
                    )
                record.failover_target = ""

    def begin_failover(
        self, view: DatabaseView, writer: InstanceView, failover_candidate: InstanceView
    ) -> None:
        """Begin a failover to a reader: the writer's process has ended."""
        with self._store.changing("rds"):
            rds = self._store.backend("rds")
            record: Any = rds.clusters.get(view.identifier)
            if record is None or record.failover_target or record.status == "deleting":
                return
            record.failover(rds.databases[failover_candidate.identifier])
            rds.record_failover(record)
            before: Any = rds.databases.get(writer.identifier)
            if before is not None and before.status == "available":
                before.status = "starting"

    def record_cluster_event(self, view: DatabaseView, message: str, *categories: str) -> None:
        """Record an event of a cluster."""
        with self._store.changing("rds"):
            record: Any = self._store.backend("rds").clusters.get(view.identifier)
            if record is not None:
                self._store.backend("rds").record_event(record, message, *categories)

    def end_upgrade(self, view: DatabaseView, failure: str = "") -> None:
        """End an upgrade; `failure`: why it could not be made."""
        with self._store.changing("rds"):
            rds = self._store.backend("rds")
            owner = record_of(rds, view)
            if owner is not None and failure:
                rds.upgrade_failed(owner, failure)
            elif owner is not None:
                rds.upgraded(owner)
                if view.keeps_backups:  # WAL of the new major is of no use to older data
                    rds.take_automated(owner)

    def password_set(self, view: DatabaseView) -> None:
        """Note that the server has the view's password, which ends a rotation to it."""
        with self._store.locked():
            rds = self._store.backend("rds")
            owner = record_of(rds, view)
            if owner is not None and rds.password_set(owner, view.password):
                self._store.changed("rds", "secretsmanager")

    def rotate_due(self, view: DatabaseView, day: float) -> bool:
        """Begin a rotation that is due; `day` in seconds. Return whether one has begun."""
        with self._store.locked():
            rds = self._store.backend("rds")
            owner = record_of(rds, view)
            begun = owner is not None and rds.rotate_due(owner, day)
            if begun:
                self._store.changed("rds", "secretsmanager")
            return bool(begun)

    def maintain(self) -> None:
        """Apply the pending changes whose maintenance window is now."""
        with self._store.locked():
            if self._store.backend("rds").maintain():
                self._store.changed("rds")

    def set_stopped(self, view: DatabaseView) -> None:
        """Mark a database as stopped: it has no running server."""
        with self._store.locked():
            rds = self._store.backend("rds")
            owner = record_of(rds, view)
            if owner is None or owner.status != "stopping":
                return
            with self._store.changing("rds"):
                for member in owner._members if view.is_cluster else ():
                    member.status = "stopped"
                    rds.record_event(member, "DB instance stopped.", "notification")
                owner.status = "stopped"
                kind = "cluster" if view.is_cluster else "instance"
                rds.record_event(owner, f"DB {kind} stopped.", "notification")

    def purge_instance(self, identifier: str) -> None:
        """Delete the record of a deleted instance, and its interface."""
        with self._store.changing("rds", "ec2"):
            record: Any = self._store.backend("rds").databases.get(identifier)
            if record is None:
                return
            if getattr(record, "eni_id", None):
                self._store.backend("ec2").delete_managed_eni(record.eni_id)
            self._store.backend("rds").purge_instance(record)

    def purge_cluster(self, view: DatabaseView) -> None:
        """Delete the record of a deleted cluster."""
        with self._store.changing("rds"):
            record = self._store.backend("rds").clusters.get(view.identifier)
            if record is not None:
                self._store.backend("rds").purge_cluster(record)


def _password(rds: Any, owner: Any, key: str) -> str:
    password = rds.master_password(owner)
    if not password:
        raise TerminalError(f"{key}: it has no master password")
    return str(password)
