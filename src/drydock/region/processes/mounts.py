"""What a process sees elsewhere than where it is: folders bound into its own mount namespace.

A target may be a path that this machine does not have. Then the nearest folder above it that there is
gets a stand-in, on a tmpfs, with everything that it holds and the new path; the machine keeps its own.
mount(2), pivot_root(2).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from drydock.region import linux

Mount = tuple[str, str, bool]
"""Source, target, read-only."""

_KEPT = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
"""Flags that a mount may not lose when it is made read-only (and that statvfs shows alike)."""


def arrange(mounts: Sequence[Mount], stage: str) -> None:
    """Bind every source at its target, in a mount namespace that is the caller's alone.

    `stage` is an empty folder, needed for targets that are new paths. Raises OSError.
    """
    places = [(source, os.path.realpath(target), locked) for source, target, locked in mounts]
    new = [target for _, target, _ in places if not Path(target).is_dir()]
    for folder, paths in sorted(_by_ancestor(new).items()):
        _stand_in(folder, paths, stage)
    for source, target, locked in places:
        linux.mount(source, target, flags=linux.MS_BIND | linux.MS_REC)
        if locked:
            kept = os.statvfs(target).f_flag & _KEPT
            flags = linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY | kept
            linux.mount("none", target, flags=flags)


def _by_ancestor(targets: Sequence[str]) -> dict[str, list[str]]:
    """Paths that are not there, by the nearest folder above each that is."""
    found: dict[str, list[str]] = {}
    for target in targets:
        folder = next(str(one) for one in Path(target).parents if one.is_dir())
        found.setdefault(folder, []).append(target)
    return found


def _stand_in(folder: str, paths: Sequence[str], stage: str) -> None:
    """Put a folder that has `paths` too in the place of `folder`."""
    linux.mount("tmpfs", stage, "tmpfs", data="mode=755")
    for entry in Path(folder).iterdir():
        copy = Path(stage) / entry.name
        if entry.is_symlink():
            copy.symlink_to(entry.readlink())
        elif entry.is_dir():
            copy.mkdir()
            linux.mount(str(entry), str(copy), flags=linux.MS_BIND | linux.MS_REC)
        else:
            copy.touch()
            linux.mount(str(entry), str(copy), flags=linux.MS_BIND)
    for path in paths:
        (Path(stage) / Path(path).relative_to(folder)).mkdir(parents=True, exist_ok=True)
    if folder == "/":
        linux.pivot_root(stage)
    else:
        linux.mount(stage, folder, flags=linux.MS_BIND | linux.MS_REC)
