"""A process that sees only some of this machine's folders, as its own root.

A tmpfs holds the named folders, each bound at its own path and read-only, unless it may be written;
then the tmpfs itself becomes read-only. Called in the forked child, which has mount and PID
namespaces of its own and no way back: the machine's root is unmounted, and the mounts belong to a
user namespace in which the program has no capability. mount_namespaces(7), pivot_root(2),
mount_setattr(2).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence

from drydock.region.dataplane import linux
from drydock.region.dataplane.processes import filesystems
from drydock.region.dataplane.processes.protocol import OwnRoot

Volume = tuple[str, str, bool]
"""A folder of this machine, where the process sees it, whether read-only."""

_PRIVATE = {"tmp": "/tmp", "var-tmp": "/var/tmp", "run": "/run"}  # noqa: S108
"""Folders of the process's own, by their name in its layer."""
_EMPTY = ("/home", "/media", "/mnt", "/opt", "/root", "/srv", "/var/cache", "/var/lib", "/var/log")
"""Folders that every system has; here they are empty except for shown ones."""
_LINKS = {"/etc/mtab": "/proc/self/mounts", "/var/run": "/run", "/var/lock": "/run"}
_GROUPS = "/sys/fs/cgroup"
_PLAIN = linux.MS_NOSUID | linux.MS_NODEV


def enter(
    root: OwnRoot, volumes: Sequence[Volume], files: Sequence[tuple[str, str]], cwd: str
) -> bool:
    """Make that root the caller's, with `cwd`; return whether /proc shows only its PID namespace.

    `files`: a file of this machine, and where the process sees it. Raises OSError with a message.
    """
    os.umask(0o022)
    opened = [(filesystems.open_source(one), target, locked) for one, target, locked in volumes]
    shown = {one: filesystems.open_source(one) for one, kind in root.paths if kind != "hidden"}
    base = f"{root.layer}/root"
    for name in ("root", "home", *_PRIVATE):
        os.makedirs(f"{root.layer}/{name}", exist_ok=True)  # (nothing is imported late)
    linux.mount("tmpfs", base, "tmpfs", _PLAIN, "mode=755,size=16m")
    linux.pivot_root_beside(base)
    # now / is the tmpfs, and a relative path starts at the machine's root
    own = _private(root)
    own_pids = filesystems.arrange(read_only=root.read_only)
    if os.path.isdir(f".{_GROUPS}") and os.path.isdir(_GROUPS):
        _bind(
            f".{_GROUPS}", _GROUPS, writable=False
        )  # a program reads there what memory it may use
    for path, text in root.texts.items():
        _write(path, text)
    _show(root, shown)
    for source, target in files:
        filesystems.bind_file(f".{source}", target)
        filesystems.restrict(target, linux.MS_RDONLY)
    for target in own if root.read_only else ():
        filesystems.lock(target)
    for descriptor, target, locked in opened:
        _volume(f"./proc/self/fd/{descriptor}", target, locked=locked)
    filesystems.lock("/", _PLAIN)
    linux.unmount_here()
    os.chdir(cwd)
    return own_pids


def _private(root: OwnRoot) -> list[str]:
    """Set up the folders that the process may write; return their paths."""
    for name in _EMPTY:
        os.makedirs(name, exist_ok=True)
    places = {**_PRIVATE, "home": root.home}
    for name, target in places.items():
        source = f".{root.layer}/{name}"
        os.chmod(source, 0o1777 if target.endswith("tmp") else 0o755)
        os.makedirs(target, exist_ok=True)
        _bind(source, target, writable=True)
    return list(places.values())


def _show(root: OwnRoot, opened: Mapping[str, int]) -> None:
    """Bind the shown folders, and cover the hidden ones; a folder comes before its content."""
    for path, kind in sorted(root.paths, key=lambda one: one[0].split("/")):
        if kind == "hidden":
            if os.path.isdir(path):
                linux.mount("tmpfs", path, "tmpfs", _PLAIN, "mode=555,size=1m")
            continue
        source = f"./proc/self/fd/{opened[path]}"
        _target_for(source, path)
        _bind(source, path, writable=kind == "writable")
    for path, kind in root.paths:
        if kind == "hidden" and os.path.ismount(path):
            filesystems.lock(path)
    for link, target in {**dict(root.links), **_LINKS}.items():
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if not os.path.lexists(link):
            os.symlink(target, link)


def _target_for(source: str, target: str) -> None:
    """Make something of the same kind to bind over."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    elif not os.path.lexists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _bind(source: str, target: str, *, writable: bool) -> None:
    linux.mount(source, target, flags=linux.MS_BIND | linux.MS_REC)
    filesystems.restrict(target, _PLAIN | (0 if writable else linux.MS_RDONLY))


def _volume(source: str, target: str, *, locked: bool) -> None:
    """Bind a volume, whose path may be new.

    The nearest existing folder above it that cannot be written is then replaced by a tmpfs with all
    that it holds and the new path.
    """
    path = os.path.realpath(target)
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise
        _stand_in(path)
    linux.mount(source, path, flags=linux.MS_BIND | linux.MS_REC)
    if locked:
        filesystems.restrict(path, linux.MS_RDONLY)


def _stand_in(path: str) -> None:
    folder = path
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    beneath = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    linux.mount("tmpfs", folder, "tmpfs", _PLAIN, "mode=755,size=16m")
    for name in os.listdir(f"./proc/self/fd/{beneath}"):
        source, copy = f"./proc/self/fd/{beneath}/{name}", f"{folder}/{name}"
        if os.path.islink(source):
            os.symlink(os.readlink(source), copy)
            continue
        _target_for(source, copy)
        linux.mount(source, copy, flags=linux.MS_BIND | linux.MS_REC)
    os.makedirs(path, exist_ok=True)
    filesystems.lock(folder, _PLAIN)
