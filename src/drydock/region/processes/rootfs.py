"""A process with the root file system of an image: overlayfs, what every container finds, its user.

Called in the forked child, which has mount and PID namespaces of its own. Nothing is created outside of
the new root: it is entered first, and folders in it are made from within, so that no symbolic link of an
image leads out. As Docker does it where a task could tell: pivot_root(2), the kernel's
overlayfs.rst, https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#default-filesystems
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drydock.region import linux

_HIDDEN = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
_READ_ONLY = ("bus", "fs", "irq", "sys", "sysrq-trigger")
"""Below /proc."""
_MASKED = ("acpi", "kcore", "keys", "latency_stats", "sched_debug", "scsi", "timer_list")
_CAPABILITIES = {
    "CHOWN": 0,
    "DAC_OVERRIDE": 1,
    "FOWNER": 3,
    "FSETID": 4,
    "KILL": 5,
    "SETGID": 6,
    "SETUID": 7,
    "SETPCAP": 8,
    "NET_BIND_SERVICE": 10,
    "NET_RAW": 13,
    "SYS_CHROOT": 18,
    "MKNOD": 27,
    "AUDIT_WRITE": 29,
    "SETFCAP": 31,
}
"""Docker's default ones, which a container's root has; numbers of capabilities(7)."""


@dataclass(frozen=True)
class User:
    """Who the program runs as."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


def enter(
    lower: str,
    upper: str,
    mounts: Sequence[tuple[str, str, bool]],
    files: Sequence[tuple[str, str]],
    cwd: str,
    *,
    read_only: bool,
) -> None:
    """Make `lower`, under a layer of its own in the empty folder `upper`, the root; stand in `cwd`.

    `mounts`: folder, place, read-only; `files`: file, place. Raises OSError with words.
    """
    os.umask(0o022)
    linux.pivot_root_beside(_overlay(lower, upper))
    # now / is the image, and a relative path starts at the machine's root
    _system(read_only=read_only)
    for source, target in files:
        _on_file(f".{source}", target)
    for source, target, locked in mounts:
        os.makedirs(target, exist_ok=True)  # noqa: PTH103  (here nothing may be imported late)
        linux.mount(f".{source}", target, flags=linux.MS_BIND | linux.MS_REC)
        if locked:
            _lock(target)
    os.makedirs(cwd, exist_ok=True)  # noqa: PTH103
    if read_only:
        _lock("/")
    linux.unmount_here()
    os.chdir(cwd)


def _overlay(lower: str, upper: str) -> str:
    """The image with a layer of the container's own → where."""
    merged = f"{upper}/merged"
    for in_memory in (False, True):
        # a folder that is on an overlay itself (a container's own root) can't be a layer: memory can
        if in_memory:
            linux.mount("tmpfs", upper, "tmpfs", data="mode=755")
        for name in ("layer", "work", "merged"):
            Path(upper, name).mkdir(mode=0o755, exist_ok=True)
        os.chdir(upper)
        layers = f"lowerdir={_escaped(lower)},upperdir=layer,workdir=work,userxattr"
        try:
            linux.mount("overlay", merged, "overlay", data=layers)
        except OSError as error:
            if in_memory:
                words = "the kernel refuses overlayfs in a user namespace (it takes Linux 5.11)"
                raise OSError(errno.EPERM, f"{words}: {error.strerror}") from error
        else:
            return merged
    raise AssertionError("unreachable")


def _escaped(path: str) -> str:
    return path.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")


def _system(*, read_only: bool) -> None:
    """/proc, /dev and /sys."""
    for name in ("/proc", "/dev", "/sys", "/etc"):
        os.makedirs(name, exist_ok=True)  # noqa: PTH103
    try:
        linux.mount("proc", "/proc", "proc", _HIDDEN)
    except (
        OSError
    ):  # where the machine's is masked (inside a container) the kernel allows that one alone
        linux.mount("./proc", "/proc", flags=linux.MS_BIND | linux.MS_REC)
    linux.mount("tmpfs", "/dev", "tmpfs", linux.MS_NOSUID, "mode=755,size=65536k")
    for name in _DEVICES:
        _on_file(f"./dev/{name}", f"/dev/{name}")
    for name, target in _LINKS.items():
        os.symlink(target, f"/dev/{name}")  # noqa: PTH211
    os.mkdir("/dev/pts")  # noqa: PTH102
    os.mkdir("/dev/shm")  # noqa: PTH102,S108
    data = "newinstance,ptmxmode=0666,mode=0620"
    linux.mount("devpts", "/dev/pts", "devpts", linux.MS_NOSUID | linux.MS_NOEXEC, data)
    os.symlink("pts/ptmx", "/dev/ptmx")  # noqa: PTH211
    linux.mount("tmpfs", "/dev/shm", "tmpfs", _HIDDEN, "mode=1777,size=65536k")  # noqa: S108
    with contextlib.suppress(OSError):  # likewise; few programs miss it
        linux.mount("sysfs", "/sys", "sysfs", _HIDDEN | linux.MS_RDONLY)
    for name in _READ_ONLY:
        if os.path.exists(f"/proc/{name}"):  # noqa: PTH110
            with contextlib.suppress(OSError):  # masked already
                linux.mount(f"/proc/{name}", f"/proc/{name}", flags=linux.MS_BIND | linux.MS_REC)
                _lock(f"/proc/{name}")
    for name in _MASKED:
        path = f"/proc/{name}"
        if os.path.isfile(path):  # noqa: PTH113
            linux.mount("/dev/null", path, flags=linux.MS_BIND)
        elif os.path.isdir(path):  # noqa: PTH112
            linux.mount("tmpfs", path, "tmpfs", _HIDDEN | linux.MS_RDONLY, "size=0k")
    if read_only:
        _lock("/dev", linux.MS_NOSUID)


