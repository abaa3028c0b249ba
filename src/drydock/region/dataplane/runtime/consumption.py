"""The resource usage of processes, from /proc: a container's first process and its descendants.

proc_pid_statm(5), proc_pid_stat(5), proc_tid_children(5). Ids are the host's.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable
from dataclasses import dataclass

_PAGE = resource.getpagesize()
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """The usage of some processes together."""

    cpu: float
    """Seconds of processor time so far."""
    memory: int
    """Bytes."""


def family(pid: int) -> list[int]:
    """Return a process and its descendants, except those that ended meanwhile."""
    found, queue = [], [pid]
    while queue:
        one = queue.pop()
        try:
            threads = os.listdir(f"/proc/{one}/task")  # noqa: PTH208  (quick, it runs often)
            children = [_read(f"/proc/{one}/task/{thread}/children") for thread in threads]
        except OSError:
            continue
        found.append(one)
        queue += [int(child) for line in children for child in line.split()]
    return found


def memory(pids: Iterable[int]) -> int:
    """Return the bytes in use: resident, without the pages of files, which the kernel can reclaim."""
    total = 0
    for pid in pids:
        try:
            resident, shared = _read(f"/proc/{pid}/statm").split()[1:3]
        except (OSError, ValueError):
            continue
        total += int(resident) - int(shared)
    return total * _PAGE


def proportional_memory(pids: Iterable[int]) -> int:
    """Return the bytes in use, with shared pages counted once; it takes a hundred times as long.

    A process that may not be inspected this closely counts as in `memory`.
    """
    total = 0
    for pid in pids:
        try:
            lines = _read(f"/proc/{pid}/smaps_rollup").splitlines()
            sizes = {line.split(":")[0]: line.split() for line in lines if line.startswith("Pss_")}
            total += (int(sizes["Pss_Anon"][1]) + int(sizes["Pss_Shmem"][1])) * 1024
        except (OSError, KeyError, IndexError):
            total += memory([pid])
    return total


def memory_of_server(pids: Iterable[int]) -> int:
    """Return the bytes in use by processes that share a segment of memory, as PostgreSQL's do.

    That is the pages of each alone, and the largest part of the segment that one has touched. The
    kernel keeps these numbers; finding the sharers of each page, as `proportional_memory` does,
    delays a busy server.
    """
    alone = segment = 0
    for pid in pids:
        try:
            lines = _read(f"/proc/{pid}/status").splitlines()
            sizes = {line.split(":")[0]: line.split() for line in lines if line.startswith("Rss")}
            alone += int(sizes["RssAnon"][1]) * 1024
            segment = max(segment, int(sizes["RssShmem"][1]) * 1024)
        except (OSError, KeyError, IndexError):
            continue
    return alone + segment


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor time used so far in seconds, with that of children that have ended."""
    total = 0
    for pid in pids:
        try:
            fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(one) for one in fields[11:15])
    return total / _TICK


def _read(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 65536).decode()
    finally:
        os.close(descriptor)
