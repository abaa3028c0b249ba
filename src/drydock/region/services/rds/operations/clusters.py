"""Clusters: requests are recorded, and a deleted cluster stays until the controller purges it.

moto 5.2.5: ModifyDBCluster makes a cluster available, forgets the log exports and the switch for
IAM logins; DeleteDBCluster forgets it at once and leaves its automated snapshots; the key of
encrypted storage is the word "default_kms_key_id"; the managed password is a fixed word.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends
from moto.rds.exceptions import (
    DBClusterNotFoundError,
    DBClusterToBeDeletedHasActiveMembers,
    InvalidDBClusterStateFault,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)

from drydock.region.api.changes import touch
from drydock.region.services.rds.operations import versions
from drydock.region.services.rds.operations.upgrades import UpgradeOperations
from drydock.region.services.rds.records import DBCluster, plain

Json = dict[str, Any]

_NAME = re.compile(r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{0,62}(?<!-)")
_TO_APPLY = ("master_user_password", "db_cluster_parameter_group_name", "engine_version", "port")
"""Changes that the server itself must apply."""


class ClusterOperations(UpgradeOperations):
    """The clusters' part of the RDS backend."""

    clusters: MutableMapping[str, DBCluster]  # type: ignore[assignment]

    def create_db_cluster(self, kwargs: Any) -> DBCluster:
        """CreateDBCluster; `status` is "creating" until the controller changes it."""
        identity = kwargs["db_cluster_identifier"]
        if identity in self.clusters:
            raise RDSClientError("DBClusterAlreadyExistsFault", "DB Cluster already exists")
        if not _NAME.fullmatch(identity):
            raise InvalidParameterValue(
                "The parameter DBClusterIdentifier is not a valid identifier. Identifiers must begin "
                "with a letter; must contain only ASCII letters, digits, and hyphens; and must not end "
                "with a hyphen or contain two consecutive hyphens."
            )
        if kwargs.get("manage_master_user_password") and kwargs.get("master_user_password"):
            raise InvalidParameterCombination(
                "You can't specify MasterUserPassword when ManageMasterUserPassword is enabled."
            )
        version = versions.resolve(kwargs.get("engine", ""), kwargs.get("engine_version"))
        if version:
            kwargs["engine_version"] = version
        self._check_cluster_groups(kwargs)
        storage = kwargs.get("storage_type")
        plainly = {key: value for key, value in kwargs.items() if key != "storage_type"}
        # moto 5.2.5 fails for the storage types that Aurora has
        cluster: Any = super().create_db_cluster(
            plainly if str(storage or "").startswith("aurora") else kwargs
        )
        cluster.__class__ = DBCluster
        self._complete_cluster(cluster, kwargs)
        self._drop_cluster_snapshots(cluster)
        return cluster  # type: ignore[no-any-return]

    def _check_cluster_groups(self, kwargs: Any) -> None:
        group = kwargs.get("db_subnet_group_name")
        if group and group not in self.subnet_groups:
            raise RDSClientError(
                "DBSubnetGroupNotFoundFault", f"DB subnet group '{group}' does not exist."
            )
        name = kwargs.get("db_cluster_parameter_group_name")
        if (
            name
            and not name.startswith("default.")
            and name not in self.db_cluster_parameter_groups
        ):
            raise RDSClientError(
                "DBClusterParameterGroupNotFound", f"DBClusterParameterGroup not found: {name}"
            )

    def _complete_cluster(self, cluster: Any, kwargs: Any) -> None:
        if cluster.engine in versions.DEFAULT_MAJOR and not kwargs.get(
            "db_cluster_parameter_group_name"
        ):
            cluster.parameter_group = (
                f"default.{versions.family(cluster.engine, cluster.engine_version)}"
            )
        if cluster.engine.startswith("aurora"):
            cluster.storage_type = kwargs.get("storage_type") or "aurora"
        if not cluster.storage_encrypted:
            cluster.kms_key_id = None
        else:
            cluster.kms_key_id = self.key_arn(kwargs.get("kms_key_id") or "alias/aws/rds")
        if not cluster.vpc_security_group_ids:
            cluster.vpc_security_group_ids = self.default_groups(cluster.db_subnet_group_name)
        cluster.serverless_v2_scaling_configuration = _scaling(
            kwargs.get("serverless_v2_scaling_configuration"), None
        )
        cluster.enabled_cloudwatch_logs_exports = list(cluster.enabled_cloudwatch_logs_exports)
        for attribute, parameter in {
            "performance_insights_enabled": "enable_performance_insights",
            "performance_insights_kms_key_id": "performance_insights_kms_key_id",
            "performance_insights_retention_period": "performance_insights_retention_period",
            "monitoring_interval": "monitoring_interval",
            "monitoring_role_arn": "monitoring_role_arn",
            "database_insights_mode": "database_insights_mode",
            "engine_lifecycle_support": "engine_lifecycle_support",
        }.items():
            setattr(cluster, attribute, kwargs.get(parameter))
        cluster.database_insights_mode = cluster.database_insights_mode or "standard"
        cluster.engine_lifecycle_support = (
            cluster.engine_lifecycle_support or "open-source-rds-extended-support"
        )
        if cluster.manage_master_user_password:
            self.give_managed_password(cluster)

    def key_arn(self, key: str) -> str:
        """Return the ARN of a KMS key given as id, ARN or alias; AWS's aliases are made on first
        use.
        """
        keys = kms_backends[self.account_id][self.region_name]
        touch("kms")
        return str(keys.describe_key(key).arn)

    def default_groups(self, subnet_group: str | None) -> list[str]:
        """Return the default security group of the subnet group's VPC."""
        ec2 = ec2_backends[self.account_id][self.region_name]
        known = self.subnet_groups.get(subnet_group or "")
        vpc = known.vpc_id if known is not None else ec2.default_vpc.id
        group = ec2.get_default_security_group(vpc)
        return [group.id] if group is not None else []

    def modify_db_cluster(self, kwargs: Any) -> DBCluster:
        """ModifyDBCluster: "modifying" when the server must change; the controller ends that."""
        identity = kwargs["db_cluster_identifier"]
        if identity not in self.clusters:
            raise DBClusterNotFoundError(identity)
        cluster: Any = self.clusters[identity]
        if cluster.status not in {"available", "modifying"}:
            raise InvalidDBClusterStateFault(
                f"DBCluster {identity} is in {cluster.status} state but expected available."
            )
        kwargs, upgrade = self.due_now(cluster, dict(kwargs.items()))
        before, managed = cluster.status, cluster.manage_master_user_password
        scaling = cluster.serverless_v2_scaling_configuration
        self._check_cluster_groups(kwargs)
        exports = plain(kwargs.pop("cloudwatch_logs_export_configuration", None) or {})
        super().modify_db_cluster(kwargs)
        wanted = [
            key
            for key in exports.get("EnableLogTypes", [])
            if key not in cluster.enabled_cloudwatch_logs_exports
        ]
        cluster.enabled_cloudwatch_logs_exports = [
            key
            for key in [*cluster.enabled_cloudwatch_logs_exports, *wanted]
            if key not in exports.get("DisableLogTypes", [])
        ]
        cluster.serverless_v2_scaling_configuration = _scaling(
            kwargs.get("serverless_v2_scaling_configuration"), scaling
        )
        if kwargs.get("enable_iam_database_authentication") is not None:
            cluster.iam_auth = kwargs["enable_iam_database_authentication"]
        if kwargs.get("enable_performance_insights") is not None:
            cluster.performance_insights_enabled = kwargs["enable_performance_insights"]
        if cluster.manage_master_user_password:
            if not managed:
                self.give_managed_password(cluster)
            elif kwargs.get("rotate_master_user_password"):
                self.rotate_managed_password(cluster)
        applies = any(kwargs.get(key) is not None for key in _TO_APPLY)
        applies = applies or managed != cluster.manage_master_user_password
        cluster.status = "modifying" if applies else before
        if upgrade is not None:
            self.begin_upgrade(cluster, upgrade)
        return cluster  # type: ignore[no-any-return]

    def delete_db_cluster(
        self,
        cluster_identifier: str,
        snapshot_name: str | None = None,
        *,
        skip_snapshot: bool = True,
    ) -> DBCluster:
        """DeleteDBCluster: "deleting"; the record stays until the controller calls `purge_cluster`."""
        cluster: Any = self.clusters.get(cluster_identifier)
        if cluster is None:
            raise DBClusterNotFoundError(cluster_identifier)
        if cluster.deletion_protection:
            raise InvalidParameterCombination(
                "Cannot delete protected Cluster, please disable deletion protection and try again."
            )
        if any(member.status != "deleting" for member in cluster._members):
            raise DBClusterToBeDeletedHasActiveMembers
        if cluster.status == "deleting":
            raise InvalidDBClusterStateFault("Cluster is already being deleted.")
        if not skip_snapshot and not snapshot_name:
            raise InvalidParameterCombination(
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            )
        if snapshot_name:
            self.create_db_cluster_snapshot(cluster_identifier, snapshot_name)
        cluster.status = "deleting"
        return cluster  # type: ignore[no-any-return]

    def purge_cluster(self, cluster: DBCluster) -> None:
        """Forget a deleted cluster, its managed secret and its automated snapshots."""
        if self.clusters.pop(cluster.db_cluster_identifier, None) is None:
            return
        if cluster.manage_master_user_password:
            cluster.master_user_secret.delete_secret()
            touch("secretsmanager")
        self._drop_cluster_snapshots(cluster)

    def _drop_cluster_snapshots(self, cluster: Any) -> None:
        """Remove automated snapshots that moto 5.2.5 claims to have made: no backup is made here."""
        names = [
            name
            for name, snapshot in self.cluster_snapshots.items()
            if snapshot.snapshot_type == "automated"
            and snapshot.cluster.db_cluster_identifier == cluster.db_cluster_identifier
        ]
        for name in names:
            del self.cluster_snapshots[name]


def _scaling(wanted: Any, before: Json | None) -> Json | None:
    """Return Serverless v2 capacity with its defaults; AWS pauses after 300 s when the minimum is
    0.
    """
    if not wanted:
        return before
    scaling = {**(before or {}), **plain(wanted)}
    if scaling.get("MinCapacity") == 0:
        scaling.setdefault("SecondsUntilAutoPause", 300)
    else:
        scaling.pop("SecondsUntilAutoPause", None)
    return scaling
