"""A server's files on disk: its data, its administrator's password, its log, its lock."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from drydock.errors import DatabaseFailed

_LOG_LIMIT = 16 << 20
"""Bytes; a longer log is renamed at the next start, replacing the one before."""


RECOVERY_SIGNAL = "recovery.signal"
"""PostgreSQL's: it removes it once it has recovered."""


@dataclass(frozen=True)
class ServerFolder:
    """The private folder of one server, with everything that belongs to it; only `destroy` removes
    it.
    """

    path: Path
    """Absolute."""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory: complete or missing."""
        return self.path / "data"

    @property
    def password_file(self) -> Path:
        """The file with the password of rdsadmin, one line, readable by its owner only."""
        return self.path / "rdsadmin.password"

    @property
    def socket(self) -> Path:
        """The folder of the server's socket, to which its copies connect."""
        return self.path / "socket"

    @property
    def log(self) -> Path:
        """The log of what the server wrote on stderr."""
        return self.path / "postgresql.log"

    @property
    def recovery_settings(self) -> Path:
        """The file with the recovery settings of a restore to a point in time; lines of
        postgresql.conf.
        """
        return self.path / "recovery.settings"

    @property
    def recovering(self) -> bool:
        """Whether it has yet to be restored to a point in time."""
        return (self.data / RECOVERY_SIGNAL).exists()

    @property
    def archive(self) -> Path:
        """The folder of archived WAL, while archiving is on."""
        return self.path / "wal"

    @property
    def major(self) -> int | None:
        """The PostgreSQL major that made the data; None: there is no data yet."""
        try:
            text = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return None
        try:
            return int(text)
        except ValueError:
            raise DatabaseFailed(
                f"the data of {self.name}", f"PG_VERSION has {text!r}, which is no version"
            ) from None

    def damage(self) -> str:
        """Return which files of a server are missing; empty: none, as far as can be seen."""
        for folder in (self.path, self.data):
            if not folder.is_dir():
                return f"there is no folder {folder}"
        for file in (self.data / "PG_VERSION", self.data / "global" / "pg_control"):
            if not file.is_file() or file.stat().st_size == 0:
                return f"there is no {file.relative_to(self.data)} in {self.data}"
        if not self.password_file.is_file():
            return f"there is no {self.password_file.name} in {self.path}"
        return ""

    def create(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def password(self) -> str:
        """Return rdsadmin's password. Raises DatabaseFailed: the file is gone."""
        try:
            return self.password_file.read_text().rstrip("\n")
        except FileNotFoundError:
            raise DatabaseFailed(
                f"the server {self.name}", f"{self.password_file.name} is not in its folder"
            ) from None

    def ensure_password(self) -> None:
        """Make rdsadmin's password where there is none: 192 random bits."""
        if not self.password_file.exists():
            write_private(self.password_file, secrets.token_urlsafe(24) + "\n")

    def open_log(self) -> int:
        """Return a descriptor to append to the log."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        return os.open(self.log, flags, 0o600)

    @contextmanager
    def locked(self, timeout: float = 10.0) -> Iterator[int]:
        """Hold the lock on the data; yield its descriptor.

        A process that inherits it keeps the lock.

        PostgreSQL's own lock file holds a process id, and every server here is process 1 of a
        namespace: it cannot tell a server that runs from one that is gone. The kernel can.

        Raises DatabaseFailed: after `timeout` seconds another process still has it.
        """
        self.create()
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait_for(lock, time.monotonic() + timeout)
            yield lock
        finally:
            os.close(lock)

    def _wait_for(self, lock: int, deadline: float) -> None:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise DatabaseFailed(
                        f"the data of {self.name}",
                        "another server, or a part of one that is ending, uses them",
                        "stop that server first",
                    ) from None
                time.sleep(0.01)
            else:
                return


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read: completely or not at all, and synced to disk."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Sync the names in a folder to disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def destroy(path: Path, timeout: float = 5.0) -> None:
    """Remove a server's folder with all its data, if there is one.

    It is renamed first: an interruption leaves no half of a server that could be started. Raises
    DatabaseFailed: after `timeout` seconds a server still uses the data.
    """
    if path.exists():
        with ServerFolder(path).locked(timeout):
            path.rename(path.with_name(f".gone-{path.name}-{secrets.token_hex(4)}"))
    if path.parent.exists():
        for left in path.parent.glob(".gone-*"):
            remove_tree(left)


def remove_tree(path: Path) -> None:
    """Remove a folder and its content; another thread may do the same at the same time."""
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        if path.exists():
            remove_tree(path)
