"""What is written to groups of each version, and read from them, in folders that look like groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from drydock.region.dataplane.runtime.cgroups.versions import V1, V2, Version, quota, weight


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / name.replace("__", ".")).write_text(text)
    return path


def test_version_1_counts_swap(tmp_path: Path) -> None:
    group = folder(tmp_path, memory__limit_in_bytes="", memory__memsw__limit_in_bytes="")
    V1().limit_memory(group, 4096)
    assert (group / "memory.limit_in_bytes").read_text() == "4096"
    assert (group / "memory.memsw.limit_in_bytes").read_text() == "4096"
    assert not (group / "memory.swappiness").exists()


def test_version_1_without_an_account_of_swap_does_not_swap(tmp_path: Path) -> None:
    V1().limit_memory(tmp_path, 4096)
    assert (tmp_path / "memory.swappiness").read_text() == "0"


def test_version_1_of_old_kernels_counts_below(tmp_path: Path) -> None:
    folder(tmp_path, memory__use_hierarchy="0\n")
    V1().open_to(tmp_path, frozenset({"cpu"}))
    assert (tmp_path / "memory.use_hierarchy").read_text() == "0\n"
    V1().open_to(tmp_path, frozenset({"memory"}))
    assert (tmp_path / "memory.use_hierarchy").read_text() == "1"


def test_version_1_caps_and_shares(tmp_path: Path) -> None:
    V1().cap_cpu(tmp_path, 0.25)
    V1().share_cpu(tmp_path, 64)
    assert (tmp_path / "cpu.cfs_quota_us").read_text() == "25000"
    assert (tmp_path / "cpu.cfs_period_us").read_text() == "100000"
    assert (tmp_path / "cpu.shares").read_text() == "64"
    V1().share_cpu(tmp_path, 0)
    assert (tmp_path / "cpu.shares").read_text() == "2"


def test_version_1_without_an_alarm_was_not_full(tmp_path: Path) -> None:
    assert not V1().was_full(tmp_path, None)


def test_version_2_limits_without_swap(tmp_path: Path) -> None:
    V2().limit_memory(tmp_path, 4096)
    assert (tmp_path / "memory.max").read_text() == "4096"
    assert not (tmp_path / "memory.swap.max").exists()
    folder(tmp_path, memory__swap__max="max")
    V2().limit_memory(tmp_path, 4096)
    assert (tmp_path / "memory.swap.max").read_text() == "0"
    V2().kill_together(tmp_path)
    assert (tmp_path / "memory.oom.group").read_text() == "1"


def test_version_2_caps_and_shares(tmp_path: Path) -> None:
    V2().cap_cpu(tmp_path, 0.5)
    V2().share_cpu(tmp_path, 1024)
    assert (tmp_path / "cpu.max").read_text() == "50000 100000"
    assert (tmp_path / "cpu.weight").read_text() == "39"  # as runc has it


@pytest.mark.parametrize(
    ("on", "written"), [("", "+cpu +memory"), ("memory pids", "+cpu"), ("cpu memory", "cpu memory")]
)
def test_version_2_turns_on_what_is_missing(tmp_path: Path, on: str, written: str) -> None:
    folder(tmp_path, cgroup__controllers="cpu io memory\n", cgroup__subtree_control=on)
    V2().open_to(tmp_path, frozenset({"cpu", "memory"}))
    assert (tmp_path / "cgroup.subtree_control").read_text() == written


def test_a_group_of_the_machine_is_not_changed(tmp_path: Path) -> None:
    folder(tmp_path, cgroup__controllers="cpu memory\n", cgroup__subtree_control="memory\n")
    V2().open_to(tmp_path, frozenset({"memory"}), may_change=False)
    with pytest.raises(OSError, match="cpu is not turned on for the groups in"):
        V2().open_to(tmp_path, frozenset({"cpu", "memory"}), may_change=False)
    assert (tmp_path / "cgroup.subtree_control").read_text() == "memory\n"
    folder(tmp_path, memory__use_hierarchy="0\n")
    V1().open_to(tmp_path, frozenset({"memory"}), may_change=False)
    assert (tmp_path / "memory.use_hierarchy").read_text() == "0\n"


def test_version_2_says_what_is_not_delegated(tmp_path: Path) -> None:
    folder(tmp_path, cgroup__controllers="memory pids\n", cgroup__subtree_control="memory pids\n")
    with pytest.raises(OSError, match="cpu is not delegated"):
        V2().open_to(tmp_path, frozenset({"cpu", "memory"}))


def test_version_2_tells_its_own_limit_from_those_below(tmp_path: Path) -> None:
    events = "low 0\nhigh 0\nmax {}\noom {}\noom_kill {}\noom_group_kill 0\n"
    folder(
        tmp_path,
        memory__events=events.format(9, 1, 1),
        memory__events__local=events.format(3, 0, 0),
    )
    assert V2().killed(tmp_path) == 1
    assert not V2().was_full(tmp_path, None)
    folder(tmp_path, memory__events__local=events.format(9, 1, 0))
    assert V2().was_full(tmp_path, None)


@pytest.mark.parametrize(
    ("version", "file", "text", "killed"),
    [
        (V1(), "memory.oom_control", "oom_kill_disable 5\nunder_oom 0\noom_kill 2\n", 2),
        (V1(), "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n", 0),
        (V2(), "memory.events", "max 3\noom 4\noom_kill 1\noom_group_kill 1\n", 1),
    ],
)
def test_how_many_were_killed(
    tmp_path: Path, version: Version, file: str, text: str, killed: int
) -> None:
    (tmp_path / file).write_text(text)
    assert version.killed(tmp_path) == killed


def test_numbers_that_the_kernel_takes() -> None:
    assert [quota(one) for one in (0.001, 0.25, 16)] == [1000, 25_000, 1_600_000]
    assert [weight(one) for one in (0, 2, 262_144, 10**6)] == [1, 1, 10_000, 10_000]
