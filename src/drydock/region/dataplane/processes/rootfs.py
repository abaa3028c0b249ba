"""A process with the root file system of an image: overlayfs, container file systems, user.

Called in the forked child, which has mount and PID namespaces of its own. Nothing is created
outside of the new root: it is entered first, and folders in it are made from within, so that no
symbolic link of an image leads out. pivot_root(2), the kernel's overlayfs.rst.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drydock.region.dataplane import linux
from drydock.region.dataplane.processes import filesystems

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
    """The user that the program runs as."""

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
    """Make `lower`, under a layer of its own in the empty folder `upper`, the root, with `cwd`.

    `mounts`: folder, place, read-only; `files`: file, place. Raises OSError with a message.
    """
    os.umask(0o022)
    volumes = [(filesystems.open_source(one), target, locked) for one, target, locked in mounts]
    linux.pivot_root_beside(_overlay(lower, upper))
    # now / is the image, and a relative path starts at the machine's root
    filesystems.arrange(read_only=read_only)
    for source, target in files:
        filesystems.bind_file(f".{source}", target)
        if target == "/etc/resolv.conf":  # all tasks of a VPC have the same
            filesystems.restrict(target, linux.MS_RDONLY)
    for descriptor, target, locked in volumes:
        os.makedirs(target, exist_ok=True)  # noqa: PTH103  (here nothing may be imported late)
        flags = linux.MS_BIND | linux.MS_REC
        linux.mount(f"./proc/self/fd/{descriptor}", target, flags=flags)
        if locked:
            filesystems.lock(target)
    os.makedirs(cwd, exist_ok=True)  # noqa: PTH103
    if read_only:
        filesystems.lock("/")
    linux.unmount_here()
    os.chdir(cwd)


def _overlay(lower: str, upper: str) -> str:
    """Mount the image with a layer of the container's own; return where."""
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


# -- the user; the process is in the image's root


def find_user(user: str, passwd: str, group: str) -> User:
    """Find `user`, `uid`, with `:group` or `:gid`, in an image's /etc/passwd and /etc/group. Pure.

    Raises OSError: an unknown name.
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
    """Apply `find_user` to the caller's own root."""
    return find_user(user, _text("/etc/passwd"), _text("/etc/group"))


def capabilities(dropped: Sequence[str]) -> frozenset[int]:
    """Return a container's capabilities, without those that are named: `NET_RAW`, `ALL`. Pure."""
    if "ALL" in dropped:
        return frozenset()
    return frozenset(number for name, number in _CAPABILITIES.items() if name not in dropped)


def become(user: User, kept: frozenset[int], *, alone: bool) -> None:
    """Become that user, with the capabilities `kept` at most. `alone`: the region has only one id.

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
    """Let the user open /dev/stdout, as in every container."""
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
