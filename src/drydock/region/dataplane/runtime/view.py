"""The paths that a task sees, resolved without symbolic links, and the links that lead there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

READABLE, WRITABLE, HIDDEN = "readable", "writable", "hidden"
LINKS = 40
"""Symbolic links that one path may lead through, as the kernel has it."""


@dataclass
class View:
    """The paths opened so far. `written`: folders in which no symbolic link is followed."""

    written: Sequence[str] = ()
    paths: dict[str, str] = field(default_factory=dict)
    """→ readable, writable or hidden."""
    links: dict[str, str] = field(default_factory=dict)

    def kind(self, path: str) -> str:
        """Return a path's kind, from the nearest opened folder; empty: it is not seen."""
        for one in (path, *map(str, Path(path).parents)):
            if one in self.paths:
                return self.paths[one]
        return ""

    def sees(self, path: str) -> bool:
        """Return whether the task sees this machine's file at a path."""
        return self.kind(os.path.realpath(path)) in (READABLE, WRITABLE)

    def pruned(self) -> list[tuple[str, str]]:
        """Return the paths, without those inside another one of the same kind."""
        found = []
        for path, kind in sorted(self.paths.items()):
            above = self.kind(os.path.dirname(path)) if path != "/" else ""
            if kind == HIDDEN and above in ("", HIDDEN):
                continue
            if kind == above or (kind, above) == (READABLE, WRITABLE):
                continue
            found.append((path, kind))
        return found

    def show(self, path: str, kind: str = READABLE) -> str:
        """Open a file or folder, by every name that leads to it; return its real path; empty: there
        is none.
        """
        real = self._follow(path)
        if real and (kind == WRITABLE or real not in self.paths):
            self.paths[real] = kind
        return real

    def _follow(self, path: str) -> str:
        """Resolve a path, noting the links on the way; return the real path.

        Empty: it does not exist, or leads through a folder that a task may have changed.
        """
        left = [one for one in os.path.abspath(path).split("/") if one][::-1]
        at, links = "/", 0
        while left:
            part = left.pop()
            if part == "..":
                at = os.path.dirname(at)
                continue
            step = os.path.join(at, part)
            try:
                target = os.readlink(step)
            except OSError:
                at = step
                continue
            links += 1
            if links > LINKS or self.may_be_written(step):
                return ""
            self.links[step] = target
            left += [one for one in target.split("/") if one and one != "."][::-1]
            at = "/" if target.startswith("/") else at
        return at if os.path.exists(at) else ""

    def may_be_written(self, path: str) -> bool:
        return any(within(path, one) for one in self.written)


def within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
