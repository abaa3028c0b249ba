"""Instances: as with clusters, requests are recorded, and the controller purges deleted ones.

moto 5.2.5: an instance is available at once and all have one resource id; those of a cluster forget
Performance Insights and monitoring; DeleteDBInstance forgets it at once.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from moto.moto_api._internal import mock_random
from moto.rds.exceptions import DBInstanceNotFoundError, InvalidParameterCombination, RDSClientError
from moto.rds.models import RDSBackend

from drydock.region.services.rds.operations import versions
from drydock.region.services.rds.operations.clusters import ClusterOperations
from drydock.region.services.rds.records import DBInstance, DBInstanceClustered, plain

_KEPT = {
    "enable_performance_insights": "performance_insights_enabled",
    "performance_insights_kms_key_id": "performance_insights_kms_key_id",
    "performance_insights_retention_period": "performance_insights_retention_period",
    "monitoring_interval": "monitoring_interval",
    "monitoring_role_arn": "monitoring_role_arn",
    "database_insights_mode": "database_insights_mode",
    "network_type": "network_type",
    "ca_certificate_identifier": "ca_certificate_identifier",
    "auto_minor_version_upgrade": "auto_minor_version_upgrade",
    "copy_tags_to_snapshot": "copy_tags_to_snapshot",
    "publicly_accessible": "publicly_accessible",
    "promotion_tier": "promotion_tier",
    "db_instance_class": "db_instance_class",
    "deletion_protection": "deletion_protection",
    "engine_lifecycle_support": "engine_lifecycle_support",
}
"""Parameters that are kept as given, under the name that the answer shows."""

_OF_THE_CLUSTER = (
    "backup_retention_period",
    "preferred_backup_window",
    "allocated_storage",
    "engine_version",
    "storage_type",
    "storage_encrypted",
    "kms_key_id",
    "master_user_password",
    "master_username",
    "vpc_security_group_ids",
    "max_allocated_storage",
    "option_group_name",
    "license_model",
)
"""Settings that an instance takes from its cluster; moto's record does not accept them."""

_TO_APPLY = ("master_user_password", "db_parameter_group_name", "engine_version", "db_port_number")


