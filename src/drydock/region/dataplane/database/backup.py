"""Copies of a server's files, and servers restored from them, also to a point in time.

A copy of a running server is PostgreSQL's own base backup; of a stopped one, its files as they are.
For a point in time the WAL that was archived since is replayed on the nearest copy before it.
https://www.postgresql.org/docs/current/continuous-archiving.html
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database.folder import (
    RECOVERY_SIGNAL,
    ServerFolder,
    remove_tree,
    sync_folder,
    write_private,
)
from drydock.region.dataplane.database.spec import Upstream
from drydock.region.dataplane.database.standby import copy_data
from drydock.region.dataplane.database.versions import Installation
from drydock.region.dataplane.processes.client import Spawner

UNFINISHED = ".new-"
"""Prefix of the name of an incomplete copy."""
_OF_THE_RUN = ("postmaster.pid", "postmaster.opts")


def take(
    spawner: Spawner, volume: Path, target: Path, installation: Installation, port: int | None
) -> None:
    """Copy the files of a server to the folder `target`: completely, or not at all.

    `port` is where the server listens that works on them; None: none does. Idempotent. Raises
    DatabaseFailed.
    """
    if target.exists():
        return
    new = ServerFolder(target.with_name(f"{UNFINISHED}{target.name}"))
    if new.path.exists():
        remove_tree(new.path)
    new.create()
    if port is not None:
        copy_data(spawner, new, installation, Upstream(volume, port))
        (new.data / "standby.signal").unlink()
        (new.path / "upstream.pgpass").unlink()
    else:
        source = ServerFolder(volume)
        with source.locked():
            _copy(source, new)
    new.path.rename(target)
    sync_folder(target.parent)


def restore(source: Path, volume: Path) -> None:
    """Restore a server's files from a copy: completely, or not at all.

    Do nothing where there are files.

    Raises DatabaseFailed: there is no such copy.
    """
    target = ServerFolder(volume)
    if target.major is not None:
        return
    if ServerFolder(source).major is None:
        raise DatabaseFailed(f"restoring {volume.name}", f"the copy {source.name} is not there")
    with target.locked():
        _copy(ServerFolder(source), target)


def restore_until(
    source: Path, volume: Path, archives: tuple[Path, ...], until: datetime | None
) -> None:
    """Restore files; the first start then replays WAL from the folders `archives`, up to a time
    (UTC).

    None: as far as there is any. Raises DatabaseFailed.
    """
    target = ServerFolder(volume)
    if target.major is not None:
        return
    here = volume.resolve() / "data"
    words = [f"cp {_quoted(os.path.relpath(one.resolve(), here))}/%f %p" for one in archives]
    lines = [f"restore_command = '{' 2>/dev/null || '.join(words)} 2>/dev/null'"]
    if until is not None:
        time = until.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
        lines += [f"recovery_target_time = '{time}'", "recovery_target_action = 'promote'"]
    target.create()
    write_private(target.recovery_settings, "\n".join(lines) + "\n")
    copied = ServerFolder(source)
    if copied.major is None:
        raise DatabaseFailed(f"restoring {volume.name}", f"the copy {source.name} is not there")
    with target.locked():
        _copy(copied, target, signal=True)


def _copy(source: ServerFolder, target: ServerFolder, *, signal: bool = False) -> None:
    write_private(target.password_file, source.password() + "\n")
    new = target.data.with_name("data.new")
    if new.exists():
        remove_tree(new)
    shutil.copytree(source.data, new, symlinks=True, ignore=shutil.ignore_patterns(*_OF_THE_RUN))
    if signal:
        (new / RECOVERY_SIGNAL).touch(0o600)
    os.sync()
    new.rename(target.data)
    sync_folder(target.path)


def _quoted(path: str) -> str:
    """Return a path for the shell within a setting's quotes.

    Raises DatabaseFailed for spaces or quotes.

    Our own names have none, and a relative path from one server to another does not contain the
    user's folder.
    """
    if "'" in path or " " in path:
        raise DatabaseFailed("restoring", f"the folder {path!r} has a space or a quote in its name")
    return path
