"""Failover, stop and start: requested here, done and observed by the controller.

moto 5.2.5: a failover goes to any reader, and a cluster is stopped or started at once, without its
instances.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.core.utils import utcnow
from moto.rds.exceptions import (
    DBClusterNotFoundError,
    InvalidDBClusterStateFault,
    InvalidDBInstanceStateError,
    InvalidParameterCombination,
    RDSClientError,
)

from drydock.region.services.rds.operations.classes import size
from drydock.region.services.rds.operations.instances import InstanceOperations
from drydock.region.services.rds.records import DBCluster, DBInstanceClustered

_STOPPED_FOR = timedelta(days=7)
"""Time after which AWS starts a stopped database again."""


class RunningOperations(InstanceOperations):
    """The part of the RDS backend that changes which servers run."""

    def failover_db_cluster(
        self, db_cluster_identifier: str, target_db_instance_identifier: str | None = None
    ) -> DBCluster:
        """FailoverDBCluster: "failing-over" until the controller observes the target as the writer."""
        cluster = self._cluster(db_cluster_identifier)
        if cluster.status != "available":
            raise InvalidDBClusterStateFault(
                f"Cluster {db_cluster_identifier} is not in a valid state for failover: "
                f"{cluster.status}"
            )
        if target_db_instance_identifier is None:
            target_db_instance_identifier = self.failover_candidate(cluster)
        elif target_db_instance_identifier not in [
            member.db_instance_identifier for member in cluster._members
        ]:
            raise RDSClientError(
                "InvalidDBInstanceState",
                f"Instance {target_db_instance_identifier} is not a member of cluster "
                f"{db_cluster_identifier}.",
            )
        elif getattr(self.databases[target_db_instance_identifier], "is_cluster_writer", False):
            raise RDSClientError(
                "InvalidDBInstanceState",
                f"Instance {target_db_instance_identifier} is already the writer of cluster "
                f"{db_cluster_identifier}.",
            )
        super().failover_db_cluster(db_cluster_identifier, target_db_instance_identifier)
        self.record_failover(cluster)
        return cluster

    def failover_candidate(self, cluster: DBCluster) -> str | None:
        """Return the reader to fail over to: by its tier, then the largest."""
        readers: list[Any] = [
            one
            for one in cluster._members
            if one.status == "available" and not one.is_cluster_writer
        ]
        chosen = min(
            readers,
            key=lambda one: (int(one.promotion_tier or 0), -size(one.db_instance_class)),
            default=None,
        )
        return str(chosen.db_instance_identifier) if chosen is not None else None

    def record_failover(self, cluster: DBCluster) -> None:
        """Record the event that a failover has begun."""
        target = self.databases[cluster.failover_target]
        before = next((one for one in cluster._members if one.is_cluster_writer), None)
        same = before is not None and before.availability_zone == target.availability_zone
        self.record_event(
            cluster,
            f"Started {'same' if same else 'cross'} AZ failover to DB instance: "
            f"{cluster.failover_target}",
            "failover",
        )

    def stop_db_cluster(self, cluster_identifier: str) -> DBCluster:
        """StopDBCluster: "stopping" until none of its servers runs."""
        cluster = self._cluster(cluster_identifier)
        if cluster.status != "available":
            raise InvalidDBClusterStateFault(
                f"DbCluster {cluster_identifier} is in {cluster.status} state "
                "but expected it to be one of available."
            )
        self._stop(cluster)
        for member in cluster._members:
            member.status = "stopping"
        return cluster

    def start_db_cluster(self, cluster_identifier: str) -> DBCluster:
        """StartDBCluster: "starting" until its writer answers."""
        cluster = self._cluster(cluster_identifier)
        if cluster.status != "stopped":
            raise InvalidDBClusterStateFault(
                f"DbCluster {cluster_identifier} is in {cluster.status} state but expected it to be "
                "one of stopped,inaccessible-encryption-credentials-recoverable."
            )
        self._start(cluster)
        for member in cluster._members:
            member.status = "starting"
        return cluster

    def stop_db_instance(
        self, db_instance_identifier: str, db_snapshot_identifier: str | None = None
    ) -> Any:
        """StopDBInstance, for an instance outside a cluster."""
        instance = self._alone(db_instance_identifier)
        if instance.status != "available":
            raise InvalidDBInstanceStateError(db_instance_identifier, "stop")
        if db_snapshot_identifier:
            self.create_db_snapshot(db_instance_identifier, db_snapshot_identifier)
        self._stop(instance)
        return instance

    def start_db_instance(self, db_instance_identifier: str) -> Any:
        """StartDBInstance, for an instance outside a cluster."""
        instance = self._alone(db_instance_identifier)
        if instance.status != "stopped":
            raise InvalidDBInstanceStateError(db_instance_identifier, "start")
        self._start(instance)
        return instance

    def _stop(self, owner: Any) -> None:
        owner.status = "stopping"
        owner.automatic_restart_time = utcnow() + _STOPPED_FOR

    def _start(self, owner: Any) -> None:
        owner.status = "starting"
        owner.automatic_restart_time = None

    def _cluster(self, identifier: str) -> DBCluster:
        cluster = self.clusters.get(identifier)
        if cluster is None:
            raise DBClusterNotFoundError(identifier)
        return cluster

    def _alone(self, identifier: str) -> Any:
        (instance,) = self.describe_db_instances(identifier)
        if isinstance(instance, DBInstanceClustered):
            raise InvalidParameterCombination(
                "DB instances of an Aurora DB cluster are stopped and started with their cluster."
            )
        return instance
