"""Log events in SQLite: a row each, in the order of their arrival, found by stream and time.

A stream is identified by an id that its record holds, and its statistics (count, bytes, oldest
time) are stored beside its events, so that a new line changes no record. Lines that tasks write
wait in memory until the next `flush`, 0.5 s at most; PutLogEvents is answered once its events are
written.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from drydock.errors import StorageFailed
from drydock.region.api.bulk import walking
from drydock.region.api.bulk.disk import Database
from drydock.region.api.bulk.released import Released
from drydock.region.api.bulk.walking import Span, Walk

log = logging.getLogger(__name__)

Line = tuple[int, str]
"""Milliseconds since 1970, and the text."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS streams (
    no INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, events INTEGER NOT NULL,
    bytes INTEGER NOT NULL, oldest INTEGER NOT NULL, newest INTEGER NOT NULL,
    ingested INTEGER NOT NULL, writes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, at INTEGER NOT NULL,
    ingested INTEGER NOT NULL, message TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_time ON events (stream, at)
"""
_ROWS = (512, 64, 8, 1)
"""Rows of one statement: a statement of many costs a third of as many statements."""
_SLICE = 5_000
"""Events that one transaction removes."""
_SAID_EVERY = 60.0
"""Seconds between two warnings that lines were dropped."""


@dataclass(slots=True)
class Kept:
    """Statistics of a stream.

    Times in milliseconds since 1970; they are undefined while it is empty.
    """

    no: int
    events: int = 0
    size: int = 0
    """Characters of all messages."""
    oldest: int = 0
    newest: int = 0
    ingested: int = 0
    writes: int = 0
    """How many batches were written into it."""


NOTHING = Kept(0)


@dataclass(frozen=True, slots=True)
class _Batch:
    uid: str
    ingested: int
    lines: Sequence[Line]
    size: int


class LogStore:
    """All streams of the process. Thread-safe; no other lock is taken under its own."""

    def __init__(self, file: Path, most: int, most_of_stream: int, most_waiting: int) -> None:
        self._database = Database(file, _SCHEMA, self._load)
        self._most = most
        self._most_of_stream = most_of_stream
        self._most_waiting = most_waiting
        self._streams: dict[str, Kept] = {}
        self._live: set[str] = set()
        self._gone: set[str] = set()
        self._released = Released()
        self._retention: dict[str, int] = {}
        self._buffer = threading.Lock()
        self._waiting: deque[_Batch] = deque()
        self._waiting_size = 0
        self._dropped = 0
        self._told = 0
        self._told_at = 0.0

    @property
    def database(self) -> Database:
        return self._database

    @property
    def dropped(self) -> int:
        """Lines dropped so far because there was no room on the disk for them."""
        return self._dropped

    # -- which streams there are

    def adopt(self, uid: str) -> None:
        """Note that a stream has a record."""
        self._live.add(uid)
        self._gone.discard(uid)
        self._released.take_back(uid)

    def release(self, uid: str) -> None:
        """Note that a stream's record was deleted: drop new lines, and its events once that is
        saved.
        """
        if uid in self._live:
            self._live.discard(uid)
            self._retention.pop(uid, None)
            self._released.add(uid)

    def retain(self, uid: str, milliseconds: int | None) -> None:
        """Set how long the events of a stream are kept; None: until there are too many."""
        if milliseconds is None:
            self._retention.pop(uid, None)
        else:
            self._retention[uid] = milliseconds

    def has(self, uid: str) -> bool:
        return uid in self._live

    def mark(self) -> int:
        return self._released.mark()

    def settled(self, upto: int) -> None:
        """Remove the events of streams released up to `upto`: the records are saved without them."""
        self._gone.update(one for one in self._released.settle(upto) if one not in self._live)

    def tidy_up(self) -> None:
        """Remove the events of streams without a record. Raises StorageFailed."""
        self._database.open()
        self._gone.update(one for one in self._streams if one not in self._live)

    def kept(self, uid: str) -> Kept:
        """Return the statistics of a stream, with what was written until now."""
        self.flush_if_possible()
        return self._streams.get(uid, NOTHING)

    # -- writing

    def write(self, uid: str, lines: Sequence[Line]) -> bool:
        """Append lines, on disk at the next flush; return whether they are the first to wait."""
        size = sum(len(text) for _, text in lines)
        batch = _Batch(uid, int(time.time() * 1000), lines, size)
        with self._buffer:
            first = not self._waiting
            self._waiting.append(batch)
            self._waiting_size += size
            if self._waiting_size > self._most_waiting:
                self._drop_oldest()
        return first

    def put(self, uid: str, lines: Sequence[Line]) -> int:
        """Append lines, on disk when it returns; return the id of the first. Raises StorageFailed."""
        size = sum(len(text) for _, text in lines)
        return self._flush(_Batch(uid, int(time.time() * 1000), lines, size))

    def flush(self) -> None:
        """Write pending lines. Raises StorageFailed; they stay pending then."""
        with (
            self._database.lock
        ):  # what another thread is writing just now has come to its end, too
            if self._waiting:
                self._flush(None)

    def flush_if_possible(self) -> None:
        """Flush, but ignore a failure: reading what is there is better than nothing."""
        try:
            self.flush()
            self._database.open()
        except StorageFailed:
            log.debug("lines wait", exc_info=True)

    def _flush(self, more: _Batch | None) -> int:
        with self._database.lock:  # held over both steps: lines of one stream stay in their order
            with self._buffer:
                batches, self._waiting = self._waiting, deque()
                size, self._waiting_size = self._waiting_size, 0
            everything = [one for one in (*batches, *([more] if more else ())) if self.has(one.uid)]
            try:
                first, after = self._database.write(lambda one: self._insert(one, everything))
            except BaseException:
                with self._buffer:
                    batches.extend(self._waiting)
                    self._waiting = batches
                    self._waiting_size += size
                    self._drop_oldest()
                raise
            self._streams.update(after)
        self._report_dropped()
        return first

    def _insert(
        self, connection: sqlite3.Connection, batches: Sequence[_Batch]
    ) -> tuple[int, dict[str, Kept]]:
        """Insert batches; return the first id of the last one, and the new statistics of each
        stream.
        """
        after: dict[str, Kept] = {}
        values: list[int | str] = []
        for batch in batches:
            kept = after.get(batch.uid)
            if kept is None:
                kept = after[batch.uid] = self._of(connection, batch.uid)
            number, ingested = kept.no, batch.ingested
            for at, text in batch.lines:
                values += (number, at, ingested, text)
            _count(kept, batch)
        _insert_rows(connection, values)
        (last,) = connection.execute("SELECT last_insert_rowid()").fetchone()
        for kept in after.values():
            _save(connection, kept)
        return (last - len(batches[-1].lines) + 1 if batches else 0), after

    def _of(self, connection: sqlite3.Connection, uid: str) -> Kept:
        known = self._streams.get(uid)
        if known is not None:
            return replace(known)
        sql = "INSERT INTO streams VALUES (NULL, ?, 0, 0, 0, 0, 0, 0)"
        return Kept(connection.execute(sql, (uid,)).lastrowid or 0)

    def _drop_oldest(self) -> None:
        while self._waiting_size > self._most_waiting and len(self._waiting) > 1:
            batch = self._waiting.popleft()
            self._waiting_size -= batch.size
            self._dropped += len(batch.lines)

    def _report_dropped(self) -> None:
        new, now = self._dropped - self._told, time.monotonic()
        if new and now >= self._told_at + _SAID_EVERY:
            self._told, self._told_at = self._dropped, now
            log.warning(
                "log lines of tasks were dropped: no room on the disk", extra={"lines": new}
            )

    # -- reading

    def walk(self, uid: str, span: Span) -> Walk:
        """Walk over the events of a stream, in order.

        Raises StorageFailed at the first step or later.
        """
        kept = self.kept(uid)
        return walking.walk(self._database, kept.no, span) if kept.events else iter(())

    # -- keeping within bounds

    @property
    def has_to_tidy(self) -> bool:
        """Return whether events of deleted streams are still stored."""
        return bool(self._gone)

    def tidy(self) -> bool:
        """Remove one slice of surplus events; return whether there may be more.

        Raises StorageFailed.
        """
        if self._gone:
            return self._remove_gone(next(iter(self._gone)))
        if self._remove_old():
            return True
        over = next(
            (k for k in self._streams.copy().values() if k.size > self._most_of_stream), None
        )
        if over is not None:
            sql = "SELECT id FROM events WHERE stream = ? ORDER BY at, id LIMIT ?"
            return self._remove(sql, (over.no, _few(over, self._most_of_stream))) > 0
        used = self._database.used()
        if used > self._most:
            events = sum(kept.events for kept in self._streams.copy().values())
            few = (used - self._most * 19 // 20) * events // used
            few = max(1, min(_SLICE, few))
            return self._remove("SELECT id FROM events ORDER BY id LIMIT ?", (few,)) > 0
        self._database.shrink()
        return False

    def _remove_old(self) -> bool:
        now = int(time.time() * 1000)
        for uid, length in self._retention.copy().items():
            kept = self._streams.get(uid, NOTHING)
            if kept.events and kept.oldest < now - length:
                sql = "SELECT id FROM events WHERE stream = ? AND at < ? ORDER BY at, id LIMIT ?"
                if self._remove(sql, (kept.no, now - length, _SLICE)):
                    return True
        return False

    def _remove_gone(self, uid: str) -> bool:
        kept = self._streams.get(uid)
        if kept is not None and uid not in self._live:
            if self._remove("SELECT id FROM events WHERE stream = ? LIMIT ?", (kept.no, _SLICE)):
                return True
            with self._database.lock:
                sql = "DELETE FROM streams WHERE no = ?"
                self._database.write(lambda one: one.execute(sql, (kept.no,)))
                self._streams.pop(uid, None)
        self._gone.discard(uid)
        return True

    def _remove(self, which: str, values: tuple[int, ...]) -> int:
        """Remove the events that a query selects, and update their streams' statistics; return how
        many.
        """
        with self._database.lock:
            removed, after = self._database.write(lambda one: self._forget(one, which, values))
            self._streams.update(after)
            return removed

    def _forget(
        self, connection: sqlite3.Connection, which: str, values: tuple[int, ...]
    ) -> tuple[int, dict[str, Kept]]:
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS leaving (id INTEGER PRIMARY KEY)")
        connection.execute("DELETE FROM leaving")
        connection.execute(f"INSERT INTO leaving {which}", values)
        told = connection.execute(
            "SELECT stream, count(*), sum(length(message)) FROM events"
            " WHERE id IN (SELECT id FROM leaving) GROUP BY stream"
        ).fetchall()
        connection.execute("DELETE FROM events WHERE id IN (SELECT id FROM leaving)")
        by_number = {kept.no: uid for uid, kept in self._streams.items()}
        after = {}
        for number, events, size in told:
            uid = by_number.get(number)
            if uid is not None:
                kept = after[uid] = replace(self._streams[uid])
                kept.events, kept.size = kept.events - events, kept.size - size
                oldest = "SELECT min(at) FROM events WHERE stream = ?"
                kept.oldest = connection.execute(oldest, (number,)).fetchone()[0] or 0
                _save(connection, kept)
        return sum(events for _, events, _ in told), after

    def _load(self, connection: sqlite3.Connection) -> None:
        sql = "SELECT uid, no, events, bytes, oldest, newest, ingested, writes FROM streams"
        self._streams = {uid: Kept(*rest) for uid, *rest in connection.execute(sql)}

    def close(self) -> None:
        """Write pending lines and close. Raises StorageFailed: they were not written."""
        try:
            self.flush()
        finally:
            self._database.close()


def _count(kept: Kept, batch: _Batch) -> None:
    if batch.lines:
        low, high = min(at for at, _ in batch.lines), max(at for at, _ in batch.lines)
        kept.oldest = min(kept.oldest, low) if kept.events else low
        kept.newest = max(kept.newest, high) if kept.events else high
    kept.events += len(batch.lines)
    kept.size += batch.size
    kept.ingested = batch.ingested
    kept.writes += 1


def _few(kept: Kept, most: int) -> int:
    """Return how many events make a tenth of the bound, at most a slice."""
    wanted = kept.size - most * 9 // 10
    return max(1, min(_SLICE, wanted * kept.events // max(kept.size, 1)))


def _insert_rows(connection: sqlite3.Connection, values: list[int | str]) -> None:
    start, left = 0, len(values) // 4
    for size in _ROWS:
        sql = f"INSERT INTO events (stream, at, ingested, message) VALUES {','.join(['(?,?,?,?)'] * size)}"  # noqa: S608
        while left >= size:
            some = values[start : start + 4 * size]
            try:
                connection.execute(sql, some)
            except UnicodeEncodeError:  # half of a pair, which JSON can say and UTF-8 cannot
                connection.execute(sql, [_sayable(one) for one in some])
            start, left = start + 4 * size, left - size


def _sayable(one: int | str) -> int | str:
    return one.encode("utf-8", "replace").decode() if isinstance(one, str) else one


def _save(connection: sqlite3.Connection, kept: Kept) -> None:
    connection.execute(
        "UPDATE streams SET events = ?, bytes = ?, oldest = ?, newest = ?, ingested = ?, writes = ?"
        " WHERE no = ?",
        (kept.events, kept.size, kept.oldest, kept.newest, kept.ingested, kept.writes, kept.no),
    )
