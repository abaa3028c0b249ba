"""Clusters, instances and master secrets whose state is only what a controller says.

moto 5.2.5: to describe a cluster makes one of its members the writer; a failover is over at once; a
cluster is "available" when it is described a second time, an instance at once, a
secret "active" when it is looked at; the managed password is the same fixed word for every cluster.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.rds import models

_RESERVED = "aaaaaaaaaa"
"""What moto 5.2.5 writes in an instance's endpoint in place of the account's own part."""


class _Pending:
    """What waits for the maintenance window."""

    held_back: dict[str, Any]
    """Parameters of the request that asked for it."""
    never_made = False
    """It failed before there were any data of it."""

    @property
    def pending_modified_values(self) -> dict[str, Any]:
        held = self.__dict__.get("held_back", {})
        return {_PENDING[key]: value for key, value in held.items() if key in _PENDING}

    @pending_modified_values.setter
    def pending_modified_values(self, value: Any) -> None:
        """moto's own is nobody's."""


_PENDING = {
    "db_instance_class": "DBInstanceClass",
    "engine_version": "EngineVersion",
    "allocated_storage": "AllocatedStorage",
}
"""Changes that wait, unless they are to apply immediately, by the names of requests and answers."""


class DBCluster(_Pending, models.DBCluster):
    """`status`: creating, available, modifying, upgrading, failing-over, stopped, deleting, failed."""

    restore_from = restore_archive = ""
    """What it is made of: a snapshot's data, and the resource id of the cluster whose WAL is replayed."""
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
        """Which of them wait for a reboot to have their cluster's parameter group."""
        shown = super().db_cluster_members
        for one, member in zip(shown, self._members, strict=True):
            pending = "cluster" in getattr(member, "pending_groups", ())
            one["DBClusterParameterGroupStatus"] = "pending-reboot" if pending else "in-sync"
        return shown

    def designate_writer(self) -> None:
        """Nobody is the writer by being described: the controller says who is."""

    def failover(self, target_instance: Any) -> None:
        """ "failing-over" until the controller has seen the target be the writer."""
        self.failover_target = target_instance.db_instance_identifier
        self.status = "failing-over"

    @property
    def scaling_configuration_info(self) -> dict[str, Any] | None:  # type: ignore[override]
        """Of Serverless v1 alone; moto 5.2.5 shows an empty one for every cluster."""
        return super().scaling_configuration_info if self.engine_mode == "serverless" else None

    @property
    def wanted_password(self) -> str | None:
        """The master password given in the request; None when RDS manages it. Never shown by the API."""
        return self.__dict__.get("_master_user_password") or None


class _Endpoint(_Pending):
    """The endpoint of an instance as AWS writes it, and the state of its parameter groups."""

    url_identifier: str
    pending_groups: frozenset[str] = frozenset()
    """Which groups are not in force before a reboot, of "cluster" and "instance"."""

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
    """`status`: creating, available, modifying, rebooting, deleting, failed…"""

    @property
    def wanted_password(self) -> str | None:
        """As a cluster's."""
        return self.__dict__.get("_master_user_password") or None


class DBInstanceClustered(_Endpoint, models.DBInstanceClustered):
    """A cluster's instance. `status` as an instance's."""


class MasterUserSecret(models.MasterUserSecret):
    """A managed password. `secret_status`: creating, active, rotating, impaired."""

    @property
    def secret_status(self) -> str:
        return self._status

    @secret_status.setter
    def secret_status(self, value: str) -> None:
        self._status = value


def plain(value: Any) -> Any:
    """moto's request mappings as ordinary dicts and lists."""
    if hasattr(value, "original_dict"):
        return {key: plain(item) for key, item in value.original_dict().items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
