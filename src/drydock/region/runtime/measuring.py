"""CPU time and memory of many containers at once: one walk over /proc, descendants included.

See proc_pid_stat(5), proc_pid_statm(5). Ids are the host's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PARENT, _CPU_FIRST, _CPU_LAST = 1, 11, 15
"""Positions after the command: the parent; CPU time of itself and of the children it has waited for."""


@dataclass(frozen=True)
class Usage:
    """What some processes use together."""

    cpu: float
    """Seconds of CPU time so far."""
    memory: int
    """Bytes that are resident; what they share is counted once."""


def measure(groups: Mapping[str, Iterable[int]], proc: Path = Path("/proc")) -> dict[str, Usage]:
    """Usage of the processes `groups` names (a key → process ids) and of all their descendants.

    A key none of whose processes run is left out.
    """
    if not groups:
        return {}
    cpu: dict[int, float] = {}
    children: dict[int, list[int]] = {}
    for entry in proc.iterdir():
        if entry.name.isdecimal() and (fields := _stat(f"{entry}/stat")):
            ticks = sum(int(one) for one in fields[_CPU_FIRST:_CPU_LAST])
            cpu[int(entry.name)] = ticks / _TICKS
            children.setdefault(int(fields[_PARENT]), []).append(int(entry.name))
    found = {}
    for key, pids in groups.items():
        ours = _family([pid for pid in pids if pid in cpu], children)
        if ours:
            used = sum(cpu[pid] for pid in ours)
            found[key] = Usage(used, _memory([f"{proc}/{pid}/statm" for pid in ours]))
    return found


def _family(pids: list[int], children: Mapping[int, list[int]]) -> set[int]:
    found: set[int] = set()
    queue = list(pids)
    while queue:
        pid = queue.pop()
        if pid not in found:
            found.add(pid)
            queue += children.get(pid, [])
    return found


def _memory(files: Iterable[str]) -> int:
    """Bytes: each process's own, and the most that one of them shares with others."""
    own = shared = 0
    for file in files:
        fields = _read(file).split()
        if fields:
            own += int(fields[1]) - int(fields[2])
            shared = max(shared, int(fields[2]))
    return (own + shared) * _PAGE


def _stat(file: str) -> list[bytes]:
    """The fields after the command, which may hold anything; none: the process has ended."""
    return _read(file).rpartition(b")")[2].split()


def _read(file: str) -> bytes:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.read(descriptor, 4096)
        finally:
            os.close(descriptor)
    except (FileNotFoundError, ProcessLookupError):
        return b""
