"""Detect databases and snapshots whose files have gone missing.

The records show what was made: a cluster leaves "creating" when its volume exists, an instance on
its own when its server has answered, a snapshot when its copy is complete. Files that are missing
after that are lost, and are never replaced by empty ones.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from drydock.region.api.store import Store
from drydock.region.dataplane.database.folder import ServerFolder
from drydock.region.services.rds.controller.servers import Servers
from drydock.region.services.rds.controller.view import DatabaseView, record_of

FAILED = "failed"


class Damage:
    """Checks the files of a region's databases. Thread-safe; a database's own pass calls it."""

    def __init__(self, store: Store, servers: Servers, folder: Path) -> None:
        self._store = store
        self._servers = servers
        self._folder = folder

    def of(self, view: DatabaseView) -> str:
        """Return what a database has lost, and what to do next; empty: nothing."""
        if view.status == "creating" or self._was_never_made(view):
            return self._of_origin(view)
        words = ServerFolder(self._servers.volume(view)).damage()
        kind = "cluster" if view.is_cluster else "instance"
        return words and (
            f"the data of DB {kind} {view.identifier} are lost: {words}\n  Next: put the folder back,"
            f" or delete the {kind} and restore one of its snapshots"
        )

    def fail(self, view: DatabaseView) -> None:
        """Mark a database as failed, with its snapshots that wait for data."""
        with self._store.locked():
            rds = self._store.backend("rds")
            owner = record_of(rds, view)
            if owner is None:
                return
            members: list[Any] = list(owner._members) if view.is_cluster else []
            waiting = [one for one in rds.snapshots_of(view.key) if one.status == "creating"]
            lost = [one for one in (owner, *members) if one.status not in ("deleting", FAILED)]
            if lost or waiting:
                with self._store.changing("rds"):
                    owner.never_made = owner.never_made or owner.status == "creating"
                    for one in (*lost, *waiting):
                        one.status = FAILED

    def mend(self, view: DatabaseView) -> None:
        """Unmark a failed database whose data is back; its new status is then observed."""
        with self._store.locked():
            owner = record_of(self._store.backend("rds"), view)
            if owner is None or owner.status != FAILED:
                return
            with self._store.changing("rds"):
                again = "creating" if owner.never_made else "starting"
                owner.status, owner.never_made = again, False
                for member in owner._members if view.is_cluster else ():
                    if member.status == FAILED:
                        member.status = again

    def any_snapshot(self) -> bool:
        """Return whether there is a snapshot that was taken."""
        with self._store.locked():
            rds = self._store.backend("rds")
            found: list[Any] = [*rds.cluster_snapshots.values(), *rds.database_snapshots.values()]
            return any(_was_taken(one) for one in found)

    def look_at_snapshots(self) -> list[str]:
        """Update the status of snapshots that lost or regained their copies; return a message per
        lost one.
        """
        with self._store.locked():
            rds = self._store.backend("rds")
            found: list[Any] = [*rds.cluster_snapshots.values(), *rds.database_snapshots.values()]
            known = [(one, str(one.data_id), _name(one)) for one in found if _was_taken(one)]
        words = {data: ServerFolder(self._folder / data).damage() for _, data, _ in known}
        changed = [one for one, data, _ in known if (one.status == FAILED) != bool(words[data])]
        if changed:
            with self._store.changing("rds"):
                for one in changed:
                    one.status = FAILED if words[str(one.data_id)] else "available"
        return [
            f"the data of DB snapshot {name} are lost: {words[data]}\n  Next: put the folder back, or"
            " delete the snapshot"
            for _, data, name in known
            if words[data]
        ]

    def _was_never_made(self, view: DatabaseView) -> bool:
        with self._store.locked():
            owner = record_of(self._store.backend("rds"), view)
            return owner is not None and bool(owner.never_made)

    def _of_origin(self, view: DatabaseView) -> str:
        """Return why the snapshot copy for a restore is unusable; empty: it is usable, or not
        needed.
        """
        with self._store.locked():
            owner = record_of(self._store.backend("rds"), view)
            data_id = str(getattr(owner, "restore_from", "") or "")
        if not data_id or ServerFolder(self._servers.volume(view)).major is not None:
            return ""
        words = ServerFolder(self._folder / data_id).damage()
        return words and (
            f"{view.identifier} cannot be restored: the snapshot's data are lost: {words}\n  Next: put"
            " the folder back, or delete it and restore another snapshot"
        )


def _was_taken(snapshot: Any) -> bool:
    return hasattr(snapshot, "data_id") and hasattr(snapshot, "taken_at")


def _name(snapshot: Any) -> str:
    for field in ("db_cluster_snapshot_identifier", "db_snapshot_identifier"):
        if name := getattr(snapshot, field, ""):
            return str(name)
    return str(snapshot.data_id)
