"""The state of a server's process, from its files: the lock file, and the end of its log."""

from __future__ import annotations

import re
from pathlib import Path

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database.folder import ServerFolder

_PID_FILE = "postmaster.pid"
_STATUS_LINE = 7
"""Counted from 0 (PostgreSQL: src/include/utils/pidfile.h)."""
_TELLING = re.compile(
    r"FATAL:|PANIC:|ERROR:|invalid value for parameter|unrecognized configuration parameter"
    r"|outside the valid range|could not bind"
)


def is_ready(folder: ServerFolder) -> bool:
    """Return whether the server accepts connections, from its own file: no client need try and be
    logged.
    """
    try:
        lines = (folder.data / _PID_FILE).read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"


def clear_stale_pid_file(folder: ServerFolder) -> None:
    """Remove what a killed server left. The caller holds the folder's lock: none of ours runs.

    Raises DatabaseFailed: a server that was started by hand works in this data folder.
    """
    file = folder.data / _PID_FILE
    try:
        first = file.read_text().partition("\n")[0]
    except FileNotFoundError:
        return
    if first.strip().isdigit() and _works_in(int(first), folder.data):
        raise DatabaseFailed(
            f"the data of {folder.name}",
            f"process {first.strip()} is a PostgreSQL that works on them",
            "stop it first",
        )
    file.unlink()


def clear_socket(folder: ServerFolder) -> None:
    """Make the folder of the socket, empty. The caller holds the folder's lock: none listens."""
    folder.socket.mkdir(mode=0o700, exist_ok=True)
    for left in folder.socket.iterdir():
        left.unlink()


def last_words(log: Path, start: int, size: int = 4096) -> str:
    """Return why a server ended: the error lines of its log, else the last one.

    Reads the last `size` bytes, none before the byte `start`, where this run began.
    """
    try:
        with log.open("rb") as file:
            file.seek(max(start, log.stat().st_size - size))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return "it wrote no log"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if _TELLING.search(line)]
    return "; ".join(telling[-3:] or lines[-1:]) or "it wrote nothing"


def _works_in(pid: int, data: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except OSError:
        return False
