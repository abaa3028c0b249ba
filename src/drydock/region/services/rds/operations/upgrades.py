"""Changes of the engine's major version: requested here, made and ended by the controller.

moto 5.2.5 writes any version into the record. What AWS requires:
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_UpgradeDBInstance.PostgreSQL.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.core.utils import utcnow
from moto.rds.exceptions import InvalidParameterCombination

from drydock.region.services.rds.operations import versions
from drydock.region.services.rds.operations.pending import PendingOperations
from drydock.region.services.rds.records import DBCluster

_OF_AN_UPGRADE = (
    "allow_major_version_upgrade",
    "db_cluster_parameter_group_name",
    "db_instance_parameter_group_name",
    "db_parameter_group_name",
)


@dataclass(frozen=True)
class Upgrade:
    """The settings of a database after its upgrade."""

    engine_version: str
    group: str = ""
    """Its parameter group; empty: the current one stays."""
    members_group: str = ""
    """The group of those instances of a cluster that have their own."""


class UpgradeOperations(PendingOperations):
    """The upgrades' part of the RDS backend."""

    def due_now(self, owner: Any, given: dict[str, Any]) -> tuple[dict[str, Any], Upgrade | None]:
        """Return the part of a modification that applies now, and the major upgrade to begin, if
        any.

        Raises InvalidParameterCombination: an invalid version or parameter group.
        """
        upgrade = self._judge_version(owner, given)
        now = self.hold_back(owner, given)
        if upgrade is None:
            return now, None
        waits = "engine_version" not in now
        for key in _OF_AN_UPGRADE:
            value = now.pop(key, None)
            if waits and value is not None:
                owner.held_back[key] = value
        now.pop("engine_version", None)
        return now, None if waits else upgrade

    def _judge_version(self, owner: Any, given: dict[str, Any]) -> Upgrade | None:
        """Complete the requested version; return the upgrade, if it changes the major."""
        asked = given.get("engine_version")
        if not asked or owner.engine not in versions.DEFAULT_MAJOR:
            return None
        wanted = given["engine_version"] = str(versions.resolve(owner.engine, asked))
        allowed = bool(given.get("allow_major_version_upgrade"))
        before = str(owner.engine_version)
        if not versions.check_upgrade(owner.engine, before, wanted, allow_major=allowed):
            return None
        family = versions.family(owner.engine, wanted)
        groups: tuple[Any, Any] = (self.db_parameter_groups, self.db_cluster_parameter_groups)
        if not isinstance(owner, DBCluster):
            own = given.get("db_parameter_group_name")
            return Upgrade(wanted, _fitting(owner.db_parameter_group_name, own, family, groups[0]))
        own = given.get("db_cluster_parameter_group_name")
        group = _fitting(owner.parameter_group, own, family, groups[1])
        members = given.get("db_instance_parameter_group_name")
        for one in owner._members:
            _fitting(one.db_parameter_group_name, members, family, groups[0])
        return Upgrade(wanted, group, members or "")

    def begin_upgrade(self, owner: Any, upgrade: Upgrade) -> None:
        """Begin an upgrade with a snapshot; "upgrading" until the controller ends it."""
        before, after = map(versions.major, (owner.engine_version, upgrade.engine_version))
        ending = f"{before}-to-{after}-{utcnow():%Y-%m-%d-%H-%M-%S}"
        keeps = int(owner.backup_retention_period or 0) > 0
        members = []
        if isinstance(owner, DBCluster):
            name, members = owner.db_cluster_identifier, list(owner._members)
            self.record_event(owner, "Database cluster upgrade in progress.", "maintenance")
            if keeps:
                self.create_db_cluster_snapshot(name, f"preupgrade-{name}-{ending}", "automated")
        else:
            name = owner.db_instance_identifier
            if keeps:
                self.create_db_snapshot(name, f"preupgrade-{name}-{ending}", "automated")
        for one in (owner, *members):
            if one.status in ("available", "modifying"):
                one.status = "upgrading"
        owner.upgrade = upgrade

    def upgraded(self, owner: Any) -> None:
        """End a successful upgrade; called by the controller."""
        upgrade: Upgrade | None = owner.__dict__.pop("upgrade", None)
        if upgrade is None:
            return
        owner.engine_version = upgrade.engine_version
        if isinstance(owner, DBCluster):
            owner.parameter_group = upgrade.group or owner.parameter_group
            for member in owner._members:
                if upgrade.members_group:
                    member.db_parameter_group_name = upgrade.members_group
            self.record_event(
                owner, "Database cluster engine major version has been upgraded.", "maintenance"
            )
        else:
            owner.db_parameter_group_name = upgrade.group or owner.db_parameter_group_name
            self.record_event(owner, "DB instance engine version upgraded.", "maintenance")
        owner.status = "available"

    def upgrade_failed(self, owner: Any, why: str) -> None:
        """End a failed upgrade, which changed nothing; called by the controller."""
        if owner.__dict__.pop("upgrade", None) is None:
            return
        kind = "cluster" if isinstance(owner, DBCluster) else "instance"
        self.record_event(
            owner, f"The DB {kind} is in a state that can't be upgraded: {why}", "maintenance"
        )
        owner.status = "available"


def _fitting(present: str | None, asked: str | None, family: str, groups: Any) -> str:
    """Return the group for the new major. Raises InvalidParameterCombination: none fits."""
    if not asked and (not present or present.startswith("default.")):
        return f"default.{family}"
    if not asked:
        raise InvalidParameterCombination(
            f"The current DB parameter group {present} is custom. You must explicitly specify a new "
            "DB parameter group, either default or custom, for the engine version upgrade."
        )
    own = versions.family_of(groups[asked]) if asked in groups else asked.removeprefix("default.")
    if own != family:
        raise InvalidParameterCombination(
            f"The Parameter Group {asked} with DBParameterGroupFamily {own} cannot be used for this "
            f"instance. Please use a Parameter Group with DBParameterGroupFamily {family}"
        )
    return asked
