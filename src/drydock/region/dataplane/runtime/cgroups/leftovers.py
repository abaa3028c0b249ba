"""Record a region's groups before they are made, so that they can be removed after a crash.

The porter sweeps: before the region starts and after it has ended, however that came about.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from drydock.paths import write_private

PREFIX = "drydock-"
_SECONDS = 1.0
"""Seconds for the kernel to release a process that has ended."""


def note(record: Path, groups: Iterable[Path]) -> None:
    """Add groups that are about to be made to the record."""
    known = _known(record)
    write_private(record, "".join(f"{one}\n" for one in dict.fromkeys([*known, *map(str, groups)])))


def sweep(record: Path) -> list[str]:
    """Remove the recorded groups, with all below; return messages about the rest.

    No process is ended.
    """
    if not record.exists():
        return []
    left = []
    for line in _known(record):
        group = Path(line)
        if not group.name.startswith(PREFIX):
            continue  # nothing that we wrote
        try:
            remove(group)
        except OSError as error:
            left.append(f"{group}: {error.strerror}")
    if not left:
        record.unlink(missing_ok=True)
    return left


def _known(record: Path) -> list[str]:
    """Return the recorded groups.

    A damaged record counts as empty; a folder in its place is removed.
    """
    if record.is_dir():
        shutil.rmtree(record)
    return record.read_text(errors="replace").splitlines() if record.exists() else []


def remove(group: Path, seconds: float = _SECONDS) -> None:
    """Remove a group and all below it; idempotent. Raises OSError while a process is in it."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            _remove(group)
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return


def _remove(group: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        with os.scandir(group) as entries:
            below = [Path(one.path) for one in entries if one.is_dir(follow_symlinks=False)]
        for one in below:
            _remove(one)
        group.rmdir()
