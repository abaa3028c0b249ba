"""Allow one command at a time per stack and target, and record the run of Terraform it starts.

A command holds a lock (flock) beside `running.json` during a step; the file names the run of
Terraform that was started last. If the command is killed the lock is free and the run goes on: the
next step finds it in the file. A run that was cut short stays recorded, since it may have left the
state locked, until a later run has acquired the state's lock.
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
class RunLock:
    """The right to run Terraform on one stack and target."""

    file: Path
    step: str
    former: dict[str, Any] | None
    """The record of a run whose end no command saw, or that was cut short; its lock may still
    be there. `run` is its folder; `since` is when the first of a series of such runs began."""
    cut_short: bool = False
    """To be set when Terraform had no time to release its lock."""
    had_lock: bool = False
    """To be set when Terraform got the state's lock: no former run holds it any more."""
    record: dict[str, Any] | None = None

    @property
    def run(self) -> RunFiles | None:
        """The former run, if its files still exist and its end has not been handled yet."""
        told = self.former or {}
        if not told.get("run") or told.get("seen"):
            return None
        files = RunFiles(Path(str(told["run"])))
        return files if files.request else None

    def starts(self, run: RunFiles) -> None:
        """Record the run that is about to be started, so that the next command finds it."""
        since = (self.former or {}).get("since") or run.since or _now()
        self.record = {
            "step": self.step,
            "pid": os.getpid(),
            "since": since,
            "run": str(run.folder),
        }
        _write(self.file, self.record)

    def settle(self) -> None:
        """Forget the former run: it ended in order and left no lock."""
        self.former = None
        _write(self.file, None)

    def seen(self) -> None:
        """Record that the former run's output is shown; its lock may still be there."""
        if self.former is not None:
            self.former["seen"] = True
            _write(self.file, self.former)


@contextmanager
def turn(file: Path, step: str, folder: Path) -> Iterator[RunLock]:
    """Hold the stack in `folder` for one step. Raises StackError: another command holds it."""
    lock = file.with_suffix(".lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(step, _read(file) or {}, folder) from None
        mine = RunLock(file, step, _read(file))
        try:
            yield mine
        finally:
            # A run that is still under way stays recorded; so does one that may have left its lock.
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
