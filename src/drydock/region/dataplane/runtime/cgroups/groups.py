"""The groups of a region's tasks: probed at the start, made for each task, and removed with it."""

from __future__ import annotations

import logging
import os
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from drydock.errors import SpawnFailed
from drydock.region.dataplane import linux
from drydock.region.dataplane.processes.client import Spawner
from drydock.region.dataplane.processes.protocol import ProcessSpec
from drydock.region.dataplane.runtime.cgroups import hierarchies, leftovers
from drydock.region.dataplane.runtime.cgroups.hierarchies import Hierarchy
from drydock.region.dataplane.runtime.cgroups.versions import VERSIONS, Version

log = logging.getLogger(__name__)

_TRIAL = "trial"
_TRIAL_BYTES = 64 << 20
_TRIAL_SECONDS = 10.0
_NAME = 100
"""Characters of a container's name in its group's name."""


@dataclass(frozen=True)
class Root:
    """The region's group, whose children are the tasks' groups."""

    version: int
    folder: Path
    controllers: frozenset[str]

    @property
    def words(self) -> Version:
        return VERSIONS[self.version]


@dataclass(frozen=True)
class Wanted:
    """The limits of a task or a container; None: no limit of its own."""

    memory: int | None = None
    """Bytes."""
    cpus: float | None = None
    shares: int | None = None


class Group:
    """The group of a task or a container: a folder in each hierarchy."""

    def __init__(self, folders: Mapping[Path, Root]) -> None:
        self._folders = folders
        self._alarms: dict[Path, int | None] = {}

    @property
    def entries(self) -> tuple[str, ...]:
        """Return the entries for a process to be started in it (`ProcessSpec.groups`)."""
        return tuple(str(folder / root.words.entry) for folder, root in self._folders.items())

    def child(self, name: str, wanted: Wanted) -> Group:
        """Return a new group below it, where processes may be. Raises OSError."""
        folders = {folder / name: root for folder, root in self._folders.items()}
        for folder, root in folders.items():
            _make(folder, root, wanted)
            if "memory" in root.controllers:
                root.words.kill_together(folder)
        return Group(folders)

    def open(self) -> None:
        """Let its children have limits. Raises OSError."""
        for folder, root in self._folders.items():
            root.words.open_to(folder, root.controllers)
        for folder, root in self._with_memory():
            self._alarms[folder] = root.words.alarm(folder)

    def killed(self) -> int:
        """Return how many of its own processes the kernel has killed for lack of memory.

        Raises OSError.
        """
        return sum(root.words.killed(folder) for folder, root in self._with_memory())

    def was_full(self) -> bool:
        """Return whether its own limit of memory, not a child's, caused a kill since it was opened.

        Raises OSError.
        """
        return any(
            root.words.was_full(folder, self._alarms.get(folder))
            for folder, root in self._with_memory()
        )

    def remove(self) -> None:
        """Remove it with all below; idempotent. Raises OSError while a process is in it."""
        for folder in self._folders:
            leftovers.remove(folder)
        for alarm in self._alarms.values():
            if alarm is not None:
                os.close(alarm)
        self._alarms = {}

    def _with_memory(self) -> list[tuple[Path, Root]]:
        return [
            (folder, root) for folder, root in self._folders.items() if "memory" in root.controllers
        ]


@dataclass(frozen=True)
class Groups:
    """The control groups available on this machine. Immutable, so thread-safe."""

    roots: tuple[Root, ...]
    troubles: Mapping[str, str]
    """Controller → why it cannot be used, for users; only of those that were wanted."""

    def has(self, controller: str) -> bool:
        return any(controller in root.controllers for root in self.roots)

    def of_task(self, task: str, wanted: Wanted) -> Group:
        """Return a new group, for containers' groups. Raises OSError."""
        made = Group(folders := {root.folder / task: root for root in self.roots})
        try:
            for folder, root in folders.items():
                _make(folder, root, wanted)
            made.open()
        except OSError:
            made.remove()
            raise
        return made


NONE = Groups((), {})


