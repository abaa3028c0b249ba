"""Read the new part of a server's log, in whole lines."""

from __future__ import annotations

from pathlib import Path

_MOST = 1 << 20
"""Bytes of one read."""


def size_of(log: Path) -> int:
    """Return the log's size in bytes; 0: there is none yet."""
    return log.stat().st_size if log.exists() else 0


def since(log: Path, start: int) -> tuple[str, int]:
    """Return the lines after byte `start`, up to the limit of one read, and the start of the next
    read.

    A line that is longer than a read is returned in parts. A log that is shorter than `start` is a
    new one: the old one was renamed.
    """
    size = size_of(log)
    if start > size:
        start = 0
    if start == size:
        return "", start
    with log.open("rb") as file:
        file.seek(start)
        data = file.read(_MOST)
    whole = data[: data.rfind(b"\n") + 1] or (data if len(data) == _MOST else b"")
    return whole.decode(errors="replace"), start + len(whole)


def latest(log: Path) -> int:
    """Return the offset of the log's last read's worth."""
    return max(0, size_of(log) - _MOST)
