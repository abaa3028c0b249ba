"""Turn parameter groups into a server's settings: what applies now, what waits for a reboot.

Pure except for asking the server's program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from drydock.region.dataplane.database import catalog
from drydock.region.dataplane.database.settings import OURS
from drydock.region.dataplane.database.versions import Installation, choose
from drydock.region.services.rds.operations.parameters import FIXED, Known

Scope = Literal["cluster", "instance"]
_LARGEST_BUFFERS = 131072
"""Pages of 8 kB: 1 GiB. Groups are written for AWS's machines, not for this one."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a group."""

    scope: Scope
    name: str
    value: str
    at_once: bool


@dataclass(frozen=True)
class Wanted:
    """The parameters that an instance's groups ask for."""

    groups: tuple[str, str] = ("", "")
    """The cluster's and the instance's group; a change of group takes effect by a reboot."""
    parameters: tuple[Parameter, ...] = ()


@dataclass
class Applied:
    """The parameters that a server was started with, and those applied since."""

    wanted: Wanted
    values: dict[tuple[Scope, str], str] = field(default_factory=dict)

    @classmethod
    def at_start(cls, wanted: Wanted) -> Applied:
        return cls(wanted, {(one.scope, one.name): one.value for one in wanted.parameters})

    def follow(self, wanted: Wanted, static: Callable[[str], bool]) -> bool:
        """Take over the changes that a running server can apply; return whether anything changed."""
        before = dict(self.values)
        if wanted.groups == self.wanted.groups:
            now = {(one.scope, one.name): one for one in wanted.parameters}
            for key, one in now.items():
                if one.at_once and not static(one.name):
                    self.values[key] = one.value
            for key in [*self.values]:
                if key not in now and not static(key[1]):
                    del self.values[key]
        return self.values != before

    def pending(self, wanted: Wanted) -> frozenset[Scope]:
        """Return the scopes whose changes wait for a reboot."""
        target = {(one.scope, one.name): one.value for one in wanted.parameters}
        keys = [
            key for key in target.keys() | self.values if target.get(key) != self.values.get(key)
        ]
        found: set[Scope] = {scope for scope, _ in keys}
        for scope, new, old in zip(
            ("cluster", "instance"), wanted.groups, self.wanted.groups, strict=True
        ):
            if new != old:
                found.add(scope)  # type: ignore[arg-type]
        return frozenset(found)


@dataclass(frozen=True)
class Settings:
    """Parameter groups translated for this machine."""

    values: Mapping[str, str]
    force_tls: bool
    notes: tuple[str, ...]
    """Parameters that are kept but not in force, one sentence each."""


def settings(applied: Applied, installation: Installation, forced_by_default: bool) -> Settings:
    """Return the server's settings. An instance's group takes precedence over its cluster's."""
    merged: dict[str, str] = {}
    for scope in ("cluster", "instance"):
        merged |= {name: value for (of, name), value in applied.values.items() if of == scope}
    force = merged.pop("rds.force_ssl", "1" if forced_by_default else "0") == "1"
    known = catalog.settings(installation)
    values, notes = {"rds.force_ssl": "1" if force else "0"}, []
    if merged.pop("rds.logical_replication", "0") == "1":
        values["wal_level"] = "logical"
    for name, value in merged.items():
        if reason := _unfit(name, value, known):
            notes.append(f"{name} is kept, not in force: {reason}")
        elif name == "shared_preload_libraries":
            found, missing = _libraries(value, installation)
            values[name] = ",".join(found)
            notes += [f"the library {one} is not on this machine" for one in missing]
        else:
            values[name] = value
    return Settings(values, force, tuple(notes))


def _unfit(name: str, value: str, known: Mapping[str, catalog.Setting]) -> str:
    if name in OURS or name in FIXED:
        return "the region sets it itself"
    if "{" in value or "(" in value:
        return "a formula of the instance class's memory"
    if name == "shared_buffers" and value.isdigit() and int(value) > _LARGEST_BUFFERS:
        return "it is meant for a larger machine"
    if "." not in name and name not in known:
        return "this PostgreSQL has no such setting"
    return ""


def _libraries(value: str, installation: Installation) -> tuple[list[str], list[str]]:
    wanted = [one.strip() for one in value.split(",") if one.strip()]
    places = [installation.bin.parent / "lib", installation.bin.parent / "lib" / "postgresql"]
    found = [one for one in wanted if any((place / f"{one}.so").exists() for place in places)]
    return found, [one for one in wanted if one not in found]


class Judge:
    """Validates parameters with the local PostgreSQL that serves a major version."""

    def known(self, major: int) -> dict[str, Known]:
        return {
            one.name: Known(one.kind, one.static, _allowed(one), one.description)
            for one in catalog.settings(choose(major)).values()
            if one.name not in OURS
        }

    def refusal(self, major: int, name: str, value: str) -> str:
        return catalog.refusal(choose(major), name, value)


def is_static(installation: Installation) -> Callable[[str], bool]:
    """Return a function that tests whether a change of a setting needs a restart of this server."""
    known = catalog.settings(installation)

    def static(name: str) -> bool:
        return name == "rds.logical_replication" or (name in known and known[name].static)

    return static


def _allowed(one: catalog.Setting) -> str:
    if one.kind == "boolean":
        return "0,1"
    return f"{one.lowest}-{one.highest}" if one.lowest and one.highest else ""
