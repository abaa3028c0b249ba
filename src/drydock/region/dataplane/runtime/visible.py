"""Determine which of this machine's files a task of an [images] entry sees.

Requests cannot open files: a task definition may name any program or folder, and the task finds it
or does not. What the entry names is visible, read-only: its working_dir, its program with its
installation, paths among its words and its environment, `read`; `write` can be written. Besides
these, the system's programs and libraries, and the files of /etc that these need.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from drydock.errors import SpawnFailed
from drydock.region.dataplane.runtime import python_tree, system_files
from drydock.region.dataplane.runtime.view import (
    HIDDEN,
    LINKS,
    READABLE,
    WRITABLE,
    View,
    within,
)

_PROGRAMS = frozenset({"bin", "sbin", "libexec", "shims"})
"""Folders of an installation that programs are in."""
_PARTS = ("bin", "lib", "lib64", "libexec")
_EXEC = re.compile(rb"^'''exec' \"?([^\"\n]+?)\"? \"\$0\"", re.MULTILINE)
"""How pip writes an interpreter whose path is too long for the kernel."""
_HEAD = 4096


@dataclass(frozen=True)
class Entry:
    """The settings of an [images] entry, every relative path made absolute."""

    name: str = ""
    words: Sequence[str] = ()
    """Its entrypoint and command."""
    working_dir: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    read: Sequence[str] = ()
    write: Sequence[str] = ()


@dataclass(frozen=True)
class Surroundings:
    """The parts of this machine that no task sees, or that tasks may change."""

    private: Sequence[str] = ()
    """Folders that are Drydock's own."""
    written: Sequence[str] = ()
    """Paths that tasks of any image may write; their content opens nothing, as a task may have put it there."""
    homes: Sequence[str] = ()


def view(entry: Entry, around: Surroundings, search: str) -> View:
    """Return the view of an entry's tasks. `search`: the PATH in which its program is found.

    Raises SpawnFailed: a folder of `read` or `write` that does not exist.
    """
    return _Builder(entry, around, search).build()


def remedy(name: str, path: str) -> str:
    """Return how to open a path for an image's tasks."""
    return f'add {path}, or a folder above it, to read of [images."{name}"] in drydock.toml'


def unseen(seen: View, word: str, working_dir: str, search: str) -> str:
    """Return the part of a program that this machine has and the task does not see.

    That is the program, a target of its symbolic links, or its interpreter; empty: none.
    """
    places = [os.path.join(one, word) for one in search.split(":")]
    here = [os.path.join(working_dir, word)] if "/" in word else places
    for path in here:
        found = [path, *_interpreters(path)] if os.path.isfile(path) else [path]
        for one in found:
            if os.path.exists(one) and not seen.sees(one):
                return one
    return ""


