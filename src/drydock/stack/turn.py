"""One Terraform at a time per stack and target, and what is known of one that was cut short.

The file `running.json` is locked (flock) by us while we run a step and names the Terraform that we
started. If we are killed the lock is gone but Terraform may still run: so its process is asked after
too. The lock is not handed down to it, since what a stack's provisioners leave behind would keep it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drydock.alive import born
from drydock.errors import StackError


@dataclass
class Turn:
    """The right to run Terraform on one stack and target."""

    file: Path
    record: dict[str, Any]
    former: dict[str, Any] | None
    """A run that was cut short (it, or we, or the machine) and whose lock may still be there."""
    cut_short: bool = False
    """Set it where Terraform had no time to release its lock."""
    had_lock: bool = False
    """Set it where Terraform got the state's lock: there is none of a former run any more."""

    def runs(self, pid: int) -> None:
        """Note the Terraform that was started."""
        self.record |= {"terraform": pid, "born": born(pid)}
        _write(self.file, self.record)


@contextmanager
def turn(file: Path, step: str) -> Iterator[Turn]:
    """Hold the stack for one step. Raises StackError: another process holds it, or its Terraform runs."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(step, _read(file) or {}) from None
        former = _read(file)
        if former is not None and _lives(former):
            raise _busy(step, former)
        record = {"step": step, "pid": os.getpid(), "since": datetime.now(UTC).isoformat()}
        mine = Turn(file, record, former)
        _write(file, record)
        try:
            yield mine
        finally:
            if not mine.cut_short:
                _write(file, None if mine.had_lock else former)
    finally:
        os.close(descriptor)


def _busy(step: str, other: dict[str, Any]) -> StackError:
    pid = other.get("terraform") or other.get("pid", "unknown")
    return StackError(
        f"{step} has to wait",
        f"another `{other.get('step', 'terraform')}` runs on this stack"
        f" (process {pid}, since {other.get('since', 'just now')})",
        "run it again when that one has ended",
    )


def _lives(record: dict[str, Any]) -> bool:
    pid = record.get("terraform")
    return isinstance(pid, int) and born(pid) is not None and born(pid) == record.get("born")


def _read(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text())
    except ValueError:
        # Empty after a proper end.
        return None
    return found if isinstance(found, dict) else None


def _write(file: Path, record: dict[str, Any] | None) -> None:
    # Not replaced by another file: the lock is on this one.
    file.write_text("" if record is None else json.dumps(record))
