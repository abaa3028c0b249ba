"""Clusters, instances and master secrets whose state only the controller changes.

moto 5.2.5: describing a cluster makes one of its members the writer; a failover is over at once; a
cluster is "available" when it is described a second time, an instance at once, a secret "active"
when it is read; the managed password is the same fixed word for every cluster.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.rds import models

_RESERVED = "aaaaaaaaaa"
"""The text in moto 5.2.5's instance endpoints where AWS has the account's own part."""


class _Pending:
    """Changes that wait for the maintenance window."""

    held_back: dict[str, Any]
    """Parameters of the request that asked for it."""
    never_made = False
    """Whether creation failed before there was any data."""

    @property
    def pending_modified_values(self) -> dict[str, Any]:
        held = self.__dict__.get("held_back", {})
        return {_PENDING[key]: value for key, value in held.items() if key in _PENDING}

    @pending_modified_values.setter
    def pending_modified_values(self, value: Any) -> None:
        """Ignore moto's own value."""


_PENDING = {
    "db_instance_class": "DBInstanceClass",
    "engine_version": "EngineVersion",
    "allocated_storage": "AllocatedStorage",
}
"""Changes that wait, unless they are to apply immediately, by the names of requests and answers."""


class DBCluster(_Pending, models.DBCluster):
    """A cluster.

    `status`: creating, available, modifying, upgrading, failing-over, stopped, deleting, failed.
    """

    restore_from = restore_archive = ""
    """Restore source: a snapshot's data, and the resource id of the cluster whose WAL is replayed."""
    restore_until: datetime | None = None
    failover_target = ""
    """The instance that FailoverDBCluster asked to become the writer, until it is."""

    @property
    def status(self) -> str:
        return self._status

    @status.setter
    def status(self, value: str) -> None:
        self._status = value

    @property
    def db_cluster_members(self) -> list[dict[str, Any]]:
        """The members, with the state of the cluster's parameter group in each."""
        shown = super().db_cluster_members
        for one, member in zip(shown, self._members, strict=True):
            pending = "cluster" in getattr(member, "pending_groups", ())
            one["DBClusterParameterGroupStatus"] = "pending-reboot" if pending else "in-sync"
        return shown

    def designate_writer(self) -> None:
        """Do nothing: moto picks a writer when a cluster is described; here the controller does."""

    def failover(self, target_instance: Any) -> None:
        """Begin a failover: "failing-over" until the controller observes the target as the writer."""
        self.failover_target = target_instance.db_instance_identifier
        self.status = "failing-over"

    @property
    def scaling_configuration_info(self) -> dict[str, Any] | None:  # type: ignore[override]
        """The Serverless v1 scaling; moto 5.2.5 shows an empty one for every cluster."""
        return super().scaling_configuration_info if self.engine_mode == "serverless" else None

    @property
    def wanted_password(self) -> str | None:
        """The master password given in the request; None when RDS manages it. Never shown by the API."""
        return self.__dict__.get("_master_user_password") or None


class _Endpoint(_Pending):
    """An instance's endpoint as AWS writes it, and the state of its parameter groups."""

    url_identifier: str
    pending_groups: frozenset[str] = frozenset()
    """The groups that wait for a reboot: "cluster", "instance"."""

    @property
    def db_parameter_group_status_list(self) -> list[dict[str, Any]]:
        status = "pending-reboot" if "instance" in self.pending_groups else "in-sync"
        groups: Any = self.db_parameter_groups()  # type: ignore[attr-defined]
        return [
            {"DBParameterGroupName": one.name, "ParameterApplyStatus": status} for one in groups
        ]

    @property
    def address(self) -> str:
        address: str = super().address  # type: ignore[misc]
        return address.replace(f".{_RESERVED}.", f".{self.url_identifier}.")


class DBInstance(_Endpoint, models.DBInstance):
    """An instance on its own.

    `status`: creating, available, modifying, rebooting, deleting, failed…
    """

    @property
    def wanted_password(self) -> str | None:
        """The master password given in the request, as a cluster's."""
        return self.__dict__.get("_master_user_password") or None


class DBInstanceClustered(_Endpoint, models.DBInstanceClustered):
    """A cluster's instance. `status` as for an instance on its own."""


class MasterUserSecret(models.MasterUserSecret):
    """A managed password. `secret_status`: creating, active, rotating, impaired."""

    @property
    def secret_status(self) -> str:
        return self._status

    @secret_status.setter
    def secret_status(self, value: str) -> None:
        self._status = value


def plain(value: Any) -> Any:
    """Return moto's request mappings as ordinary dicts and lists."""
    if hasattr(value, "original_dict"):
        return {key: plain(item) for key, item in value.original_dict().items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
