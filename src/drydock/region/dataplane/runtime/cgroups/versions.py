"""The files of the two versions of control groups, behind one interface.

https://docs.kernel.org/admin-guide/cgroup-v2.html,
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
"""

from __future__ import annotations

import errno
import os
import select
from pathlib import Path
from typing import Protocol

PERIOD = 100_000
"""Microseconds over which a share of the processor is counted: the kernel's own."""
_LEAST_QUOTA = 1000
_LEAST_SHARES = 2
_MOST_SHARES = 262_144
_MOST_WEIGHT = 10_000


class Version(Protocol):
    """The interface of a version. Every method raises OSError with the kernel's message."""

    entry: str
    """The file of a group that a thread writes `0` to, to enter it; empty: it is started in the
    folder.
    """

    def open_to(self, group: Path, controllers: frozenset[str], *, may_change: bool = True) -> None:
        """Let the children of a group have limits of their own.

        Not `may_change`: refused where that changes a group that is not ours.
        """
        ...

    def limit_memory(self, group: Path, size: int) -> None:
        """Limit memory in bytes, swap included."""
        ...

    def kill_together(self, group: Path) -> None:
        """Make all processes of a group end together when it is out of memory, where the kernel
        can.
        """
        ...

    def cap_cpu(self, group: Path, cpus: float) -> None:
        """Limit the CPU; a quarter of a processor is 0.25."""
        ...

    def share_cpu(self, group: Path, shares: int) -> None:
        """Set the CPU share relative to its siblings, where all want more than there is."""
        ...

    def killed(self, group: Path) -> int:
        """Return how many processes of the group itself were killed for lack of memory."""
        ...

    def alarm(self, group: Path) -> int | None:
        """Return a descriptor that `was_full` needs, the caller's to close; None: it needs none."""
        ...

    def was_full(self, group: Path, alarm: int | None) -> bool:
        """Return whether something was killed for lack of memory since the alarm was set.

        Only because of this group's limit (or, in version 1, of one above it), not of one below it.
        """
        ...


class V1:
    """Version 1: one hierarchy for memory and another for the processor."""

    # a thread that moves itself takes no lock of all processes; `cgroup.procs` waits 10 ms for one
    entry = "tasks"

    def open_to(self, group: Path, controllers: frozenset[str], *, may_change: bool = True) -> None:
        if not may_change:
            return  # a hierarchy has its controller everywhere
        file = group / "memory.use_hierarchy"  # always on, and soon gone, since Linux 5.11
        if "memory" in controllers and file.exists() and file.read_text().strip() == "0":
            file.write_text("1")

    def limit_memory(self, group: Path, size: int) -> None:
        (group / "memory.limit_in_bytes").write_text(str(size))
        with_swap = group / "memory.memsw.limit_in_bytes"
        if with_swap.exists():
            with_swap.write_text(str(size))
        else:
            (group / "memory.swappiness").write_text("0")

    def kill_together(self, group: Path) -> None:
        """Do nothing: version 1 cannot; the watcher ends the rest."""

    def cap_cpu(self, group: Path, cpus: float) -> None:
        (group / "cpu.cfs_period_us").write_text(str(PERIOD))
        (group / "cpu.cfs_quota_us").write_text(str(quota(cpus)))

    def share_cpu(self, group: Path, shares: int) -> None:
        (group / "cpu.shares").write_text(str(max(shares, _LEAST_SHARES)))

    def killed(self, group: Path) -> int:
        return _field(group / "memory.oom_control", "oom_kill")

    def alarm(self, group: Path) -> int | None:
        # not by memory.failcnt, which page caches raise, too, and which Linux 6.18 leaves at 0
        told = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        try:
            with (group / "memory.oom_control").open("rb") as file:
                words = f"{told} {file.fileno()}"
                (group / "cgroup.event_control").write_text(words)
        except OSError:
            os.close(told)
            raise
        return told

    def was_full(self, group: Path, alarm: int | None) -> bool:
        del group
        if alarm is None:
            return False
        poll = select.poll()
        poll.register(alarm, select.POLLIN)
        return bool(poll.poll(0))


class V2:
    """Version 2: one hierarchy for all."""

    entry = ""

    def open_to(self, group: Path, controllers: frozenset[str], *, may_change: bool = True) -> None:
        there = set((group / "cgroup.controllers").read_text().split())
        if missing := controllers - there:
            raise OSError(
                errno.ENOTSUP,
                f"{', '.join(sorted(missing))} is not delegated to {group}",
            )
        file = group / "cgroup.subtree_control"
        if wanted := controllers - set(file.read_text().split()):
            if not may_change:
                words = f"{', '.join(sorted(wanted))} is not turned on for the groups in {group}"
                raise OSError(errno.ENOTSUP, words)
            file.write_text(" ".join(f"+{one}" for one in sorted(wanted)))

    def limit_memory(self, group: Path, size: int) -> None:
        (group / "memory.max").write_text(str(size))
        swap = group / "memory.swap.max"
        if swap.exists():  # it is not where the kernel has no swap
            swap.write_text("0")

    def kill_together(self, group: Path) -> None:
        (group / "memory.oom.group").write_text("1")

    def cap_cpu(self, group: Path, cpus: float) -> None:
        (group / "cpu.max").write_text(f"{quota(cpus)} {PERIOD}")

    def share_cpu(self, group: Path, shares: int) -> None:
        (group / "cpu.weight").write_text(str(weight(shares)))

    def killed(self, group: Path) -> int:
        return _field(group / "memory.events", "oom_kill")

    def alarm(self, group: Path) -> int | None:
        del group
        return None

    def was_full(self, group: Path, alarm: int | None) -> bool:
        del alarm
        return _field(group / "memory.events.local", "oom") > 0


VERSIONS: dict[int, Version] = {1: V1(), 2: V2()}


def quota(cpus: float) -> int:
    """Return the microseconds of each period; the kernel's minimum is a thousand."""
    return max(_LEAST_QUOTA, round(cpus * PERIOD))


def weight(shares: int) -> int:
    """Convert version 1's shares (2 to 262,144) to version 2's weight (1 to 10,000), as runc does."""
    within = min(max(shares, _LEAST_SHARES), _MOST_SHARES)
    return 1 + (within - _LEAST_SHARES) * (_MOST_WEIGHT - 1) // (_MOST_SHARES - _LEAST_SHARES)


def _field(file: Path, name: str) -> int:
    """Return a number from a file of names and numbers; 0 where it has no such line."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)  # quick: it runs often
    try:
        lines = os.read(descriptor, 4096).decode().splitlines()
    finally:
        os.close(descriptor)
    return next((int(line[len(name) :]) for line in lines if line.startswith(f"{name} ")), 0)
