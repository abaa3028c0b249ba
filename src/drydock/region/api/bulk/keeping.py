"""All stores together, and the thread that flushes them and removes what exceeds their limits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from drydock.errors import StorageFailed
from drydock.region.api.bulk.bodies import BodyStore
from drydock.region.api.bulk.disk import Database
from drydock.region.api.bulk.events import Line, LogStore
from drydock.region.api.bulk.metrics import Datum, MetricStore

log = logging.getLogger(__name__)

WITHIN = 0.25
"""Seconds after which controllers' data is written to the disk; 0.5 is promised."""
_AGAIN = 1.0
"""Seconds after which a failed write is retried."""
_TIDY = 30.0
"""Seconds between two checks for old or surplus data, while nothing is written."""


@dataclass(frozen=True)
class Limits:
    """Limits in bytes; beyond them the oldest data is removed, and new bodies are refused."""

    logs: int = 1_000_000_000
    """The size of `logs.db`."""
    metrics: int = 100_000_000
    """The size of `metrics.db`."""
    objects: int = 10_000_000_000
    """The size of all bodies of S3's objects."""
    waiting: int = 16_000_000
    """The size of log lines that wait in memory while the disk is full."""

    @property
    def stream(self) -> int:
        """Characters of one log stream."""
        return self.logs // 4


class Mark(NamedTuple):
    """Counts of what records had released at one time."""

    streams: int
    bodies: int


class Bulk:
    """All bulk data of one process, in one folder."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self.logs = LogStore(folder / "logs.db", limits.logs, limits.stream, limits.waiting)
        self.metrics = MetricStore(folder / "metrics.db", limits.metrics)
        self.bodies = BodyStore(folder / "s3", limits.objects)
        self._wake = threading.Condition()
        self._due = False
        self._closed = False
        self._failed: tuple[str, str] | None = None
        """Why pending data cannot be written, and since when."""
        self._thread: threading.Thread | None = None

    def write_lines(self, uid: str, lines: Sequence[Line]) -> None:
        """Append lines to a log stream, on disk within 0.5 s. Does not block."""
        if self.logs.write(uid, lines):
            self.soon()

    def observe(self, data: Sequence[Datum]) -> None:
        """Store values of AWS's own metrics, on disk within 0.5 s."""
        self.metrics.observe(data)
        self.soon()

    def soon(self) -> None:
        """Make the thread write pending data and remove surplus data."""
        with self._wake:
            self._due = True
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="bulk", daemon=True)
                self._thread.start()
            self._wake.notify()

    def mark(self) -> Mark:
        """Return the counts of what records have released so far."""
        return Mark(self.logs.mark(), self.bodies.mark())

    def settled(self, upto: Mark, services: Collection[str]) -> None:
        """Remove what the records of `services` had released at `upto`: they are saved without it."""
        if "logs" in services:
            self.logs.settled(upto.streams)
            if self.logs.has_to_tidy:
                self.soon()
        if "s3" in services:
            self.bodies.settled(upto.bodies)

    def tidy_up(self, services: Collection[str]) -> None:
        """Remove data that no restored record of `services` refers to."""
        if "s3" in services:
            self.bodies.tidy_up()
        if "logs" in services:
            try:
                self.logs.tidy_up()
            except StorageFailed as error:
                log.warning("log events without a stream are not looked for: %s", error)
        self.soon()

    def flush(self) -> None:
        """Write pending data. Raises StorageFailed."""
        self.logs.flush()
        self.metrics.flush()

    def problems(self) -> list[dict[str, Any]]:
        """Return problems for `status`: damaged files, pending or dropped lines."""
        found: list[dict[str, Any]] = [
            _problem(one.file.name, one.damaged, one.damaged_at)
            for one in self._databases
            if one.damaged
        ]
        if self._failed is not None:
            dropped = f"; {self.logs.dropped} lines were dropped" if self.logs.dropped else ""
            words, since = self._failed
            words += f"{dropped}\n  Next: make room on that disk; the region then goes on by itself"
            one = _problem("log lines and metrics", words, since)
            found.append({**one, "lasting": True, "machine": True})
        return found

    @property
    def _databases(self) -> tuple[Database, Database]:
        return self.logs.database, self.metrics.database

    def close(self) -> None:
        """Write pending data, end the thread, close the files.

        Raises StorageFailed: not all was written.
        """
        self._end_thread()
        try:
            self.logs.close()
        finally:
            self.metrics.close()

    def abandon(self) -> None:
        """End without writing."""
        self._end_thread()
        for one in self._databases:
            one.close()

    def _end_thread(self) -> None:
        with self._wake:
            self._closed = True
            thread, self._thread = self._thread, None
            self._wake.notify()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        pause = _TIDY
        while True:
            with self._wake:
                if not self._due and not self._closed:
                    self._wake.wait(pause)
                if not self._closed:
                    self._wake.wait_for(lambda: self._closed, WITHIN)  # lines gather
                if self._closed:
                    return
                self._due = False
            pause = _TIDY if self._once() else _AGAIN

    def _once(self) -> bool:
        try:
            self.flush()
            self._tidy()
        except StorageFailed as error:
            if self._failed is None:
                log.error("what is large cannot be kept: %s", error)  # noqa: TRY400  (its words say it)
                self._failed = (f"{error.cause}", datetime.now(UTC).isoformat(timespec="seconds"))
            return False
        except Exception:
            log.exception("what is large could not be looked after")
            return False
        if self._failed is not None:
            log.info("what is large is kept again", extra={"lines_dropped": self.logs.dropped})
            self._failed = None
        return True

    def _tidy(self) -> None:
        while self.logs.tidy() and not self._closed:
            pass
        self.metrics.tidy_at_times()
        for one in self._databases:
            one.checkpoint()


def _problem(resource: str, error: str, since: str) -> dict[str, str]:
    return {"resource": resource, "error": error, "since": since}
