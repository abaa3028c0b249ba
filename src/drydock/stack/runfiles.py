"""The files of one run of Terraform: its request, its output, its outcome.

    runs/20261130T162233123456-apply/
        lock           locked (flock) by the supervisor for as long as the run lasts
        request.json   the command, its folder, when it began
        process.json   pids of the supervisor and of Terraform
        output         everything that Terraform prints, standard output and error in one
        offset         how much of the output a command has shown
        outcome.json   the exit code and the time of the end, written once

All are private to the user. The module imports little, since the supervisor uses it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drydock.alive import born
from drydock.paths import write_private

KEPT = 10
"""How many runs of a stack are kept; older ones are removed when a new one begins."""
INTERRUPT, KILL = signal.SIGINT, signal.SIGUSR1
"""Signals that the supervisor takes: to interrupt Terraform, and to kill it with its providers."""


@dataclass(frozen=True)
class RunFiles:
    """The folder of one run."""

    folder: Path

    @classmethod
    def begin(cls, runs: Path, request: Mapping[str, Any]) -> RunFiles:
        """Create a run's folder in `runs`; remove ended runs that are older than the newest `KEPT`.

        `request` holds `step`, `argv`, `cwd` and the other settings that the supervisor reads.
        """
        runs.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = datetime.now(UTC)
        made = cls(runs / f"{now:%Y%m%dT%H%M%S%f}-{request['step']}")
        made.folder.mkdir(mode=0o700)
        os.close(os.open(made.output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        since = now.isoformat(timespec="microseconds")
        write_private(made.folder / "request.json", json.dumps({**request, "since": since}))
        for old in sorted(runs.iterdir())[:-KEPT]:
            if not cls(old).is_alive():
                shutil.rmtree(old, ignore_errors=True)
        return made

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def output(self) -> Path:
        return self.folder / "output"

    @property
    def request(self) -> dict[str, Any]:
        return _read(self.folder / "request.json")

    @property
    def process(self) -> dict[str, Any]:
        """`supervisor` and `terraform` (pids), `born` (Terraform's start); empty before they run."""
        return _read(self.folder / "process.json")

    @property
    def outcome(self) -> dict[str, Any]:
        """`code`, `ended`, `errored` (digest of the state that could not be saved), `lost` (the
        region), `error` (Terraform could not be started); empty while it runs, and for a run whose
        supervisor was killed."""
        return _read(self.folder / "outcome.json")

    @property
    def step(self) -> str:
        return str(self.request.get("step") or "terraform")

    @property
    def since(self) -> str:
        return str(self.request.get("since") or "")

    @property
    def pid(self) -> int:
        """Terraform's pid; 0 before it runs."""
        return int(self.process.get("terraform") or 0)

    @property
    def shown(self) -> int:
        """How many bytes of the output a command has shown."""
        try:
            return int((self.folder / "offset").read_text() or 0)
        except (OSError, ValueError):
            return 0

    def show(self, offset: int) -> None:
        """Record that `offset` bytes have been shown. A write error (a full disk) is ignored."""
        with contextlib.suppress(OSError):
            descriptor = os.open(self.folder / "offset", os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                # In one piece and of one width: a kill leaves the old number or the new one.
                os.pwrite(descriptor, b"%020d" % offset, 0)
            finally:
                os.close(descriptor)

    @property
    def left(self) -> int:
        """How many bytes of the output no command has shown."""
        try:
            return max(0, self.output.stat().st_size - self.shown)
        except OSError:
            return 0

    def put_process(self, supervisor: int, terraform: int) -> None:
        told = {"supervisor": supervisor, "terraform": terraform, "born": born(terraform)}
        write_private(self.folder / "process.json", json.dumps(told))

    def put_outcome(self, **told: Any) -> None:
        ended = datetime.now(UTC).isoformat(timespec="microseconds")
        write_private(self.folder / "outcome.json", json.dumps({**told, "ended": ended}))

    def take_lock(self) -> int:
        """Acquire the lock and return its descriptor, which is handed to the supervisor."""
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor

    def is_supervised(self) -> bool:
        """Return whether the supervisor lives."""
        try:
            descriptor = os.open(self.lock, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def is_alive(self) -> bool:
        """Return whether the run is under way: its supervisor lives, or Terraform outlived the supervisor."""
        if self.outcome:
            return False
        if self.is_supervised():
            return True
        told = self.process
        if not told.get("born"):
            return False
        return born(int(told["terraform"])) == str(told["born"])

    def send(self, number: int) -> bool:
        """Ask the supervisor to interrupt or kill Terraform; return False if it cannot receive it yet."""
        told = self.process
        if not told:
            return False
        with contextlib.suppress(ProcessLookupError):
            if self.is_supervised():
                os.kill(int(told["supervisor"]), number)
            elif self.is_alive():
                os.kill(int(told["terraform"]), signal.SIGKILL if number == KILL else number)
        return True

    def describe(self) -> str:
        """Return a line with the step, its start and its process."""
        since = self.since.partition(".")[0].replace("T", " ")
        return f"`{self.step}` since {since} UTC (process {self.pid or 'starting'})"


def runs_in(folders: Sequence[Path]) -> list[RunFiles]:
    """Return the runs that are under way in the given `runs` folders, oldest first."""
    found = [RunFiles(one) for runs in folders if runs.is_dir() for one in sorted(runs.iterdir())]
    return [one for one in found if one.is_alive()]


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
