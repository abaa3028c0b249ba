"""Whether a process of this machine lives."""

from __future__ import annotations

import os
from pathlib import Path


def state(pid: int) -> str:
    """The state of a process as proc(5) writes it: R, S, D, T (stopped), Z …; empty: it does not run."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return stat.rpartition(")")[2].split()[0]


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped by a signal or a debugger, and does nothing before it goes on."""
    return state(pid) in ("T", "t")


def born(pid: int) -> str | None:
    """When a process was started, as the system counts; None where it does not run (any more).

    With it a pid that was given to another process is told from the first one.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # gone before, or while it was read
        return None if Path("/proc/self").exists() else _runs(pid)
    state, *fields = stat.rpartition(")")[2].split()
    # Field 22 of proc(5): clock ticks after boot. A zombie has ended.
    return None if state == "Z" else fields[18]


def _runs(pid: int) -> str | None:
    """Without /proc a process is told by its number alone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return "another user's"
    return "running"
