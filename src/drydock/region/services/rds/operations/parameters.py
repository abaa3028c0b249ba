"""Parameter groups: validated by the server, with the state of changes that wait for a reboot.

moto 5.2.5 accepts any name and value, lists only what was set, has no default groups to describe,
no Reset operations, and says that everything is in sync.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_WorkingWithParamGroups.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from moto.rds.exceptions import (
    DBClusterParameterGroupNotFoundError,
    DBParameterGroupNotFoundError,
    InvalidParameterCombination,
    InvalidParameterValue,
)

from drydock.region.services.rds.operations.running import RunningOperations
from drydock.region.services.rds.operations.versions import family_of

Json = dict[str, Any]

FIXED = frozenset({"fsync", "full_page_writes", "ignore_checksum_failure", "zero_damaged_pages"})
"""Parameters that cannot be set on RDS: data would be lost."""
OF_RDS: dict[str, tuple[str, bool, str]] = {
    "rds.force_ssl": ("boolean", False, "0,1"),
    "rds.logical_replication": ("boolean", True, "0,1"),
    "rds.log_retention_period": ("integer", False, "1440-10080"),
    "rds.force_autovacuum_logging_level": ("list", False, "debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic,disabled"),
    "rds.extensions": ("list", True, ""),
    "rds.restrict_password_commands": ("boolean", True, "0,1"),
    "rds.accepted_password_auth_method": ("list", False, "md5+scram,scram"),
}  # fmt: skip
"""RDS's own parameters: kind, whether static, allowed values."""
_FAMILY = re.compile(r"(aurora-postgresql|postgres)(\d+)")
_OTHERS = ("apg_", "aurora_", "rds.", "babelfish")
"""Prefixes of the parameters that only Aurora has."""
_FORMULA = re.compile(r"[{(]")


@dataclass(frozen=True)
class Known:
    """A setting of the server that serves a family."""

    kind: str
    static: bool
    allowed: str
    description: str


class Server(Protocol):
    """The server that serves a family, which validates its parameters. The data plane provides it."""

    def known(self, major: int) -> dict[str, Known]:
        """Return its settings by name, without those that the region sets itself."""
        ...

    def refusal(self, major: int, name: str, value: str) -> str:
        """Return why it refuses a value, in its own words; empty where it accepts it."""
        ...


class _Asked:
    """The validating server: set once, at the start of the data plane, and never saved."""

    server: Server | None = None


def ask(server: Server) -> None:
    """Set the server that validates values from now on."""
    _Asked.server = server


class ParameterOperations(RunningOperations):
    """The parameter groups' part of the RDS backend."""

    def modify_db_parameter_group(
        self, db_parameter_group_name: str, db_parameter_group_parameters: Iterable[Json]
    ) -> Any:
        """ModifyDBParameterGroup. Raises InvalidParameterValue, InvalidParameterCombination."""
        group = self._group(db_parameter_group_name, cluster=False)
        given = list(db_parameter_group_parameters)
        _judge(family_of(group), given)
        return super().modify_db_parameter_group(db_parameter_group_name, given)

    def modify_db_cluster_parameter_group(
        self,
        db_cluster_parameter_group_name: str,
        db_cluster_parameter_group_parameters: Iterable[Json],
    ) -> Any:
        """ModifyDBClusterParameterGroup, as ModifyDBParameterGroup."""
        group = self._group(db_cluster_parameter_group_name, cluster=True)
        given = list(db_cluster_parameter_group_parameters)
        _judge(family_of(group), given)
        return super().modify_db_cluster_parameter_group(db_cluster_parameter_group_name, given)

    def reset_parameters(self, name: str, names: Iterable[str], *, all_of_them: bool, cluster: bool) -> None:  # fmt: skip
        """ResetDBParameterGroup and ResetDBClusterParameterGroup: restore the server's own values."""
        group = self._group(name, cluster=cluster)
        for one in list(group.parameters) if all_of_them else names:
            group.parameters.pop(one, None)

    def describe_parameters(self, name: str, source: str | None, *, cluster: bool) -> list[Json]:
        """DescribeDBParameters and DescribeDBClusterParameters: all that the server has."""
        family, given = name.removeprefix("default."), {}
        groups = self.db_cluster_parameter_groups if cluster else self.db_parameter_groups
        if name in groups or not name.startswith("default."):
            group = self._group(name, cluster=cluster)
            family, given = family_of(group), group.parameters
        known = _known(family)
        listed = [
            _shown(one, known.get(one), given.get(one)) for one in sorted(known.keys() | given)
        ]
        return [one for one in listed if source in (None, one["Source"])]

    def _group(self, name: str, *, cluster: bool) -> Any:
        """Return a group. Raises DBClusterParameterGroupNotFound, DBParameterGroupNotFound."""
        groups: Any = self.db_cluster_parameter_groups if cluster else self.db_parameter_groups
        if name in groups:
            return groups[name]
        if cluster:
            raise DBClusterParameterGroupNotFoundError(name)
        raise DBParameterGroupNotFoundError(name)


def _judge(family: str, given: Iterable[Json]) -> None:
    """Validate parameters. Raises InvalidParameterValue, InvalidParameterCombination as RDS does."""
    found = _FAMILY.fullmatch(family)
    if found is None or _Asked.server is None:
        return
    known = _known(family)
    for one in given:
        name, value = str(one["ParameterName"]), str(one.get("ParameterValue", ""))
        if name in FIXED:
            raise InvalidParameterValue(f"The parameter {name} cannot be modified.")
        setting = known.get(name)
        if setting is None:
            if name.startswith(_OTHERS) or "." in name:
                continue
            raise InvalidParameterValue(f"Could not find parameter with name: {name}")
        if setting.static and one.get("ApplyMethod") == "immediate":
            raise InvalidParameterCombination(
                "cannot use immediate apply method for static parameter"
            )
        if name in OF_RDS:
            bad = bool(setting.allowed) and not _within(value, setting)
        else:
            bad = not _FORMULA.search(value) and bool(
                _Asked.server.refusal(int(found[2]), name, value)
            )
        if bad:
            raise InvalidParameterValue(
                f"Invalid parameter value: {value} for: {name} allowed values are: {setting.allowed}"
            )


def _within(value: str, setting: Known) -> bool:
    if setting.kind == "integer":
        low, _, high = setting.allowed.partition("-")
        return value.isdigit() and int(low) <= int(value) <= int(high)
    return value in setting.allowed.split(",")


def _known(family: str) -> dict[str, Known]:
    found = _FAMILY.fullmatch(family)
    if found is None or _Asked.server is None:
        return {}
    ours = {name: Known(*told, description="") for name, told in OF_RDS.items()}
    return {**_Asked.server.known(int(found[2])), **ours}


def _shown(name: str, known: Known | None, given: Json | None) -> Json:
    shown: Json = {
        "ParameterName": name,
        "Source": "user" if given else "engine-default",
        "IsModifiable": name not in FIXED,
        "ApplyMethod": "pending-reboot",
        "ApplyType": "dynamic",
        "DataType": "string",
    }
    if known is not None:
        shown |= {
            "Description": known.description,
            "ApplyType": "static" if known.static else "dynamic",
            "DataType": known.kind,
        }
        if known.allowed:
            shown["AllowedValues"] = known.allowed
    if given:
        shown |= {key: given[key] for key in ("ParameterValue", "ApplyMethod") if key in given}
    return shown
