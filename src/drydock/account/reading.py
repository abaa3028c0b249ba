"""Prepare the `[account]` section of the file for the models.

A stack's variables are optional, so an entry whose id comes from a variable that is empty, or not set,
is left out. Secrets are never in the file: `value_from` names an environment variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drydock.errors import ConfigError

_IDENTITY = {
    "vpcs": ("id",),
    "subnets": ("id",),
    "hosted_zones": ("id", "name"),
    "certificates": ("arn",),
    "secrets": ("arn", "name"),
    "parameters": ("name",),
    "repositories": ("name",),
    "kms_keys": ("id", "arn", "alias"),
    "buckets": ("name",),
}


def prepare(section: Any, environ: Mapping[str, str], file: str) -> Any:
    """Return the section without the entries that are left out, and with the secrets' values.

    Raises ConfigError: the file itself has a secret.
    """
    if not isinstance(section, dict):
        return section
    kept = {kind: _kept(kind, entries) for kind, entries in section.items()}
    for kind in ("secrets", "parameters"):
        for number, entry in enumerate(_entries(kept, kind)):
            _read_value(entry, environ, f"{file}: account.{kind}.{number}")
    return kept


def _kept(kind: str, entries: Any) -> Any:
    if not isinstance(entries, list):
        return entries
    found = []
    for entry in entries:
        if not isinstance(entry, dict):
            found.append(entry)
        elif not any(entry.get(key) == "" for key in _IDENTITY.get(kind, ())):
            inner = _inner(kind, entry)
            if inner is not None:
                found.append(inner)
    return found


def _inner(kind: str, entry: dict[str, Any]) -> dict[str, Any] | None:
    """Return an entry without the parts that are left out, or None if nothing is left of it."""
    if kind == "vpcs" and "subnets" in entry:
        return {**entry, "subnets": _kept("subnets", entry["subnets"])}
    if kind == "hosted_zones" and isinstance(entry.get("vpcs"), list) and entry["vpcs"]:
        vpcs = [one for one in entry["vpcs"] if one != ""]
        return {**entry, "vpcs": vpcs} if vpcs else None  # without its VPCs it would be public
    return entry


def _entries(section: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    entries = section.get(kind)
    return [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []


def _read_value(entry: dict[str, Any], environ: Mapping[str, str], where: str) -> None:
    if "value" in entry and entry.get("type") != "String":
        raise ConfigError(
            f"{where}.value",
            "a secret does not belong into this file",
            'write value_from = "NAME" with the environment variable that holds it, '
            "or leave both out to have a value generated",
        )
    name = entry.get("value_from")
    if isinstance(name, str) and environ.get(name):
        entry["value"] = environ[name]
