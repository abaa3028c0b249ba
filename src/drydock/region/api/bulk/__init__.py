"""Bulk data on disk: log events, metrics' values, the bodies of S3 objects.

They are on disk (`logs.db`, `metrics.db`, `s3/`) and bounded in bytes; moto's records hold ids of them.
`open_in` is called once, before the saved records are restored; a process that never calls it, as a unit
test, gets a temporary folder that goes with the process.

Order of a change: what is written here is on disk before the call that writes it returns (what
controllers write, at most 0.5 s later), and the records are saved afterwards. What records let go of is
removed only when they have been saved without it: `mark` is taken under the store's lock while records are
gathered, and `settled` is called with it once they are saved. A kill in between leaves what no record
refers to, which `tidy_up` removes at the next start.

Everything here raises `StorageFailed` where the disk refuses (it is full, or the setting's bytes are used
up); nothing has changed then.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any

from drydock.region.api.bulk.keeping import Bulk, Limits, Mark

__all__ = ["Bulk", "Limits", "Mark", "close", "current", "mark", "open_in", "opened", "problems", "settled", "tidy_up"]  # fmt: skip

_lock = threading.Lock()
_open: Bulk | None = None


def open_in(folder: Path, limits: Limits | None = None) -> Bulk:
    """Store everything in `folder` from now on, and close what was open before.

    A file that cannot be read is moved aside (`problems` names it). A full disk is not an error
    here: later writes report it.
    """
    global _open  # noqa: PLW0603  (moto's backends are the process's, and so is this)
    close()
    with _lock:
        _open = Bulk(folder, limits or Limits())
        return _open


def close() -> None:
    """Write pending data and close the files. Idempotent.

    Raises StorageFailed: not all was written.
    """
    global _open
    with _lock:
        ended, _open = _open, None
    if ended is not None:
        ended.close()


def current() -> Bulk:
    """Return the storage that `open_in` opened, or one in a temporary folder of this process."""
    global _open  # noqa: PLW0603
    if _open is None:
        with _lock:
            if _open is None:
                folder = Path(tempfile.mkdtemp(prefix="drydock-bulk-"))
                _open = Bulk(folder, Limits())
                atexit.register(_remove, _open)
    return _open


def opened() -> Bulk | None:
    """Return the open storage, if any: for a record that is deleted, maybe after everything was
    closed.
    """
    return _open


def _remove(temporary: Bulk) -> None:
    temporary.abandon()
    shutil.rmtree(temporary.folder, ignore_errors=True)


def mark() -> Mark:
    """Return a mark of what the records have released so far; call it under the store's lock."""
    return current().mark()


def settled(upto: Mark, services: Collection[str]) -> None:
    """Note that the records of these services ("s3", "logs") are saved as they were at `upto`."""
    current().settled(upto, services)


def tidy_up(services: Collection[str]) -> None:
    """Remove data that no restored record refers to: once, after the restore and before the first
    request.

    Name only services ("s3", "logs") whose records were restored completely.
    """
    current().tidy_up(services)


def problems() -> list[dict[str, Any]]:
    """Return problems for `status`: {"resource", "error", "since"} each; empty when all is well."""
    return current().problems()
