"""The open file limits of the region's processes, and the cost of a task.

The porter raises the soft limit to the hard one before it starts anything; programs that are
started in the region get the former soft limit back, since those that use select(2) rely on it.
"""

from __future__ import annotations

import errno
import os
import resource

OF_A_TASK = 8
"""Open files of the daemon that are counted for a task. One with one container has 4 while it runs:
its network namespace, two pipes and a server's socket; each further container has 2, and a start
some more.
"""
RESERVE = 64
"""Open files that the daemon reserves for clients, databases and load balancers."""
_OF_A_REGION = 48
"""Open files of the daemon without a task."""
_MOST = 1 << 20
"""No process needs more, and some programs allocate by the limit."""


def raise_limit() -> int:
    """Raise this process's soft limit to the hard one; return the former soft limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return soft


def lower_limit(soft: int) -> None:
    """Restore a former soft limit in the calling process."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def shortage(wanted: int = OF_A_TASK) -> str:
    """Return why this process has no room for so many more open files; empty: it has."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    used = in_use()
    if limit == resource.RLIM_INFINITY or used + wanted + RESERVE <= limit:
        return ""
    return (
        f"the region has {used} of at most {limit} files open; {RESERVE} are kept free, and what is to"
        f" be started needs {wanted}"
    )


def room_for_tasks() -> int:
    """Return about how many tasks this machine can run by the hard limit of open files."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    return (limit - RESERVE - _OF_A_REGION) // OF_A_TASK


def in_use() -> int:
    """Return how many files this process has open."""
    return len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208  (names alone)


def exhausted(error: BaseException | None) -> bool:
    """Return whether an error, or its cause, is that no more files can be opened."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            return True
        error = error.__cause__ or error.__context__
    return False


REMEDY = (
    "raise the hard limit of open files (ulimit -Hn; LimitNOFILE of a systemd unit, nofile in"
    " /etc/security/limits.conf, --ulimit nofile of a container), then `drydock region stop` and start"
)
