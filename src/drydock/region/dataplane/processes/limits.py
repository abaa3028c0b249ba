"""Resource limits by ECS's names, within this machine's limits. getrlimit(2)."""

from __future__ import annotations

import resource
from collections.abc import Sequence

Limit = tuple[str, int, int]
"""Name (`nofile`), soft, hard; -1 is none."""

NUMBERS = {
    name: number
    for number, name in enumerate(
        [
            "cpu",
            "fsize",
            "data",
            "stack",
            "core",
            "rss",
            "nproc",
            "nofile",
            "memlock",
            "as",
            "locks",
            "sigpending",
            "msgqueue",
            "nice",
            "rtprio",
            "rttime",
        ]
    )
}
"""Linux's numbers; Python has names for only some of them."""


def within(soft: int, hard: int, allowed: int) -> tuple[int, int]:
    """Return a soft and a hard limit that are no higher than `allowed`; -1 is none. Pure."""
    if allowed == resource.RLIM_INFINITY:
        return soft, hard
    return _within(soft, allowed), _within(hard, allowed)


def _within(limit: int, allowed: int) -> int:
    return allowed if limit < 0 else min(limit, allowed)


def apply(limits: Sequence[Limit]) -> None:
    """Set limits of the calling process, as far as this machine allows. Raises OSError, ValueError."""
    for name, soft, hard in limits:
        number = NUMBERS[name]
        resource.setrlimit(number, within(soft, hard, resource.getrlimit(number)[1]))


def lowered(limits: Sequence[Limit]) -> list[str]:
    """Return messages about limits that this machine allows a process only in part."""
    found = []
    for name, soft, hard in limits:
        allowed = resource.getrlimit(NUMBERS[name])[1]
        if within(soft, hard, allowed) != (soft, hard):
            found.append(f"ulimit {name}={soft}:{hard}: this machine allows {allowed} at most")
    return found


def raise_hard_limits() -> None:
    """Raise the hard limits for processes started from here to the kernel's; only root may."""
    for number in NUMBERS.values():
        soft, hard = resource.getrlimit(number)
        for wanted in (resource.RLIM_INFINITY, _most_files()):
            if hard == resource.RLIM_INFINITY or (hard >= wanted >= 0):
                break
            try:
                resource.setrlimit(number, (soft, wanted))
            except (OSError, ValueError):  # nofile has a limit of its own; others may not be raised
                continue
            break


def _most_files() -> int:
    with open("/proc/sys/fs/nr_open") as file:  # noqa: PTH123
        return int(file.read())
