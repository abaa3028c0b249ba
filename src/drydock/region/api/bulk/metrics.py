"""Values of metrics in SQLite, found by metric and time.

AWS's own metrics, which controllers observe, are kept for hours and are on disk at the next
`flush`, within 0.5 s; those of PutMetricData are kept for 15 days and are on disk when it is
answered.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from drydock.errors import StorageFailed
from drydock.region.api.bulk.disk import Database

Dimensions = tuple[tuple[str, str], ...]
"""Names and values, sorted."""
Key = tuple[str, str, Dimensions]
"""A metric: its namespace, name and dimensions."""

OBSERVED_KEPT = 3 * 3600.0
"""Seconds that AWS's own metrics are kept, in wall clock; CloudWatch keeps minutes for 15 days."""
PUT_KEPT = 15 * 86400.0
"""Seconds that other metrics are kept."""
_MOST_WAITING = 50_000
"""The limit of pending values; the oldest are dropped first."""
_TIDY_EVERY = 60.0
"""Seconds."""
_MOST_KNOWN = 10_000
"""The limit of cached metric ids."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS metrics (
    id INTEGER PRIMARY KEY, scope TEXT NOT NULL, own INTEGER NOT NULL, namespace TEXT NOT NULL,
    name TEXT NOT NULL, dimensions TEXT NOT NULL, UNIQUE (scope, namespace, name, dimensions, own));
CREATE TABLE IF NOT EXISTS data (
    metric INTEGER NOT NULL, at REAL NOT NULL, n INTEGER NOT NULL, unit TEXT, total REAL NOT NULL,
    count REAL NOT NULL, least REAL NOT NULL, most REAL NOT NULL,
    PRIMARY KEY (metric, at, n)) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Value:
    """Aggregated values of a metric at one time (seconds since 1970)."""

    at: float
    unit: str | None
    total: float
    count: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Datum:
    """A value of a metric. `scope`: the account and region that own it."""

    scope: str
    key: Key
    value: Value
    own: bool = False
    """One of AWS's own metrics, as a controller observed it."""


