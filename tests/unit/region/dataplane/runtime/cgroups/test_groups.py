"""What can be had is found out by trying; what is made is removed, and nothing but that."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drydock.errors import SpawnFailed
from drydock.region.dataplane.processes.client import OnExit, Process
from drydock.region.dataplane.processes.protocol import ProcessSpec, Started
from drydock.region.dataplane.runtime.cgroups import leftovers
from drydock.region.dataplane.runtime.cgroups.groups import Groups, Wanted, find, name_of
from drydock.region.dataplane.runtime.cgroups.hierarchies import Hierarchy
from drydock.region.dataplane.runtime.cgroups.versions import VERSIONS


class FakeVersion:
    """Notes what it is asked; refuses to open folders whose names it was told, for a controller."""

    entry = "tasks"

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.refuses: set[tuple[str, str]] = set()

    def open_to(self, group: Path, controllers: frozenset[str], *, may_change: bool = True) -> None:
        assert may_change or not group.name.startswith("drydock-")
        for controller in controllers:
            if (group.name, controller) in self.refuses:
                raise OSError(errno.EBUSY, "Device or resource busy", str(group))

    def __getattr__(self, name: str) -> Callable[..., int]:
        def note(group: Path, *given: object) -> int:
            assert group.is_dir()
            self.done.append((name, group.name, *given))
            return 0

        if name in ("limit_memory", "kill_together", "cap_cpu", "share_cpu"):
            return note
        raise AttributeError(name)

    def alarm(self, group: Path) -> int | None:
        del group
        return None


class FakeSpawner:
    """Its processes end at once, with a code, unless they are refused."""

    def __init__(self, code: int = 0, refused: str = "") -> None:
        self.code, self.refused = code, refused
        self.specs: list[ProcessSpec] = []

    def spawn(self, spec: ProcessSpec, on_exit: OnExit | None = None) -> Process:
        del on_exit
        self.specs.append(spec)
        if self.refused:
            raise SpawnFailed("cannot start python", self.refused)
        process = Process(Started(2, 3), lambda *_: None)
        process.has_ended(self.code)
        return process


@pytest.fixture
def version(monkeypatch: pytest.MonkeyPatch) -> FakeVersion:
    fake = FakeVersion()
    for number in VERSIONS:
        monkeypatch.setitem(VERSIONS, number, fake)
    return fake


def look(
    tmp_path: Path, version: int, *controllers: str, spawner: FakeSpawner | None = None
) -> Groups:
    """In a hierarchy (of version 1: one for each controller) where we are in `a/b`."""

    def locate(controller: str) -> Hierarchy:
        mount = tmp_path / (controller if version == 1 else "all")
        (mount / "a" / "b").mkdir(parents=True, exist_ok=True)
        return Hierarchy(version, mount, mount / "a" / "b")

    spawner = spawner or FakeSpawner()
    return find(frozenset(controllers), "id", tmp_path / "record", spawner, locate)


def test_version_1_has_a_group_in_each_hierarchy(tmp_path: Path, version: FakeVersion) -> None:
    spawner = FakeSpawner()
    found = look(tmp_path, 1, "memory", "cpu", spawner=spawner)
    folders = [tmp_path / one / "a" / "b" / "drydock-id" for one in ("memory", "cpu")]
    assert [one.folder for one in found.roots] == folders
    assert found.troubles == {}
    assert (tmp_path / "record").read_text().splitlines() == [str(one) for one in folders]
    assert [list(one.iterdir()) for one in folders] == [[], []]  # the trial's are gone
    assert [one.groups for one in spawner.specs] == [
        (str(one / "trial" / "trial" / "tasks"),) for one in folders
    ]


def test_version_2_has_one_group_for_both(tmp_path: Path, version: FakeVersion) -> None:
    version.refuses = {("b", "memory")}  # its own has processes
    found = look(tmp_path, 2, "memory", "cpu")
    (root,) = found.roots
    assert root.folder == tmp_path / "all" / "a" / "drydock-id"
    assert root.controllers == {"memory", "cpu"}


def test_version_2_keeps_memory_where_cpu_cannot_be_had(
    tmp_path: Path, version: FakeVersion
) -> None:
    version.refuses = {("b", "memory"), ("b", "cpu"), ("a", "cpu"), ("all", "cpu")}
    found = look(tmp_path, 2, "memory", "cpu")
    assert found.has("memory")
    assert not found.has("cpu")
    assert found.troubles == {"cpu": f"Device or resource busy: {tmp_path}/all/a/b"}
    assert found.roots[0].folder.is_dir()


@pytest.mark.parametrize(
    ("spawner", "words"),
    [
        (FakeSpawner(refused="Permission denied: 'tasks'"), "Permission denied: 'tasks'"),
        (FakeSpawner(code=137), "it ended with exit code 137"),
    ],
)
def test_a_group_that_no_process_can_enter_is_none(
    tmp_path: Path, version: FakeVersion, spawner: FakeSpawner, words: str
) -> None:
    found = look(tmp_path, 2, "memory", spawner=spawner)
    assert found.roots == ()
    assert words in found.troubles["memory"]
    assert list(tmp_path.rglob("drydock-*")) == []


def test_without_a_hierarchy(tmp_path: Path) -> None:
    found = find(frozenset({"cpu"}), "id", tmp_path / "record", FakeSpawner(), lambda _: None)
    assert found.troubles == {"cpu": "no cgroup hierarchy for cpu is mounted"}
    assert not (tmp_path / "record").exists()


def test_limits_go_where_they_belong(tmp_path: Path, version: FakeVersion) -> None:
    found = look(tmp_path, 1, "memory", "cpu")
    version.done.clear()
    task = found.of_task("task", Wanted(512, 0.25))
    part = task.child(name_of("app"), Wanted(100, shares=64))
    task.child(name_of("side"), Wanted())
    app, side = name_of("app"), name_of("side")
    assert sorted(version.done) == sorted(
        [
            ("limit_memory", "task", 512),
            ("cap_cpu", "task", 0.25),
            ("limit_memory", app, 100),
            ("kill_together", app),
            ("share_cpu", app, 64),
            ("kill_together", side),
        ]
    )
    assert [Path(one).parent.name for one in part.entries] == [app, app]
    task.remove()
    task.remove()
    assert [list(root.folder.iterdir()) for root in found.roots] == [[], []]


def test_a_task_that_cannot_have_all_has_none(tmp_path: Path, version: FakeVersion) -> None:
    found = look(tmp_path, 1, "memory")
    version.refuses = {("task", "memory")}
    with pytest.raises(OSError, match="busy"):
        found.of_task("task", Wanted(512))
    assert list(found.roots[0].folder.iterdir()) == []


def test_names_of_containers_fit() -> None:
    names = {name_of("x" * 255), name_of("x" * 254 + "y"), name_of("app")}
    assert len(names) == 3
    assert max(map(len, names)) < 255


def test_what_is_written_down_is_swept_and_nothing_else(tmp_path: Path) -> None:
    record, ours, other = tmp_path / "record", tmp_path / "drydock-1", tmp_path / "other"
    for one in (ours, other):
        (one / "task" / "part").mkdir(parents=True)
    leftovers.note(record, [ours, other, tmp_path / "drydock-never-made"])
    leftovers.note(record, [ours])
    assert len(record.read_text().splitlines()) == 3
    assert leftovers.sweep(record) == []
    assert not ours.exists()
    assert (other / "task" / "part").is_dir()
    assert not record.exists()
    assert leftovers.sweep(record) == []


def test_what_cannot_be_removed_stays_written_down(tmp_path: Path) -> None:
    record, ours = tmp_path / "record", tmp_path / "drydock-1"
    ours.mkdir()
    (ours / "file").touch()  # a group's files are no obstacle, a folder's are
    leftovers.note(record, [ours])
    assert leftovers.sweep(record) == [f"{ours}: {os.strerror(errno.ENOTEMPTY)}"]
    assert record.exists()
