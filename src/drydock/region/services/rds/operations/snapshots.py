"""Snapshots and restores: requested here, taken and observed by the controller.

moto 5.2.5: a snapshot is available at once and has no data; a restore makes an empty database with
another password; a point in time is ignored.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random
from moto.rds.exceptions import (
    InvalidDBClusterSnapshotStateFault,
    InvalidDBClusterStateFault,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)

from drydock.region.services.rds.operations.parameters import ParameterOperations
from drydock.region.services.rds.records import DBCluster, DBInstanceClustered

Json = dict[str, Any]

_OF_A_CLUSTER = (
    "engine",
    "engine_version",
    "engine_mode",
    "master_username",
    "database_name",
    "port",
    "storage_encrypted",
    "storage_type",
    "kms_key_id",
    "backup_retention_period",
    "copy_tags_to_snapshot",
    "db_subnet_group_name",
    "vpc_security_group_ids",
)
_OF_AN_INSTANCE = (
    "engine",
    "engine_version",
    "master_username",
    "db_name",
    "port",
    "db_instance_class",
    "allocated_storage",
    "storage_type",
    "storage_encrypted",
    "kms_key_id",
    "backup_retention_period",
    "copy_tags_to_snapshot",
    "publicly_accessible",
    "auto_minor_version_upgrade",
)


class SnapshotOperations(ParameterOperations):
    """The snapshots' part of the RDS backend."""

    # -- taking

    def create_db_cluster_snapshot(self, *args: Any, **kwargs: Any) -> Any:
        """CreateDBClusterSnapshot: "creating" until its data exists."""
        name = kwargs.get("db_cluster_identifier") or args[0]
        cluster = self.clusters.get(name)
        if cluster is not None and cluster.status in ("creating", "failed"):
            raise InvalidDBClusterStateFault(
                f"The specified cluster {name} is not in the available state."
            )
        snapshot: Any = super().create_db_cluster_snapshot(*args, **kwargs)
        self._begin(snapshot, self.clusters[snapshot.db_cluster_identifier])
        return snapshot

    def create_db_snapshot(self, *args: Any, **kwargs: Any) -> Any:
        """CreateDBSnapshot, for an instance outside a cluster."""
        instance = self.databases.get(kwargs.get("db_instance_identifier") or args[0])
        if isinstance(instance, DBInstanceClustered):
            raise InvalidParameterValue(
                "The specified instance is a member of a cluster and a snapshot cannot be created "
                "directly."
            )
        if instance is not None and instance.status == "failed":
            raise RDSClientError(
                "InvalidDBInstanceState",
                f"Cannot create a snapshot because the database instance"
                f" {instance.db_instance_identifier} is not currently in the available state.",
            )
        snapshot: Any = super().create_db_snapshot(*args, **kwargs)
        self._begin(snapshot, instance)
        return snapshot

    def _begin(self, snapshot: Any, owner: Any) -> None:
        snapshot.status, snapshot.percent_progress = "creating", 0
        snapshot.data_id = f"snap-{mock_random.get_random_string(20, lower_case=True)}"
        snapshot.owner_arn = owner.arn
        snapshot.master_password = self.master_password(owner)
        kind = "automated" if snapshot.snapshot_type == "automated" else "manual"
        what = "cluster snapshot" if isinstance(owner, DBCluster) else "snapshot"
        self.record_event(owner, f"Creating {kind} {what}", "backup")

    def snapshot_taken(self, snapshot: Any, owner: Any) -> None:
        """Mark a snapshot as available; called by the controller once its data exists."""
        snapshot.status, snapshot.percent_progress = "available", 100
        snapshot.taken_at = datetime.now(UTC)
        automated = [one for one in self.snapshots_of(owner.arn) if hasattr(one, "taken_at")]
        if snapshot.snapshot_type == "automated":
            oldest = min(one.taken_at for one in automated if one.snapshot_type == "automated")
            owner.earliest_restorable_time = oldest.replace(tzinfo=None)
        kind = "Automated" if snapshot.snapshot_type == "automated" else "Manual"
        what = "cluster snapshot" if isinstance(owner, DBCluster) else "snapshot"
        self.record_event(owner, f"{kind} {what} created", "backup")

    def create_auto_cluster_snapshot(self, *_: Any, **__: Any) -> Any:
        """Do nothing: the controller requests the first automated snapshot once there is data."""

    def create_auto_snapshot(self, *_: Any, **__: Any) -> Any:
        """Do nothing, as for a cluster."""

    def forget_snapshot(self, snapshot: Any) -> None:
        """Delete the record of a snapshot whose retention is over."""
        for kept in (self.cluster_snapshots, self.database_snapshots):
            for name in [name for name, one in kept.items() if one is snapshot]:
                del kept[name]

    def take_automated(self, owner: Any) -> None:
        """Begin the automated snapshot of a cluster or an instance; called by the controller."""
        stamp = utcnow().strftime("%Y-%m-%d-%H-%M-%S")
        if isinstance(owner, DBCluster):
            name = f"rds:{owner.db_cluster_identifier}-{stamp}"
            self.create_db_cluster_snapshot(owner.db_cluster_identifier, name, "automated")
        else:
            name = f"rds:{owner.db_instance_identifier}-{stamp}"
            self.create_db_snapshot(owner.db_instance_identifier, name, "automated")

    def snapshots_of(self, arn: str) -> list[Any]:
        """Return the snapshots of a cluster or an instance, the oldest first."""
        both: Iterable[Any] = [*self.cluster_snapshots.values(), *self.database_snapshots.values()]
        found = [one for one in both if getattr(one, "owner_arn", "") == arn]
        return sorted(found, key=lambda one: one.created)

    def kept_data(self) -> frozenset[str]:
        """Return the ids of data that a snapshot, or a database yet to be restored, needs."""
        both: list[Any] = [*self.cluster_snapshots.values(), *self.database_snapshots.values()]
        waiting: list[Any] = [
            one
            for one in (*self.clusters.values(), *self.databases.values())
            if one.status == "creating"
        ]
        return frozenset(
            {one.data_id for one in both if hasattr(one, "data_id")}
            | {one.restore_from for one in waiting if getattr(one, "restore_from", "")}
        )

    def copy_db_cluster_snapshot(self, *args: Any, **kwargs: Any) -> Any:
        """CopyDBClusterSnapshot: both share the same data, which never changes."""
        source: Any = self.get_db_cluster_snapshot(kwargs["source_db_cluster_snapshot_identifier"])
        if source.status != "available":
            raise InvalidDBClusterSnapshotStateFault(source.db_cluster_snapshot_identifier)
        copied: Any = super().copy_db_cluster_snapshot(*args, **kwargs)
        return _same_data(source, copied)

    def copy_db_snapshot(self, *args: Any, **kwargs: Any) -> Any:
        """CopyDBSnapshot, as CopyDBClusterSnapshot."""
        source: Any = self.get_db_snapshot(kwargs["source_db_snapshot_identifier"])
        copied: Any = super().copy_db_snapshot(*args, **kwargs)
        return _same_data(source, copied)

    # -- restoring

    def restore_db_cluster_from_snapshot(
        self, from_snapshot_id: str, overrides: dict[str, Any]
    ) -> DBCluster:
        """RestoreDBClusterFromSnapshot: a new cluster with the snapshot's data and password."""
        snapshot: Any = self.get_db_cluster_snapshot(from_snapshot_id)
        if snapshot.status != "available":
            raise InvalidDBClusterSnapshotStateFault(from_snapshot_id)
        given = _given(overrides, "snapshot_identifier")
        return self._restored_cluster(snapshot.cluster, snapshot.master_password, given, snapshot.data_id)  # fmt: skip

    def restore_db_cluster_to_point_in_time(
        self,
        db_cluster_identifier: str,
        source_db_cluster_identifier: str,
        restore_type: str = "full-copy",
        restore_to_time: Any = None,
        use_latest_restorable_time: bool = False,
        **overrides: Any,
    ) -> DBCluster:
        """RestoreDBClusterToPointInTime: from the nearest automated snapshot, and the WAL since."""
        source: Any = self.describe_db_clusters(source_db_cluster_identifier)[0]
        if restore_to_time is not None and use_latest_restorable_time:
            raise InvalidParameterCombination(
                "Cannot specify both RestoreToTime and UseLatestRestorableTime"
            )
        if restore_to_time is None and not use_latest_restorable_time:
            raise InvalidParameterCombination(
                "You must specify either RestoreToTime or UseLatestRestorableTime"
            )
        if restore_to_time is not None and restore_type == "copy-on-write":
            raise InvalidParameterCombination(
                "RestoreToTime cannot be specified when RestoreType is copy-on-write"
            )
        until, base = self._base(source, restore_to_time)
        given = _given({**overrides, "db_cluster_identifier": db_cluster_identifier})
        cluster = self._restored_cluster(source, self.master_password(source), given, base.data_id)
        cluster.restore_archive = source.db_cluster_resource_id
        cluster.restore_until = until
        return cluster

    def _base(self, source: Any, wanted: Any) -> tuple[datetime | None, Any]:
        """Return the wanted time and the last automated snapshot before it.

        Raises InvalidParameterValue.
        """
        until = _time(wanted)
        taken = [
            one
            for one in self.snapshots_of(source.arn)
            if one.snapshot_type == "automated" and one.status == "available"
        ]
        fit = [one for one in taken if until is None or one.taken_at <= until]
        if not fit or (until is not None and until > datetime.now(UTC)):
            raise RDSClientError(
                "InvalidRestoreFault",
                "The specified time is not within the restorable period "
                f"({taken[0].taken_at.isoformat() if taken else 'nothing'} to now).",
            )
        return until, fit[-1]

    def _restored_cluster(
        self, origin: Any, password: str | None, given: Json, data_id: str
    ) -> DBCluster:
        props = {key: getattr(origin, key, None) for key in _OF_A_CLUSTER}
        if not origin.storage_encrypted:
            props["kms_key_id"] = None
        props = {key: value for key, value in props.items() if value is not None}
        props |= {"serverless_v2_scaling_configuration": None}
        if not given.get("manage_master_user_password"):
            props["master_user_password"] = password
        cluster = self.create_db_cluster({**props, **given})
        cluster.restore_from = data_id
        return cluster

    def restore_db_instance_from_db_snapshot(
        self, from_snapshot_id: str, overrides: dict[str, Any]
    ) -> Any:
        """RestoreDBInstanceFromDBSnapshot: a new instance with the snapshot's data and password."""
        snapshot: Any = self.get_db_snapshot(from_snapshot_id)
        if snapshot.status != "available":
            raise RDSClientError(
                "InvalidDBSnapshotState",
                f"The snapshot {from_snapshot_id} is not available: its status is {snapshot.status}.",
            )
        given = _given(overrides, "db_snapshot_identifier")
        return self._restored_instance(snapshot.database, snapshot.master_password, given, snapshot.data_id)  # fmt: skip

    def restore_db_instance_to_point_in_time(
        self, source_db_identifier: str, target_db_identifier: str, overrides: dict[str, Any]
    ) -> Any:
        """RestoreDBInstanceToPointInTime, as a cluster's."""
        source: Any = self.describe_db_instances(source_db_identifier)[0]
        given = _given(
            overrides,
            "source_db_instance_identifier",
            "target_db_instance_identifier",
            "restore_time",
            "use_latest_restorable_time",
        )
        until, base = self._base(source, overrides.get("restore_time"))
        given["db_instance_identifier"] = target_db_identifier
        instance = self._restored_instance(source, self.master_password(source), given, base.data_id)  # fmt: skip
        instance.restore_archive, instance.restore_until = source.dbi_resource_id, until
        return instance

    def _restored_instance(
        self, origin: Any, password: str | None, given: Json, data_id: str
    ) -> Any:
        props = {key: getattr(origin, key, None) for key in _OF_AN_INSTANCE}
        group = getattr(origin, "_db_subnet_group_name", None)
        props |= {"db_subnet_group_name": group, "vpc_security_group_ids": list(origin.vpc_security_group_ids or [])}  # fmt: skip
        if not origin.storage_encrypted:
            props["kms_key_id"] = None
        if not given.get("manage_master_user_password"):
            props["master_user_password"] = password
        props = {key: value for key, value in props.items() if value is not None}
        instance = self.create_db_instance({**props, **given})
        instance.restore_from = data_id
        return instance


def _same_data(source: Any, copied: Any) -> Any:
    copied.data_id, copied.owner_arn = source.data_id, ""
    copied.master_password = source.master_password
    copied.taken_at = source.taken_at
    return copied


def _given(overrides: Any, *without: str) -> Json:
    return {
        key: value
        for key, value in dict(overrides.items()).items()
        if value not in (None, "") and key not in without
    }


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
