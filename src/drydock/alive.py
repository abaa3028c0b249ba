"""Check whether a process of this machine is running."""

from __future__ import annotations

import os
from pathlib import Path


def state(pid: int) -> str:
    """Return a process's state as in proc(5): R, S, D, T (stopped), Z …; empty if it does not exist."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return stat.rpartition(")")[2].split()[0]


def is_stopped(pid: int) -> bool:
    """Return whether a process is stopped by a signal or a debugger, and will not run until continued."""
    return state(pid) in ("T", "t")


def born(pid: int) -> str | None:
    """Return a process's start time (clock ticks after boot), or None if it does not run (any more).

    It distinguishes a process from a later one with the same pid.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # gone before, or while it was read
        return None if Path("/proc/self").exists() else _runs(pid)
    state, *fields = stat.rpartition(")")[2].split()
    # Field 22 of proc(5): clock ticks after boot. A zombie has ended.
    return None if state == "Z" else fields[18]


def _runs(pid: int) -> str | None:
    """Without /proc, identify a process by its pid alone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return "another user's"
    return "running"
