"""The file systems of every container: /proc, /dev and /sys, and bound files.

Called in the forked child, which has mount and PID namespaces of its own, with the machine's old
root as working folder and the new root at /. As Docker does it where a task could notice:
https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#default-filesystems
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat

from drydock.region.dataplane import linux

_HIDDEN = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
_READ_ONLY = ("bus", "fs", "irq", "sys", "sysrq-trigger")
"""Below /proc: writable by uid 0 without any capability."""
_MASKED = ("acpi", "kcore", "keys", "latency_stats", "sched_debug", "scsi", "timer_list")


def arrange(*, read_only: bool) -> bool:
    """Set up /proc, /dev and /sys; return whether /proc shows only the process's own PID namespace."""
    for name in ("/proc", "/dev", "/sys", "/etc"):
        os.makedirs(name, exist_ok=True)  # (here nothing may be imported late)
    own = True
    try:
        linux.mount("proc", "/proc", "proc", _HIDDEN)
    except (
        OSError
    ):  # where the machine's is masked (inside a container) the kernel allows that one alone
        linux.mount("./proc", "/proc", flags=linux.MS_BIND | linux.MS_REC)
        own = False
    _devices(read_only=read_only)
    with contextlib.suppress(OSError):  # likewise; few programs miss it
        linux.mount("sysfs", "/sys", "sysfs", _HIDDEN | linux.MS_RDONLY)
    for name in _READ_ONLY:
        if os.path.exists(f"/proc/{name}"):
            with contextlib.suppress(OSError):  # masked already
                linux.mount(f"/proc/{name}", f"/proc/{name}", flags=linux.MS_BIND | linux.MS_REC)
                lock(f"/proc/{name}")
    for name in _MASKED:
        path = f"/proc/{name}"
        if os.path.isfile(path):
            linux.mount("/dev/null", path, flags=linux.MS_BIND)
        elif os.path.isdir(path):
            linux.mount("tmpfs", path, "tmpfs", _HIDDEN | linux.MS_RDONLY, "size=0k")
    return own


def _devices(*, read_only: bool) -> None:
    linux.mount("tmpfs", "/dev", "tmpfs", linux.MS_NOSUID, "mode=755,size=65536k")
    for name in _DEVICES:
        bind_file(f"./dev/{name}", f"/dev/{name}")
    for name, target in _LINKS.items():
        os.symlink(target, f"/dev/{name}")
    os.mkdir("/dev/pts")
    os.mkdir("/dev/shm")  # noqa: S108
    data = "newinstance,ptmxmode=0666,mode=0620"
    linux.mount("devpts", "/dev/pts", "devpts", linux.MS_NOSUID | linux.MS_NOEXEC, data)
    os.symlink("pts/ptmx", "/dev/ptmx")
    linux.mount("tmpfs", "/dev/shm", "tmpfs", _HIDDEN, "mode=1777,size=65536k")  # noqa: S108
    if read_only:
        lock("/dev", linux.MS_NOSUID)


def bind_file(source: str, target: str) -> None:
    """Bind a file over another one, which is made if necessary.

    Anything else in its place is replaced.
    """
    plain = False
    with contextlib.suppress(FileNotFoundError):
        plain = stat.S_ISREG(os.lstat(target).st_mode)
        if not plain:
            os.unlink(target)
    if not plain:  # one that is there may be on a mount that cannot be written
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644))
    linux.mount(source, target, flags=linux.MS_BIND)


def lock(target: str, kept: int | None = None) -> None:
    """Make a mount read-only, keeping its flags."""
    if kept is None:
        kept = os.statvfs(target).f_flag & _HIDDEN
    linux.mount("none", target, flags=linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY | kept)


def restrict(target: str, flags: int) -> None:
    """Add some of MS_RDONLY, MS_NOSUID and MS_NODEV to a mount and all below it."""
    try:
        linux.set_flags_below(target, flags)
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.EPERM):
            raise
        below = [one for one in _mount_points() if one.startswith(f"{target}/")]
        for one in [target, *below]:  # in the new root: not every mount of the old one is there
            if one == target or os.path.ismount(one):
                kept = flags | os.statvfs(one).f_flag & (_HIDDEN | linux.MS_RDONLY)
                linux.mount("none", one, flags=linux.MS_BIND | linux.MS_REMOUNT | kept)


def _mount_points() -> list[str]:
    with open("./proc/self/mountinfo") as file:
        fields = [line.split()[4] for line in file]
    return [one.encode().decode("unicode_escape") for one in fields]


def open_source(path: str) -> int:
    """Return a descriptor of a folder that is about to be bound; `/proc/self/fd/N` is its path for
    that.

    A path that contains a symbolic link is refused (PermissionError): another task may be able to
    write to the folder, and could have put one there since the path was resolved.
    """
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    found = os.readlink(f"/proc/self/fd/{descriptor}")
    if found != path:
        os.close(descriptor)
        raise PermissionError(errno.EPERM, f"it leads to {found}", path)
    return descriptor
