"""Upgrade a server's files to a newer major by PostgreSQL's own pg_upgrade.

It copies: until the new files are complete the old ones stay as they are, and then both are
exchanged in one step. https://www.postgresql.org/docs/current/pgupgrade.html
"""

from __future__ import annotations

import ctypes
import logging
import os
from pathlib import Path

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database import program
from drydock.region.dataplane.database.folder import (
    ServerFolder,
    remove_tree,
    sync_folder,
    write_private,
)
from drydock.region.dataplane.database.initdb import choose_locale, has_locale, make_files
from drydock.region.dataplane.database.postmaster import clear_stale_pid_file
from drydock.region.dataplane.database.settings import ADMIN
from drydock.region.dataplane.database.versions import Installation
from drydock.region.dataplane.processes.client import Spawner

log = logging.getLogger(__name__)

_TIMEOUT = 3600.0
_SOCKETS = "sock"
"""A link in each folder where one of its programs works: they meet below `/proc/self/cwd`, since a
socket's path must be short (unix(7)) and the user's folder may be at any depth.
"""
_PASSFILE = "upgrade.pgpass"
_AT_FDCWD = -100
_EXCHANGE = 2


def upgrade(
    spawner: Spawner, folder: ServerFolder, before: Installation, after: Installation
) -> None:
    """Upgrade the data to the major of `after`, if it is older. No server may run on it.

    The remains of an interrupted upgrade are removed. Raises DatabaseFailed with pg_upgrade's own
    message; then the data is as before.
    """
    with folder.locked():
        new, work = folder.path / "data.new", folder.path / "upgrade"
        _tidy(folder)
        try:
            if (folder.major or after.major) < after.major:
                _shut_down(spawner, folder, before)
                _make_new(spawner, folder, new, before, after)
                _run(spawner, folder, new, work, (before, after))
                _exchange(folder.data, new)
                sync_folder(folder.path)
        finally:
            _tidy(folder)


def _tidy(folder: ServerFolder) -> None:
    for one in (folder.path / "data.new", folder.path / "upgrade"):
        if one.exists():
            remove_tree(one)
    for left in (folder.data / _SOCKETS, folder.path / _PASSFILE):
        left.unlink(missing_ok=True)


def _shut_down(spawner: Spawner, folder: ServerFolder, installation: Installation) -> None:
    """Shut the server that wrote last down in order, if it was not: pg_upgrade requires that."""
    clear_stale_pid_file(folder)
    if _control(spawner, folder, installation, "Database cluster state") == "shut down":
        return
    argv = [installation.program("postgres"), "--single", "-D", str(folder.data), "template1"]
    code, printed = program.run(spawner, argv, _TIMEOUT)
    if code != 0:
        raise DatabaseFailed(f"recovering {folder.name}", _last_line(printed))


def _control(spawner: Spawner, folder: ServerFolder, installation: Installation, field: str) -> str:
    """Return a field of pg_controldata."""
    argv = [installation.program("pg_controldata"), "-D", str(folder.data)]
    code, printed = program.run(spawner, argv, 30.0)
    found = [line for line in printed.splitlines() if line.startswith(f"{field}:")]
    if code != 0 or not found:
        raise DatabaseFailed(f"the data of {folder.name}", _last_line(printed))
    return found[0].partition(":")[2].strip()


def _make_new(
    spawner: Spawner, folder: ServerFolder, new: Path, before: Installation, after: Installation
) -> None:
    """Make empty files of the new major, with checksums only if the old ones have them."""
    has_sums = _control(spawner, folder, before, "Data page checksum version") != "0"
    sums: tuple[str, ...] = ("--data-checksums",) if has_sums else ()
    if not has_sums and after.major >= 18:
        sums = ("--no-data-checksums",)
    make_files(spawner, folder, after, new, (*choose_locale(after.major, has_locale), *sums))


def _run(
    spawner: Spawner,
    folder: ServerFolder,
    new: Path,
    work: Path,
    versions: tuple[Installation, Installation],
) -> None:
    before, after = versions
    work.mkdir(mode=0o700)
    folder.socket.mkdir(mode=0o700, exist_ok=True)
    for place in (folder.data, new, work):
        link = place / _SOCKETS
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(folder.socket, place))
    write_private(folder.path / _PASSFILE, f"*:*:*:{ADMIN}:{folder.password()}\n")
    # The server writes its own at every start.
    write_private(folder.data / "pg_hba.conf", f"local\tall\t{ADMIN}\tscram-sha-256\n")
    argv = [
        after.program("pg_upgrade"),
        f"--old-bindir={before.bin}",
        f"--new-bindir={after.bin}",
        "--old-datadir=../data",
        f"--new-datadir=../{new.name}",
        f"--username={ADMIN}",
        f"--socketdir=/proc/self/cwd/{_SOCKETS}",
    ]
    code, printed = program.run(
        spawner, argv, _TIMEOUT, str(work), {"PGPASSFILE": f"../{_PASSFILE}"}
    )
    if code != 0:
        log.warning("pg_upgrade of %s:\n%s%s", folder.name, printed, _reports(new))
        how = f"ended with {code}" if code is not None else f"did not end in {_TIMEOUT:.0f} s"
        raise DatabaseFailed(
            f"upgrading {folder.name} to PostgreSQL {after.major}",
            f"pg_upgrade {how}: {_why(printed)}",
            "the region's log has all that it said",
        )
    (new / _SOCKETS).unlink()


def _reports(new: Path) -> str:
    """Return pg_upgrade's reports of what cannot be upgraded.

    Its logs are left out: they have passwords.
    """
    found = sorted((new / "pg_upgrade_output.d").rglob("*.txt"))
    texts = [one.read_text(errors="replace")[-2000:] for one in found if one.is_file()]
    return "\n".join(text for text in texts if text)


def _why(printed: str) -> str:
    """Return the lines from the failed one on."""
    lines = [" ".join(line.split()) for line in printed.splitlines() if line.strip()]
    at = next((number for number, line in enumerate(lines) if "fatal" in line.lower()), None)
    return " ".join(lines[at : at + 4] if at is not None else lines[-3:]) or "it said nothing"


def _last_line(printed: str) -> str:
    lines = [line for line in printed.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _exchange(one: Path, other: Path) -> None:
    """Exchange two names in one step: renameat2(2). Raises DatabaseFailed: not on this disk."""
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.renameat2(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), ctypes.c_uint(_EXCHANGE)
    )
    if done != 0:
        raise DatabaseFailed(
            f"upgrading {one.parent.name}", os.strerror(ctypes.get_errno()), "use another disk"
        )