class MetricStore:
    """All metrics of the process. Thread-safe; no other lock is taken under its own."""

    def __init__(self, file: Path, most: int) -> None:
        self._database = Database(file, _SCHEMA, self._load)
        self._most = most
        self._numbers = itertools.count()
        self._known: dict[tuple[str, Key, bool], int] = {}
        self._buffer = threading.Lock()
        self._waiting: list[Datum] = []
        self._tidied = time.monotonic()

    @property
    def database(self) -> Database:
        return self._database

    def observe(self, data: Iterable[Datum]) -> None:
        """Store values; they are on disk at the next flush."""
        with self._buffer:
            self._waiting += data
            del self._waiting[:-_MOST_WAITING]

    def put(self, data: Sequence[Datum]) -> None:
        """Store values, on disk when it returns. Raises StorageFailed."""
        self._flush(data)

    def flush(self) -> None:
        """Write pending values. Raises StorageFailed; they stay pending then."""
        with (
            self._database.lock
        ):  # what another thread is writing just now has come to its end, too
            if self._waiting:
                self._flush(())

    def _flush(self, more: Sequence[Datum]) -> None:
        with self._database.lock:
            with self._buffer:
                waiting, self._waiting = self._waiting, []
            try:
                self._database.write(lambda one: self._insert(one, (*waiting, *more)))
            except BaseException:
                with self._buffer:
                    self._waiting = waiting + self._waiting
                    del self._waiting[:-_MOST_WAITING]
                self._known.clear()  # numbers of metrics whose rows were taken back
                raise

    def _insert(self, connection: sqlite3.Connection, data: Sequence[Datum]) -> None:
        rows = []
        for one in data:
            value, number = one.value, self._number(connection, one)
            numbers = (value.total, value.count, value.least, value.most)
            rows.append((number, value.at, next(self._numbers), value.unit, *numbers))
        sql = "INSERT INTO data VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        connection.executemany(sql, rows)

    def _number(self, connection: sqlite3.Connection, one: Datum) -> int:
        known = self._known.get((one.scope, one.key, one.own))
        if known is None:
            namespace, name, dimensions = one.key
            row = (one.scope, one.own, namespace, name, _written(dimensions))
            sql = "INSERT OR IGNORE INTO metrics VALUES (NULL, ?, ?, ?, ?, ?)"
            connection.execute(sql, row)
            (known,) = connection.execute(
                "SELECT id FROM metrics WHERE scope = ? AND own = ? AND namespace = ? AND name = ?"
                " AND dimensions = ?",
                row,
            ).fetchone()
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[one.scope, one.key, one.own] = known
        return int(known)

    # -- reading

    def values(
        self, scope: str, wanted: Iterable[Key], since: float, until: float = float("inf")
    ) -> dict[Key, list[Value]]:
        """Return the values of some metrics from `since` to before `until` (seconds since 1970), in
        order.

        Raises StorageFailed.
        """
        self._flush_if_possible()

        def read(connection: sqlite3.Connection) -> dict[Key, list[Value]]:
            found = {}
            for key in wanted:
                namespace, name, dimensions = key
                row = (scope, namespace, name, _written(dimensions))
                found[key] = _values(connection, row, since, until)
            return found

        return self._database.read(read)

    def keys(self, scope: str) -> list[Key]:
        """Return every metric that has values, once. Raises StorageFailed."""
        self._flush_if_possible()
        sql = (
            "SELECT DISTINCT namespace, name, dimensions FROM metrics WHERE scope = ?"
            " AND EXISTS (SELECT 1 FROM data WHERE metric = id) ORDER BY id"
        )
        rows = self._database.read(lambda one: one.execute(sql, (scope,)).fetchall())
        return [(namespace, name, _read(text)) for namespace, name, text in rows]

    def _flush_if_possible(self) -> None:
        # existing values are better than none; status names why the rest is missing
        with contextlib.suppress(StorageFailed):
            self.flush()

    # -- keeping within bounds

    def tidy_at_times(self) -> None:
        """Call `tidy` if the last call is a minute ago. Raises StorageFailed."""
        if time.monotonic() >= self._tidied + _TIDY_EVERY:
            self._tidied = time.monotonic()
            self.tidy()

    def tidy(self, now: float | None = None) -> None:
        """Remove values that are too old, and the oldest beyond the size limit.

        Raises StorageFailed.
        """
        moment = time.time() if now is None else now
        self._database.write(lambda one: _forget(one, True, moment - OBSERVED_KEPT))
        oldest = moment - PUT_KEPT
        self._database.write(lambda one: _forget(one, False, oldest))
        while self._database.used() > self._most and oldest < moment:
            oldest += (moment - oldest) / 4 + 1
            self._database.write(lambda one, at=oldest: _forget(one, False, at))  # type: ignore[misc]
            self._database.write(lambda one, at=oldest: _forget(one, True, at))  # type: ignore[misc]
        self._database.write(_forget_empty)
        self._known.clear()
        self._database.shrink()

    def _load(self, connection: sqlite3.Connection) -> None:
        self._known.clear()
        (last,) = connection.execute("SELECT max(n) FROM data").fetchone()
        self._numbers = itertools.count((last or 0) + 1)

    def close(self) -> None:
        """Write pending values and close. Raises StorageFailed: they were not written."""
        try:
            self.flush()
        finally:
            self._database.close()


def _forget(connection: sqlite3.Connection, own: bool, before: float) -> None:
    connection.execute(
        "DELETE FROM data WHERE metric IN (SELECT id FROM metrics WHERE own = ?) AND at < ?",
        (own, before),
    )


def _forget_empty(connection: sqlite3.Connection) -> None:
    connection.execute(
        "DELETE FROM metrics WHERE NOT EXISTS (SELECT 1 FROM data WHERE metric = id)"
    )


def _values(
    connection: sqlite3.Connection, row: tuple[str, ...], since: float, until: float
) -> list[Value]:
    # in one step of SQLite; quote() writes a number so that it is read as the same one
    (text,) = connection.execute(
        "SELECT group_concat('[' || quote(at) || ',' || json_quote(unit) || ',' || quote(total) || ','"
        " || quote(count) || ',' || quote(least) || ',' || quote(most) || ']') FROM data"
        " WHERE metric IN (SELECT id FROM metrics WHERE scope = ? AND namespace = ? AND name = ?"
        " AND dimensions = ?) AND at >= ? AND at < ?",
        (*row, since, until),
    ).fetchone()
    found = [Value(*numbers) for numbers in json.loads(f"[{text or ''}]")]
    return sorted(found, key=lambda one: one.at)


def _written(dimensions: Dimensions) -> str:
    return json.dumps(dimensions)


def _read(text: str) -> Dimensions:
    return tuple((name, value) for name, value in json.loads(text))