def name_of(container: str) -> str:
    """Return the folder of a container: its name, shortened to a folder's limit."""
    return f"{container[:_NAME]}-{zlib.crc32(container.encode()):08x}"


def find(
    controllers: frozenset[str],
    name: str,
    record: Path,
    spawner: Spawner,
    locate: Callable[[str], Hierarchy | None] | None = None,
) -> Groups:
    """Try to make groups with these controllers, to limit them, and to have a process in them.

    `name`: the region's; `record`: the file that lists its groups.
    """
    locate = locate or _locate
    roots: list[Root] = []
    troubles: dict[str, str] = {}
    for controller in sorted(controllers, reverse=True):  # memory first
        hierarchy = locate(controller)
        if hierarchy is None:
            troubles[controller] = f"no cgroup hierarchy for {controller} is mounted"
            continue
        earlier = [one for one in roots if one.version == hierarchy.version == 2]
        wanted = frozenset({controller}).union(*(one.controllers for one in earlier))
        try:
            root = _try_all(hierarchy, wanted, name, record, spawner)
        except (OSError, SpawnFailed) as error:
            troubles[controller] = _words(error)
        else:
            roots = [one for one in roots if one not in earlier] + [root]
    for controller, words in troubles.items():
        log.info("no cgroups", extra={"controller": controller, "why": words})
    return Groups(tuple(roots), troubles)


def _locate(controller: str) -> Hierarchy | None:
    mine = Path("/proc/self")
    cgroup, mounts = (mine / "cgroup").read_text(), (mine / "mountinfo").read_text()
    return hierarchies.find(controller, cgroup, mounts)


def _try_all(
    hierarchy: Hierarchy, controllers: frozenset[str], name: str, record: Path, spawner: Spawner
) -> Root:
    """Return the first place that works. Raises the error of the first one that did not."""
    first: OSError | SpawnFailed | None = None
    for place in hierarchy.candidates():
        root = Root(hierarchy.version, place / f"{leftovers.PREFIX}{name}", controllers)
        try:
            _try(root, record, spawner)
        except (OSError, SpawnFailed) as error:
            first = first or error
        else:
            return root
    assert first is not None  # noqa: S101  (there is at least one candidate)
    raise first


def _try(root: Root, record: Path, spawner: Spawner) -> None:
    # an ordinary user writes only to delegated groups; root, to the machine's own
    ordinary = linux.has_one_user()
    root.words.open_to(root.folder.parent, root.controllers, may_change=ordinary)
    leftovers.note(record, [root.folder])
    shared = root.folder.exists()  # with the other controller, for which it was tried already
    root.folder.mkdir(exist_ok=True)
    try:
        root.words.open_to(root.folder, root.controllers)
        task = Groups((root,), {}).of_task(_TRIAL, Wanted(_TRIAL_BYTES, 1.0))
        group = task.child(_TRIAL, Wanted(_TRIAL_BYTES, shares=1024))
        _enter(group, spawner)
        task.remove()
    except (OSError, SpawnFailed):
        leftovers.remove(root.folder / _TRIAL if shared else root.folder)
        raise


def _enter(group: Group, spawner: Spawner) -> None:
    argv = [sys.executable, "-I", "-S", "-c", ""]
    code = spawner.spawn(ProcessSpec(argv, env={}, groups=group.entries)).wait(_TRIAL_SECONDS)
    if code != 0:
        raise SpawnFailed("a process in a group", f"it ended with exit code {code}")


def _make(folder: Path, root: Root, wanted: Wanted) -> None:
    folder.mkdir()
    if "memory" in root.controllers and wanted.memory is not None:
        root.words.limit_memory(folder, wanted.memory)
    if "cpu" in root.controllers and wanted.cpus is not None:
        root.words.cap_cpu(folder, wanted.cpus)
    if "cpu" in root.controllers and wanted.shares is not None:
        root.words.share_cpu(folder, wanted.shares)


def _words(error: OSError | SpawnFailed) -> str:
    if isinstance(error, SpawnFailed):
        return f"{error.subject}: {error.cause}"
    return f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
