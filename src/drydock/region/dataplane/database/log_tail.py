"""What a server's log has new since a look at it. Lines are told when they are whole."""

from __future__ import annotations

from pathlib import Path

_MOST = 1 << 20
"""Bytes of one look."""


def size_of(log: Path) -> int:
    """Bytes; 0: there is none yet."""
    return log.stat().st_size if log.exists() else 0


def since(log: Path, start: int) -> tuple[str, int]:
    """The lines after byte `start`, as many as one look takes, and where the next look starts.

    A line that is longer than a look is told in parts. A log that is shorter than `start` is another
    one: the old one was put aside.
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
    """From where the last look's worth of it can be read."""
    return max(0, size_of(log) - _MOST)
