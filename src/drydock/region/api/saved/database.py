"""The saved control plane on disk: a SQLite database in WAL mode, and a file that reserves space.

A commit is in the operating system's hands when it returns, so that a kill of the daemon loses
nothing of it (https://www.sqlite.org/wal.html). `synchronous=NORMAL` keeps the order of writes
intact at a power cut; what was committed since the last checkpoint may then be lost. The reserve is
a file of real blocks: when the disk is full it is deleted, so that the change that met the full
disk can still be saved.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import drydock
from drydock.errors import StateUnreadable
from drydock.region.api.saved.units import Unit

FORMAT = "3"
RESERVE = "reserve"
"""A file beside the database."""
RESERVED = 1024 * 1024
"""Its size in bytes: several times what one change of a large region takes."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unit (name TEXT PRIMARY KEY, sha256 BLOB NOT NULL, data BLOB NOT NULL);
"""
_CHECKPOINT_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Row:
    """One saved unit; `problem` says why it cannot be used, "" if it can."""

    name: str
    """The name in the database."""
    unit: Unit
    data: bytes
    problem: str = ""


class Database:
    """One open file. Its methods are called by one thread at a time."""

    def __init__(self, file: Path, account_id: str, region: str) -> None:
        """Open or make the file.

        Raises StateUnreadable: damaged, of another version, account or region, or not only ours.
        """
        self.file = file
        self.gave_up_reserve = False
        """Whether a change met a full disk and used up the reserve."""
        self._written = 0
        self.is_new = not file.exists()
        if not self.is_new and file.stat().st_size == 0:
            raise unreadable(file, "it is empty")
        self._about = {
            "format": FORMAT,
            "moto": version("moto"),
            "account": account_id,
            "region": region,
        }
        make_private(file)
        try:
            self._connection = _connect(file)
            self._check_header()
        except sqlite3.DatabaseError as error:
            raise unreadable(file, f"SQLite says: {error}") from error

    def _check_header(self) -> None:
        """Check or write the header. Raises StateUnreadable, sqlite3.DatabaseError."""
        self._connection.executescript(_SCHEMA)
        found = dict(self._connection.execute("SELECT name, value FROM about"))
        if not found:
            with self._connection:
                rows = {**self._about, "drydock": drydock.__version__}.items()
                self._connection.executemany("INSERT INTO about VALUES (?, ?)", rows)
            return
        for key, value in self._about.items():
            if found.get(key) != value:
                raise unreadable(
                    self.file,
                    f"it was written for {key} {found.get(key)}, and this is {key} {value}",
                )

    def rows(self) -> list[Row]:
        """Return every saved unit, also damaged ones.

        Raises StateUnreadable: the whole file is damaged.
        """
        try:
            names = [name for (name,) in self._connection.execute("SELECT name FROM unit")]
            complaint = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise unreadable(self.file, f"SQLite says: {error}") from error
        found = [self._row(str(name)) for name in names]
        if complaint != "ok" and not any(row.problem for row in found):
            raise unreadable(self.file, f"SQLite says: {complaint}")
        return found

    def _row(self, name: str) -> Row:
        try:
            unit = Unit.parse(name)
        except ValueError:
            return Row(name, Unit("unknown", "", "unknown"), b"", "its name is damaged")
        try:
            digest, data = self._connection.execute(
                "SELECT sha256, CAST(data AS BLOB) FROM unit WHERE name = ?", (name,)
            ).fetchone()
        except (sqlite3.DatabaseError, TypeError) as error:
            return Row(name, unit, b"", f"SQLite says: {error}")
        if _digest(name, data) != digest:
            return Row(name, unit, data, "its checksum is wrong")
        return Row(name, unit, data)

    def read(self, unit: Unit) -> bytes | None:
        """Return the saved data of a unit; None: there is none, or it is damaged."""
        found = self._connection.execute(
            "SELECT data FROM unit WHERE name = ?", (str(unit),)
        ).fetchone()
        return found[0] if found else None

    def write(self, units: Mapping[Unit, bytes]) -> None:
        """Save some units in one transaction. Raises sqlite3.OperationalError: the disk is full, …"""
        rows = [(str(unit), _digest(str(unit), data), data) for unit, data in units.items()]
        self._written += sum(len(data) for data in units.values())
        try:
            self._write(rows)
        except sqlite3.OperationalError:
            if not self._give_up_reserve():
                raise
            self._write(rows)

    def _write(self, rows: list[tuple[str, bytes, bytes]]) -> None:
        with self._connection:
            self._connection.executemany(
                "INSERT INTO unit VALUES (?, ?, ?) ON CONFLICT (name)"
                " DO UPDATE SET sha256 = excluded.sha256, data = excluded.data",
                rows,
            )

    def forget(self, name: str) -> None:
        """Remove one row. Raises sqlite3.OperationalError."""
        with self._connection:
            self._connection.execute("DELETE FROM unit WHERE name = ?", (name,))

    def make_reserve(self) -> None:
        """Make the reserve again. Raises OSError: the disk is full."""
        if self._reserve.exists():
            self.gave_up_reserve = False
            return
        unfinished = self._reserve.with_suffix(".new")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            left = RESERVED
            while left > 0:
                left -= os.write(descriptor, bytes(min(left, 65536)))
            os.fsync(descriptor)  # file systems that write later notice only now
        except OSError:
            unfinished.unlink()
            raise
        finally:
            os.close(descriptor)
        unfinished.rename(self._reserve)
        self.gave_up_reserve = False

    def _give_up_reserve(self) -> bool:
        try:
            self._reserve.unlink()
        except FileNotFoundError:
            return False
        self.gave_up_reserve = True
        return True

    @property
    def _reserve(self) -> Path:
        return self.file.parent / RESERVE

    def checkpoint(self) -> None:
        """Copy commits from the log into the database once the log is large.

        It may run beside `write`, on another thread. Raises sqlite3.OperationalError.
        """
        if self._written < _CHECKPOINT_BYTES:
            return
        self._written = 0
        beside = _connect(self.file)
        try:
            beside.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            beside.close()

    def close(self) -> None:
        """Close the database. Idempotent."""
        self._connection.close()


def _digest(name: str, data: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\0" + data).digest()


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=10, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


def make_private(file: Path) -> None:
    """Make the file private, since unpickling runs code.

    Raises StateUnreadable if others could write it.
    """
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unreadable(file, error.strerror or str(error)) from error
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if status.st_uid != os.getuid():
        raise unreadable(file, "it belongs to another user")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise unreadable(file, "others may write to it")


def unreadable(file: Path, cause: str) -> StateUnreadable:
    """Return the error for a saved region that cannot be used."""
    return StateUnreadable(
        f"the saved region {file} cannot be read",
        cause,
        "put back what wrote it, or `drydock down --purge`, which deletes everything the region holds",
    )