class _Builder:
    def __init__(self, entry: Entry, around: Surroundings, search: str) -> None:
        self._entry = entry
        self._around = around
        self._search = search
        self._view = View(around.written)
        self._seen: set[str] = set()

    def build(self) -> View:
        entry = self._entry
        for path in (*system_files.PROGRAMS, *system_files.settings()):
            self._view.show(path)
        for words, paths, kind in (
            ("read", entry.read, READABLE),
            ("write", entry.write, WRITABLE),
        ):
            for path in paths:
                if not os.path.exists(path):
                    raise SpawnFailed(
                        f'[images."{entry.name}"] of drydock.toml',
                        f"{words} names {path}, which is not on this machine",
                        "make it, or take it out",
                    )
                self._view.show(path, kind)
        if entry.working_dir and not self._wide(entry.working_dir, system_files.WIDE):
            self._view.show(entry.working_dir)
        if entry.words:
            self._program(entry.words[0])
        for path in _paths_in(entry.words[1:]):
            self._named(path)
            if os.path.isfile(path):
                self._show_own(os.path.dirname(path))
        options = (word.partition("=")[2] for word in entry.words[1:])
        values = (one for value in entry.environment.values() for one in value.split(":"))
        for path in _paths_in((*options, *values)):
            self._named(path)
        self._hide()
        return self._view

    def _wide(self, path: str, known: frozenset[str]) -> bool:
        """Return whether a folder holds more than one program's files: it is shared, a home, or
        above one.
        """
        real = os.path.realpath(path)
        return real in known or any(within(home, real) for home in self._around.homes)

    # -- a program, and what it is part of

    def _program(self, word: str) -> None:
        """Open a program: its installation, the targets of symbolic links, and its interpreter."""
        path = self._find(word)
        if not path or path in self._seen or len(self._seen) > LINKS:
            return
        self._seen.add(path)
        for step in self._steps(path):
            self._installation(step)
            if self._view.may_be_written(step):
                return
        for interpreter in _interpreters(path):
            self._program(interpreter)

    def _find(self, word: str) -> str:
        if "/" in word:
            return os.path.abspath(os.path.join(self._entry.working_dir or "/", word))
        places = (os.path.join(one, word) for one in self._search.split(":"))
        return next((one for one in places if os.access(one, os.X_OK)), "")

    def _steps(self, path: str) -> Iterator[str]:
        """Yield a path, and the target of each symbolic link on it."""
        for _ in range(LINKS):
            yield path
            if not os.path.islink(path) or self._view.may_be_written(path):
                return
            target = os.readlink(path)
            path = os.path.normpath(os.path.join(os.path.dirname(path), target))

    def _installation(self, program: str) -> None:
        """Open a program's installation.

        That is the folder above its `bin`, all node_modules around it, or the folder that it is in;
        only the file where that folder is shared.
        """
        self._view.show(program)
        folder = Path(program).parent
        if "node_modules" in folder.parts:
            parts = folder.parts[: folder.parts.index("node_modules") + 1]
            folder = Path(*parts)
        elif folder.name in _PROGRAMS:
            self._prefix(folder.parent)
        self._show_own(str(folder))

    def _show_own(self, folder: str) -> None:
        """Open the folder that a file is in, unless it is shared or hidden in a home, such as
        ~/.ssh.
        """
        in_home = os.path.dirname(os.path.realpath(folder)) in self._around.homes
        is_hidden = in_home and os.path.basename(folder).startswith(".")
        if not is_hidden and not self._wide(folder, system_files.SHARED):
            self._view.show(folder)

    def _prefix(self, prefix: Path) -> None:
        if self._wide(str(prefix), system_files.SHARED):
            return
        home = os.path.realpath(prefix.parent)
        is_hidden = home in self._around.homes and prefix.name.startswith(".")
        if is_hidden and not (prefix / "shims").is_dir():  # ~/.local: programs, and secrets
            for part in _PARTS:
                self._view.show(str(prefix / part))
        else:
            self._view.show(str(prefix))
        self._python(prefix)

    def _python(self, prefix: Path) -> None:
        if str(prefix) in self._seen or self._view.may_be_written(str(prefix)):
            return
        self._seen.add(str(prefix))
        base = python_tree.base(prefix)
        if base is not None:
            self._prefix(base.parent)
        sites = [prefix, prefix / "local"] if str(prefix) == "/usr" else [prefix]
        for path in [path for site in sites for path in python_tree.editable(site)]:
            if path.exists() and not self._wide(str(path), system_files.SHARED):
                self._view.show(str(path))

    # -- other paths

    def _named(self, path: str) -> None:
        """Open a file or folder that the entry names."""
        if os.path.exists(path) and not (
            os.path.isdir(path) and self._wide(path, system_files.WIDE)
        ):
            self._view.show(path)

    def _hide(self) -> None:
        """Hide Drydock's own folders in all that is shown."""
        for path in [one for one, kind in self._view.paths.items() if kind != HIDDEN]:
            own = f"{path}/.drydock"
            if os.path.isdir(own) and own not in self._view.paths:
                self._view.paths[own] = HIDDEN
        for private in self._around.private:
            if self._view.paths.setdefault(os.path.realpath(private), HIDDEN) != HIDDEN:
                self._view.paths[os.path.realpath(private)] = HIDDEN


def _paths_in(words: Iterable[str]) -> Iterator[str]:
    return (one for one in words if one.startswith("/") and "\0" not in one)


def _interpreters(path: str) -> list[str]:
    """Return the interpreters in the first lines of a script."""
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return []
    if not head.startswith(b"#!"):
        return []
    words = head[2:].split(b"\n", 1)[0].decode("utf-8", "replace").split()
    found = words[:1]
    if words and words[0].endswith("/env"):
        found += [one for one in words[1:] if not one.startswith("-") and "=" not in one][:1]
    return found + [one.decode("utf-8", "replace") for one in _EXEC.findall(head)]
