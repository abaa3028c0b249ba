"""The few kernel calls that Python 3.11 lacks: namespaces, mounts, capabilities, parent-death signal.

Each raises OSError with the kernel's own words. See namespaces(7), mount(2), prctl(2), capabilities(7).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

_MNT_DETACH = 2
_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522

_SYS_CLONE3 = 435
_SYS_MOUNT_SETATTR = 442
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_MOUNT_ATTR = struct.Struct("4Q")
_CLONE_INTO_CGROUP = 0x200000000
_CLONE_ARGS = struct.Struct("11Q")

_libc = ctypes.CDLL(None, use_errno=True)
_libc_with_lock = ctypes.PyDLL(None, use_errno=True)
"""Keeps Python's lock during a call, so that a forked child has it."""


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Put the calling thread into new namespaces."""
    _check(_libc.unshare(flags), "unshare")


def setns(descriptor: int, kind: int = 0) -> None:
    """Move the calling thread into the namespace that a descriptor holds."""
    _check(_libc.setns(descriptor, kind), "setns")


def mount(source: str, target: str, kind: str = "none", flags: int = 0, data: str = "") -> None:
    """Call mount(2)."""
    result = _libc.mount(source.encode(), target.encode(), kind.encode(), flags, data.encode())
    _check(result, f"mount {kind} at {target}")


def set_flags_below(target: str, flags: int) -> None:
    """Add some of MS_RDONLY, MS_NOSUID and MS_NODEV to a mount and every mount below it.

    mount_setattr(2); ENOSYS: the kernel is older than 5.12, or a container's filter hides the call.
    """
    fields = _MOUNT_ATTR.pack(flags, 0, 0, 0)  # the new call's flags have the old ones' values
    attributes = ctypes.create_string_buffer(fields, _MOUNT_ATTR.size)
    size, where = ctypes.c_size_t(_MOUNT_ATTR.size), target.encode()
    result = _libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, where, _AT_RECURSIVE, attributes, size)
    _check(result, f"mount_setattr at {target}")


def pivot_root_beside(new: str) -> None:
    """Make a mounted folder the root of the caller's mount namespace.

    The old root remains reachable as the working folder, for relative paths, until `unmount_here`.
    """
    old = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.chdir(new)
        _check(_libc.pivot_root(b".", b"."), f"pivot_root {new}")
        os.fchdir(old)
    finally:
        os.close(old)


def unmount_here() -> None:
    """Unmount what is mounted at the working folder, with all below it."""
    _check(_libc.umount2(b".", _MNT_DETACH), "umount of the old root")


def fork_into(group: int) -> int:
    """Call fork(2) into a control group of version 2, by a descriptor of its folder.

    This avoids the 10 ms for which a process that moves there waits (clone(2), CLONE_INTO_CGROUP).
    For a process with a single thread: nothing that Python does after a fork is done. ENOSYS: the
    kernel is older than 5.7, or a container's filter hides the call.
    """
    fields = (_CLONE_INTO_CGROUP, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, group)
    arguments = ctypes.create_string_buffer(_CLONE_ARGS.pack(*fields), _CLONE_ARGS.size)
    size = ctypes.c_size_t(_CLONE_ARGS.size)
    child: int = _libc_with_lock.syscall(_SYS_CLONE3, arguments, size)
    if child < 0:
        _check(child, "clone3")
    return child


def die_with_parent(signal_number: int) -> None:
    """Make the kernel send a signal when the thread that started this process ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl PR_SET_PDEATHSIG")


def control_terminal(descriptor: int) -> None:
    """Make a terminal the controlling one of the caller, a session leader without one."""
    fcntl.ioctl(descriptor, termios.TIOCSCTTY, 0)


def no_new_privileges() -> None:
    """Prevent programs executed from here on from gaining privileges."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl PR_SET_NO_NEW_PRIVS")


def drop_capabilities() -> None:
    """Drop all capabilities of the calling process, and of what it executes."""
    bound_capabilities(frozenset())
    set_capabilities(frozenset())
    no_new_privileges()


def bound_capabilities(kept: frozenset[int]) -> None:
    """Limit the capabilities of programs executed from here on to these."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in set(range(last + 1)) - kept:
        _check(_libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0), "prctl PR_CAPBSET_DROP")


def set_capabilities(wanted: frozenset[int]) -> None:
    """Set the capabilities of the calling process, none of them inheritable."""
    low, high = (
        sum(1 << (one - first) for one in wanted if first <= one < first + 32) for first in (0, 32)
    )
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    both = (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)
    _check(_libc.capset(header, both), "capset")


def map_user(uid: int, gid: int) -> None:
    """Enter a user namespace in which the caller appears as uid and gid."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")


def has_one_user() -> bool:
    """Return whether the caller's user namespace has a single id: that of the user who made it."""
    return Path("/proc/self/uid_map").read_text().split()[2:] == ["1"]


def network_namespace() -> int:
    """Return a descriptor of the calling thread's network namespace; the caller closes it."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def in_network_namespace(descriptor: int) -> Iterator[None]:
    """Run a block of the calling thread in another network namespace. Sockets made there stay there."""
    home = network_namespace()
    try:
        setns(descriptor, CLONE_NEWNET)
        try:
            yield
        finally:
            setns(home, CLONE_NEWNET)
    finally:
        os.close(home)


def host_pid(proc: int | None = None) -> int:
    """Return the caller's process id in another PID namespace.

    It is the one that a /proc (a descriptor; None: the mounted one) shows.
    """
    return int(os.readlink("/proc/self" if proc is None else "self", dir_fd=proc))


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def give_memory_back() -> None:
    """Make glibc's allocator return memory of large requests to the system (mallopt(3)).

    Its own thresholds grow with what is freed, and each thread may have an arena. Does nothing
    elsewhere.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 2)
        mallopt(_M_MMAP_THRESHOLD, 256 * 1024)
        mallopt(_M_TRIM_THRESHOLD, 1024 * 1024)