class InstanceOperations(ClusterOperations):
    """The instances' part of the RDS backend."""

    databases: MutableMapping[str, DBInstance | DBInstanceClustered]  # type: ignore[assignment]

    def create_db_instance(self, db_kwargs: Any) -> Any:
        """CreateDBInstance; `status` is "creating" until the controller changes it."""
        clustered = db_kwargs.get("db_cluster_identifier") is not None
        if clustered:
            cluster = self.clusters.get(db_kwargs["db_cluster_identifier"])
            if cluster is not None and cluster.status == "deleting":
                raise RDSClientError("InvalidDBClusterStateFault", "DB cluster is being deleted.")
            db_kwargs.pop("engine_version", None)
        else:
            version = versions.resolve(db_kwargs.get("engine", ""), db_kwargs.get("engine_version"))
            if version:
                db_kwargs["engine_version"] = version
        instance: Any = super().create_db_instance(db_kwargs)
        instance.__class__ = DBInstanceClustered if clustered else DBInstance
        self._complete_instance(instance, db_kwargs)
        self._drop_snapshots(instance)
        return instance

    def _complete_instance(self, instance: Any, kwargs: Any) -> None:
        instance.status = "creating"
        instance.dbi_resource_id = f"db-{mock_random.get_random_string(26).upper()}"
        instance.url_identifier = (
            instance.cluster.url_identifier
            if isinstance(instance, DBInstanceClustered)
            else mock_random.get_random_string(12, lower_case=True)
        )
        defaults = {
            "performance_insights_enabled": False,
            "network_type": "IPV4",
            "database_insights_mode": "standard",
            "engine_lifecycle_support": "open-source-rds-extended-support",
        }
        for attribute, value in defaults.items():
            setattr(instance, attribute, value)
        _keep(instance, kwargs)
        if not kwargs.get("ca_certificate_identifier"):
            instance.ca_certificate_identifier = "rds-ca-rsa2048-g1"
        if instance.performance_insights_enabled:
            key = kwargs.get("performance_insights_kms_key_id") or "alias/aws/rds"
            instance.performance_insights_kms_key_id = self.key_arn(key)
            if not kwargs.get("performance_insights_retention_period"):
                instance.performance_insights_retention_period = 7
        if instance.publicly_accessible is None:
            instance.publicly_accessible = False
        if isinstance(instance, DBInstanceClustered):
            group = instance.cluster.db_subnet_group_name
            if group in self.subnet_groups:
                instance.db_subnet_group = self.subnet_groups[group]
                if not kwargs.get("availability_zone"):
                    instance.availability_zone = self._spread(instance)
            instance.port = instance.cluster.port
        elif instance.manage_master_user_password:
            self.give_managed_password(instance)

    def _spread(self, instance: Any) -> str:
        """Return the zone of the subnet group that has the fewest of the cluster's instances."""
        zones = [one["SubnetAvailabilityZone"]["Name"] for one in instance.db_subnet_group.subnets]
        others = [one.availability_zone for one in instance.cluster._members if one is not instance]
        return min(sorted({str(zone) for zone in zones}), key=others.count)

    def modify_db_instance(self, db_instance_identifier: str, db_kwargs: Any) -> Any:
        """ModifyDBInstance, as ModifyDBCluster."""
        (instance,) = self.describe_db_instances(db_instance_identifier)
        clustered = isinstance(instance, DBInstanceClustered)
        given, upgrade = dict(db_kwargs.items()), None
        if clustered:
            given = self.hold_back(instance, given)
            for key in _OF_THE_CLUSTER:
                given.pop(key, None)
        else:
            given, upgrade = self.due_now(instance, given)
        kept = {key: given.pop(key) for key in list(given) if key in _KEPT}
        exports = plain(given.pop("cloudwatch_logs_export_configuration", None) or {})
        if exports:
            given["cloudwatch_logs_export_configuration"] = exports
        given.pop("db_instance_identifier", None)
        before, managed = instance.status, instance.manage_master_user_password
        super().modify_db_instance(db_instance_identifier, given)
        _keep(instance, kept)
        if instance.manage_master_user_password:
            if not managed:
                self.give_managed_password(instance)
            elif given.get("rotate_master_user_password"):
                self.rotate_managed_password(instance)
        if any(given.get(key) is not None for key in _TO_APPLY):
            instance.status = "modifying"
        else:
            instance.status = before
        if upgrade is not None:
            self.begin_upgrade(instance, upgrade)
        return instance

    def reboot_db_instance(self, db_instance_identifier: str) -> Any:
        """RebootDBInstance: "rebooting" until the controller has done it."""
        (instance,) = self.describe_db_instances(db_instance_identifier)
        instance.status = "rebooting"
        self.apply_pending(instance)
        return instance

    def delete_db_instance(
        self,
        db_instance_identifier: str,
        final_db_snapshot_identifier: str | None = None,
        skip_final_snapshot: bool | None = False,
        delete_automated_backups: bool | None = True,  # noqa: ARG002  (moto's)
    ) -> Any:
        """DeleteDBInstance: "deleting"; the record stays until the controller calls `purge_instance`."""
        if db_instance_identifier not in self.databases:
            raise DBInstanceNotFoundError(db_instance_identifier)
        instance: Any = self.databases[db_instance_identifier]
        if instance.deletion_protection:
            raise InvalidParameterCombination(
                "Cannot delete protected DB Instance, please disable deletion protection and try again."
            )
        if instance.status == "deleting":
            raise RDSClientError(
                "InvalidDBInstanceState",
                f"Instance {db_instance_identifier} is already being deleted.",
            )
        clustered = isinstance(instance, DBInstanceClustered)
        if not clustered and not skip_final_snapshot and not final_db_snapshot_identifier:
            raise InvalidParameterCombination(
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            )
        if not clustered and final_db_snapshot_identifier and not skip_final_snapshot:
            self.create_db_snapshot(
                db_instance_identifier, final_db_snapshot_identifier, snapshot_type="manual"
            )
        instance.status = "deleting"
        return instance

    def purge_instance(self, instance: Any) -> None:
        """Delete the record of a deleted instance, with its managed secret and snapshots."""
        if self.databases.pop(instance.db_instance_identifier, None) is None:
            return
        if instance.manage_master_user_password:
            instance.master_user_secret.delete_secret()
        self._drop_snapshots(instance)

    def _drop_snapshots(self, instance: Any) -> None:
        names = [
            name
            for name, snapshot in self.database_snapshots.items()
            if snapshot.snapshot_type == "automated"
            and snapshot.database.db_instance_identifier == instance.db_instance_identifier
        ]
        for name in names:
            del self.database_snapshots[name]


def _keep(instance: Any, given: Any) -> None:
    for parameter, attribute in _KEPT.items():
        if given.get(parameter) is not None:
            setattr(instance, attribute, given[parameter])


__all__ = ["InstanceOperations", "RDSBackend"]
