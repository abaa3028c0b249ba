"""A SQLite file that survives a kill of the process, and that is replaced when it is damaged."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from drydock.errors import StorageFailed

log = logging.getLogger(__name__)

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_CHECKPOINT = 8 * 1024 * 1024
"""Bytes of the write-ahead log after which it is copied into the file."""
_BESIDE = ("", "-wal", "-shm")

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]


class Database:
    """One connection, used by one thread at a time. It is opened at its first use.

    `schema` is run at each opening. `opened` is called under the lock with each new connection,
    also with one to a replaced file.
    """

    def __init__(self, file: Path, schema: str, opened: Work[None]) -> None:
        self.file = file
        self.lock = threading.RLock()
        self.damaged = ""
        """What was moved aside and why, for users; empty when nothing was."""
        self.damaged_at = ""
        self._schema = schema
        self._opened = opened
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file now, if it is not open. Raises StorageFailed."""
        if self._connection is None:
            self.read(lambda _: None)

    def write(self, work: Work[Result]) -> Result:
        """Run `work` in one transaction. It may run twice. Raises StorageFailed: nothing was changed."""
        return self._run(lambda connection: _in_transaction(connection, work))

    def read(self, work: Work[Result]) -> Result:
        """Run `work` on the connection, outside a transaction. It may run twice. Raises StorageFailed."""
        return self._run(work)

    def _run(self, work: Work[Result]) -> Result:
        with self.lock:
            try:
                with _explained(self.file):
                    return self._once_more_if_damaged(work)
            finally:
                if self._connection is not None and self._connection.in_transaction:
                    self._connection.rollback()

    def _once_more_if_damaged(self, work: Work[Result]) -> Result:
        try:
            return work(self._connected())
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
                raise
            self._move_aside(error)
            return work(self._connected())

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            # made here, so that it and the files beside it are the user's alone
            os.close(os.open(self.file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            connection = sqlite3.connect(
                self.file, isolation_level=None, check_same_thread=False, timeout=10
            )
            try:
                self._prepare(connection)
                self._opened(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # A kill loses nothing that is in the write-ahead log; only a power cut may.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA journal_size_limit = {_CHECKPOINT}")
        connection.execute("PRAGMA cache_size = -4096")
        _in_transaction(connection, lambda one: _script(one, self._schema))

    def checkpoint(self) -> None:
        """Copy the write-ahead log into the file once it is long.

        It does not block writers: it has its own connection, and only that one waits for the disk.
        """
        log_file = self.file.with_name(f"{self.file.name}-wal")
        with contextlib.suppress(OSError, sqlite3.Error):  # the next one tries again
            if log_file.stat().st_size >= _CHECKPOINT:
                connection = sqlite3.connect(self.file, isolation_level=None, timeout=1)
                try:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
                finally:
                    connection.close()

    def used(self) -> int:
        """Return the bytes of the file that are in use. Raises StorageFailed."""
        return self.read(_used)

    def shrink(self, pages: int = 1000) -> None:
        """Release some of the file's empty pages, if a quarter of it is empty.

        Raises StorageFailed.
        """

        def give_back(connection: sqlite3.Connection) -> None:
            (whole,) = connection.execute("PRAGMA page_count").fetchone()
            (free,) = connection.execute("PRAGMA freelist_count").fetchone()
            if free > 256 and free * 4 > whole:
                connection.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()

        self.read(give_back)

    def close(self) -> None:
        """Close the file; the next use opens it again. Idempotent."""
        with self.lock:
            if self._connection is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.close()
                self._connection = None

    def _move_aside(self, error: Exception) -> None:
        self.close()
        now = datetime.now(UTC)
        aside = self.file.with_name(f"{self.file.name}.damaged-{now:%Y%m%dT%H%M%S%f}")
        for suffix in _BESIDE:
            with contextlib.suppress(FileNotFoundError):
                self.file.with_name(self.file.name + suffix).replace(f"{aside}{suffix}")
        self.damaged = (
            f"it was damaged ({error}); it is kept as {aside}, and an empty one took over"
        )
        self.damaged_at = now.isoformat(timespec="seconds")
        log.error("%s: %s", self.file, self.damaged)


def _in_transaction(connection: sqlite3.Connection, work: Work[Result]) -> Result:
    connection.execute("BEGIN IMMEDIATE")
    result = work(connection)
    connection.execute("COMMIT")
    return result


def _script(connection: sqlite3.Connection, text: str) -> None:
    for statement in text.split(";"):
        if statement.strip():
            connection.execute(statement)


def _used(connection: sqlite3.Connection) -> int:
    (whole,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((whole - free) * size)


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise failed(str(file), error) from error


def failed(file: str, error: Exception) -> StorageFailed:
    """Return the error for a file that could not be written or read."""
    return StorageFailed(
        f"{file} cannot be written or read", str(error), "make room on its disk, then try again"
    )
