"""Changes that wait for the maintenance window, or for a reboot.

moto 5.2.5 makes every change at once.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Modifying.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from drydock.region.services.rds.operations.passwords import PasswordOperations
from drydock.region.services.rds.records import DBCluster

_OF_A_CLUSTER = ("engine_version",)
_OF_AN_INSTANCE = ("db_instance_class", "engine_version", "allocated_storage")
_OF_A_MEMBER = ("db_instance_class",)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK = 7 * 24 * 60


class PendingOperations(PasswordOperations):
    """The pending changes' part of the RDS backend."""

    def hold_back(self, owner: Any, given: dict[str, Any]) -> dict[str, Any]:
        """Return the part of a modification that applies now; the rest is kept until it is due.

        A master password never waits:
        https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html
        """
        if (
            given.get("master_user_password") is not None
        ):  # an earlier version of the region kept it
            owner.__dict__.get("held_back", {}).pop("master_user_password", None)
        if given.get("apply_immediately"):
            for key in given:
                owner.__dict__.get("held_back", {}).pop(key, None)
            return given
        if isinstance(owner, DBCluster):
            waiting: tuple[str, ...] = _OF_A_CLUSTER
        else:
            waiting = _OF_A_MEMBER if getattr(owner, "cluster", None) else _OF_AN_INSTANCE
        held = owner.__dict__.setdefault("held_back", {})
        for key in waiting:
            if given.get(key) not in (None, getattr(owner, key, None)):
                held[key] = given.pop(key)
        return given

    def apply_pending(self, owner: Any) -> bool:
        """Apply the pending changes; return whether there were any."""
        held = owner.__dict__.pop("held_back", None)
        if not held:
            return False
        status, owner.status = owner.status, "available"
        if isinstance(owner, DBCluster):
            name = owner.db_cluster_identifier
            self.modify_db_cluster(
                {"db_cluster_identifier": name, **held, "apply_immediately": True}
            )
        else:
            name = owner.db_instance_identifier
            self.modify_db_instance(name, {**held, "apply_immediately": True})
        if status != "available":
            owner.status = status
        return True

    def maintain(self, now: datetime | None = None) -> bool:
        """Apply all pending changes whose maintenance window is now; return whether there were any."""
        moment = now or datetime.now(UTC)
        owners: list[Any] = [*self.clusters.values(), *self.databases.values()]
        due = [
            one
            for one in owners
            if one.__dict__.get("held_back")
            and one.status == "available"
            and within(str(one.preferred_maintenance_window), moment)
        ]
        for one in due:
            self.apply_pending(one)
        return bool(due)


def within(window: str, now: datetime) -> bool:
    """Return whether a time is in a window such as "wed:02:40-wed:03:10" (UTC)."""
    begin, _, end = window.partition("-")
    start, stop = _minute(begin), _minute(end)
    at = now.weekday() * 1440 + now.hour * 60 + now.minute
    return (at - start) % _WEEK < (stop - start) % _WEEK


def _minute(text: str) -> int:
    day, hour, minute = text.lower().split(":")
    return _DAYS.index(day) * 1440 + int(hour) * 60 + int(minute)
