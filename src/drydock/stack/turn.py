"""One command at a time per stack and target, and what is known of a run that it finds.

A lock (flock) beside `running.json` is ours while we work on a step; the file names the run of
Terraform that we started last. If we are killed the lock is gone and the run goes on: the next step finds it
there. What a run that was cut short may have left (the state's lock) is known until a run had the lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drydock.errors import StackError
from drydock.paths import write_private
from drydock.stack.runfiles import RunFiles


@dataclass
class Turn:
    """The right to run Terraform on one stack and target."""

    file: Path
    step: str
    former: dict[str, Any] | None
    """The record of a run that did not end before our eyes, or that was cut short; its lock may still
    be there. `run` is its folder, `since` when the first run began of which that holds."""
    cut_short: bool = False
    """Set it where Terraform had no time to release its lock."""
    had_lock: bool = False
    """Set it where Terraform got the state's lock: there is none of a former run any more."""
    record: dict[str, Any] | None = None

    @property
    def run(self) -> RunFiles | None:
        """The former run, if its files are still there and nothing has been learnt from it yet."""
        told = self.former or {}
        if not told.get("run") or told.get("seen"):
            return None
        files = RunFiles(Path(str(told["run"])))
        return files if files.request else None

    def starts(self, run: RunFiles) -> None:
        """Note the run that is about to be started: from here on the next command finds it."""
        since = (self.former or {}).get("since") or run.since or _now()
        self.record = {
            "step": self.step,
            "pid": os.getpid(),
            "since": since,
            "run": str(run.folder),
        }
        _write(self.file, self.record)

    def settle(self) -> None:
        """What the former run has left is known by now: it ended in order."""
        self.former = None
        _write(self.file, None)

    def seen(self) -> None:
        """What the former run has said is shown; its lock may still be there."""
        if self.former is not None:
            self.former["seen"] = True
            _write(self.file, self.former)


@contextmanager
def turn(file: Path, step: str, folder: Path) -> Iterator[Turn]:
    """Hold the stack in `folder` for one step. Raises StackError: another command holds it."""
    lock = file.with_suffix(".lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(step, _read(file) or {}, folder) from None
        mine = Turn(file, step, _read(file))
        try:
            yield mine
        finally:
            # A run that is still under way stays named; so does one that may have left its lock.
            if mine.record is not None and not _runs(mine.record):
                if mine.cut_short:
                    _write(file, {**mine.record, "seen": True})
                else:
                    _write(file, None if mine.had_lock else mine.former)
    finally:
        os.close(descriptor)


def _busy(step: str, other: dict[str, Any], folder: Path) -> StackError:
    run = RunFiles(Path(str(other.get("run") or "")))
    about = run.describe() if run.request else f"`{other.get('step', 'terraform')}`"
    return StackError(
        f"{step} has to wait",
        f"another command is at work on {folder}: {about}",
        f"watch it: drydock attach {shlex.quote(str(folder))}",
    )


def _runs(record: dict[str, Any]) -> bool:
    return RunFiles(Path(str(record["run"]))).is_alive()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _read(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write(file: Path, record: dict[str, Any] | None) -> None:
    if record is None:
        file.unlink(missing_ok=True)
    else:
        write_private(file, json.dumps(record))