def _on_file(source: str, target: str) -> None:
    """Bind a file over another one, which is made. What is there and no plain file is replaced."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(os.lstat(target).st_mode):
            os.unlink(target)  # noqa: PTH108
    os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644))
    linux.mount(source, target, flags=linux.MS_BIND)


def _lock(target: str, kept: int | None = None) -> None:
    """Make a mount read-only; the flags that it has may not be lost."""
    if kept is None:
        kept = os.statvfs(target).f_flag & _HIDDEN
    linux.mount("none", target, flags=linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY | kept)


# -- the user; the process stands in the image's root


def find_user(user: str, passwd: str, group: str) -> User:
    """`user`, `uid`, with `:group` or `:gid`, in the words of an image's /etc/passwd and /etc/group.
    Pure. Raises OSError: a name that is not there.
    """
    name, _, wanted = user.partition(":")
    name = name or "0"
    people = [line.split(":") for line in passwd.splitlines() if line.count(":") >= 6]
    teams = [line.split(":") for line in group.splitlines() if line.count(":") >= 3]
    key = 2 if name.isdecimal() else 0
    entry = next((one for one in people if one[key] == name), None)
    if entry is None and not name.isdecimal():
        raise OSError(errno.EINVAL, f"its user {name} is not in the image's /etc/passwd")
    uid = int(entry[2] if entry else name)
    gid = int(entry[3]) if entry else 0
    others: tuple[int, ...] = ()
    if wanted.isdecimal():
        gid = int(wanted)
    elif wanted:
        team = next((one for one in teams if one[0] == wanted), None)
        if team is None:
            raise OSError(errno.EINVAL, f"its group {wanted} is not in the image's /etc/group")
        gid = int(team[2])
    elif entry:
        others = tuple(int(one[2]) for one in teams if entry[0] in one[3].split(","))
    return User(uid, gid, others, entry[5] if entry and entry[5] else "/")


def user_of(user: str) -> User:
    """`find_user` in the caller's own root."""
    return find_user(user, _text("/etc/passwd"), _text("/etc/group"))


def capabilities(dropped: Sequence[str]) -> frozenset[int]:
    """A container's, without those that are named: `NET_RAW`, `ALL`. Pure."""
    if "ALL" in dropped:
        return frozenset()
    return frozenset(number for name, number in _CAPABILITIES.items() if name not in dropped)


def become(user: User, kept: frozenset[int], *, alone: bool) -> None:
    """Be that user, with the capabilities `kept` at most. `alone`: the region has one id to give.

    Raises OSError: an id that the region's user namespace does not have.
    """
    if alone:
        if (user.uid, user.gid) != (0, 0):
            linux.map_user(user.uid, user.gid)
            linux.drop_capabilities()
            return
    else:
        _give_streams(user)
        try:
            os.setgroups(user.groups)
            os.setgid(user.gid)
            linux.bound_capabilities(kept)
            os.setuid(user.uid)
        except OSError as error:
            words = f"its user {user.uid}:{user.gid} cannot be mapped: {error.strerror}"
            raise OSError(error.errno, words) from error
    if alone:
        linux.bound_capabilities(kept)
    linux.set_capabilities(kept if user.uid == 0 else frozenset())


def _give_streams(user: User) -> None:
    """So that the user can open /dev/stdout, as in every container."""
    for descriptor in (0, 1, 2):
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISFIFO(kind) or os.isatty(descriptor):
            with contextlib.suppress(OSError):
                os.fchown(descriptor, user.uid, -1)


def _text(path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.read(descriptor, 1 << 20).decode("utf-8", "replace")
    finally:
        os.close(descriptor)
