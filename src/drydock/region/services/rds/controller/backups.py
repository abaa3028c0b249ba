"""Take snapshots, restore databases from them, and keep WAL for as long as backups are kept.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Managing.Backups.html
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from drydock.region.dataplane.database import backup
from drydock.region.dataplane.database.folder import ServerFolder, destroy
from drydock.region.dataplane.database.spec import installation_for
from drydock.region.services.kit.parts import Parts
from drydock.region.services.rds.controller.servers import Servers
from drydock.region.services.rds.controller.view import DatabaseView, record_of

KEY = "snapshots"
"""The key of the pass that removes data of deleted snapshots."""
_DAY = 86400.0
_FIRST = 300.0
"""Seconds (AWS's) after which a new database gets its first automated snapshot."""


@dataclass(frozen=True)
class _Origin:
    """The source of a restored database."""

    data_id: str
    archive: str
    """The resource id of the database whose WAL is replayed; empty: none is."""
    until: datetime | None


class Backups:
    """The backups of a region. Thread-safe; a database's own pass calls it."""

    def __init__(self, parts: Parts, servers: Servers) -> None:
        self._store = parts.store
        self._folder = parts.workspace.databases
        self._spawner = parts.spawner
        self._servers = servers
        self._day = parts.scaled(_DAY)
        self._first = parts.scaled(_FIRST)
        self._taking = threading.Lock()

    def restore(self, view: DatabaseView) -> None:
        """Copy the files that a new database is restored from into its volume.

        Raises DatabaseFailed.
        """
        origin = self._origin(view)
        volume = self._servers.volume(view)
        if origin is None or ServerFolder(volume).major is not None:
            return
        source = self._folder / origin.data_id
        if not origin.archive:
            backup.restore(source, volume)
            return
        before = ServerFolder(self._folder / origin.archive)
        if origin.until is not None:
            self._servers.commit_something(origin.archive)
        archives = (before.archive, before.data / "pg_wal")
        backup.restore_until(source, volume, archives, origin.until)

    def take(self, view: DatabaseView) -> None:
        """Take the requested snapshots of a database. Raises DatabaseFailed."""
        for data_id in self._wanted(view):
            with self._taking:
                volume = self._servers.volume(view)
                server = self._servers.writer_of(view)
                backup.take(
                    self._spawner,
                    volume,
                    self._folder / data_id,
                    installation_for(volume, view.major),
                    view.port if server is not None else None,
                )
            self._taken(view, data_id)

    def daily(self, view: DatabaseView) -> bool:
        """Request an automated snapshot if the last one is a day old; return whether it was."""
        with self._store.locked():
            rds = self._store.backend("rds")
            owner = record_of(rds, view)
            if owner is None or not view.keeps_backups or owner.status != "available":
                return False
            automated = [
                one for one in rds.snapshots_of(view.key) if one.snapshot_type == "automated"
            ]
            if _age(automated[-1] if automated else owner) < (
                self._day if automated else self._first
            ):
                return False
            with self._store.changing("rds"):
                rds.take_automated(owner)
                self._expire(rds, owner, automated)
        self._trim(view)
        return True

    def sweep(self) -> bool:
        """Remove data that belongs to no snapshot; return False if a snapshot is being taken."""
        if not self._taking.acquire(blocking=False):
            return False
        try:
            with self._store.locked():
                kept = self._store.backend("rds").kept_data()
            for path in self._data():
                if path.name not in kept:
                    destroy(path)
        finally:
            self._taking.release()
        return True

    def any_data(self) -> bool:
        """Return whether there is any snapshot data."""
        return any(self._data())

    def _data(self) -> list[Path]:
        """Return the data folders of snapshots, finished and unfinished."""
        return [*self._folder.glob("snap-*"), *self._folder.glob(f"{backup.UNFINISHED}snap-*")]

    def _origin(self, view: DatabaseView) -> _Origin | None:
        with self._store.locked():
            owner = record_of(self._store.backend("rds"), view)
            data_id = str(getattr(owner, "restore_from", "") or "")
            if not data_id:
                return None
            return _Origin(
                data_id,
                str(getattr(owner, "restore_archive", "") or ""),
                getattr(owner, "restore_until", None),
            )

    def _wanted(self, view: DatabaseView) -> list[str]:
        with self._store.locked():
            found = self._store.backend("rds").snapshots_of(view.key)
            return [str(one.data_id) for one in found if one.status == "creating"]

    def _taken(self, view: DatabaseView, data_id: str) -> None:
        with self._store.changing("rds"):
            rds = self._store.backend("rds")
            owner = record_of(rds, view)
            for one in rds.snapshots_of(view.key):
                if one.data_id == data_id and owner is not None:
                    rds.snapshot_taken(one, owner)

    def _expire(self, rds: Any, owner: Any, automated: list[Any]) -> None:
        """Delete automated snapshots after the retention period, except the newest."""
        kept = max(1, int(owner.backup_retention_period or 1)) * self._day
        for one in automated[:-1]:
            if _age(one) > kept:
                rds.forget_snapshot(one)

    def _trim(self, view: DatabaseView) -> None:
        """Remove WAL from before the oldest automated snapshot: no restore can use it."""
        with self._store.locked():
            taken = [
                one.taken_at.timestamp()
                for one in self._store.backend("rds").snapshots_of(view.key)
                if one.snapshot_type == "automated" and one.status == "available"
            ]
        archive = ServerFolder(self._servers.volume(view)).archive
        oldest = min(taken, default=0.0) - 60
        for segment in archive.glob("*") if archive.is_dir() else ():
            _remove_older(segment, oldest)


def _remove_older(file: Path, than: float) -> None:
    if file.stat().st_mtime < than:
        file.unlink(missing_ok=True)


def _age(record: Any) -> float:
    """Return a record's age in seconds."""
    from moto.core.utils import utcnow  # noqa: PLC0415  (moto, slow)

    return float((utcnow() - record.created).total_seconds())
