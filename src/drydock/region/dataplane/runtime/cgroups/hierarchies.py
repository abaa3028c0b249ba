"""Find this process's control groups from /proc/self. Pure.

cgroups(7), proc_pid_mountinfo(5). A controller is in one hierarchy: of version 1, or in the one of
2.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Hierarchy:
    """A mounted hierarchy, and the group of it that a process is in."""

    version: int
    mount: Path
    own: Path
    """`mount` or a folder below it."""

    def candidates(self) -> list[Path]:
        """Return where a group might be made, the nearest first.

        Version 2 allows no processes beside child groups with limits, so that a neighbour is more
        likely than a child.
        """
        if self.version == 1:
            return [self.own]
        found = [self.own]
        while found[-1] != self.mount:
            found.append(found[-1].parent)
        return found


def find(controller: str, cgroup: str, mountinfo: str) -> Hierarchy | None:
    """Return the hierarchy that may have a controller, from /proc/self/cgroup and
    /proc/self/mountinfo.

    With version 2, each place's `cgroup.controllers` tells whether it has it. None: it is mounted
    nowhere.
    """
    paths = _paths(cgroup)
    version, path = (1, paths[controller]) if controller in paths else (2, paths.get("", ""))
    if not path:
        return None
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        root, mount = before.split()[3:5]
        kind, _source, options = after.split(None, 2)
        fits = kind == "cgroup2" if version == 2 else controller in options.split(",")
        if kind in ("cgroup", "cgroup2") and fits:
            place = Path(_unescaped(mount))
            return Hierarchy(version, place, place / _below(path, _unescaped(root)))
    return None


def _paths(cgroup: str) -> dict[str, str]:
    """Return controller → the path of the group; "" stands for version 2."""
    found = {}
    for line in cgroup.splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0" and not controllers:
            found[""] = path
        else:
            found.update(dict.fromkeys(controllers.split(","), path))
    return found


def _below(path: str, root: str) -> str:
    """Return a path below the mounted root; a container may see only part, what is outside is the
    top.
    """
    if root == "/":
        return path.lstrip("/")
    if path.startswith(root.rstrip("/") + "/"):
        return path[len(root) :].lstrip("/")
    return ""


def _unescaped(text: str) -> str:
    return text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
