"""Where a process stands, from what /proc says on machines of each kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from drydock.region.dataplane.runtime.cgroups.hierarchies import Hierarchy, find

V1_MOUNTS = """\
22 18 0:20 / /proc rw,nosuid shared:12 - proc proc rw
30 25 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw,nsdelegate
33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:11 master:3 - cgroup cgroup rw,cpu,cpuacct
34 30 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
"""
V1_GROUPS = "5:memory:/user/one\n3:cpu,cpuacct:/\n1:name=systemd:/user.slice\n0::/user.slice\n"
V2_MOUNTS = "30 25 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V2_GROUPS = "0::/user.slice/user-1000.slice/session-2.scope\n"
CONTAINER = "40 30 0:30 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
CGROUP = Path("/sys/fs/cgroup")


@pytest.mark.parametrize(
    ("controller", "groups", "mounts", "found"),
    [
        ("memory", V1_GROUPS, V1_MOUNTS, (1, CGROUP / "memory", "user/one")),
        ("cpu", V1_GROUPS, V1_MOUNTS, (1, CGROUP / "cpu,cpuacct", "")),
        ("pids", V1_GROUPS, V1_MOUNTS, (2, CGROUP / "unified", "user.slice")),
        ("memory", V2_GROUPS, V2_MOUNTS, (2, CGROUP, "user.slice/user-1000.slice/session-2.scope")),
        ("memory", "5:memory:/docker/abc/x\n", CONTAINER, (1, CGROUP / "memory", "x")),
        ("memory", "5:memory:/docker/abc\n", CONTAINER, (1, CGROUP / "memory", "")),
        ("memory", "5:memory:/docker/abcde\n", CONTAINER, (1, CGROUP / "memory", "")),
        ("memory", V1_GROUPS, "", None),
        ("memory", "5:cpu:/\n", V1_MOUNTS, None),
    ],
)
def test_where(
    controller: str, groups: str, mounts: str, found: tuple[int, Path, str] | None
) -> None:
    expected = found and Hierarchy(found[0], found[1], found[1] / found[2])
    assert find(controller, groups, mounts) == expected


def test_a_mount_with_a_space() -> None:
    mounts = "30 25 0:26 / /my\\040groups rw - cgroup2 none rw\n"
    found = find("memory", "0::/a\n", mounts)
    assert found is not None
    assert found.own == Path("/my groups/a")


def test_version_1_has_one_place_and_version_2_the_neighbours_too() -> None:
    assert Hierarchy(1, CGROUP, CGROUP / "a" / "b").candidates() == [CGROUP / "a" / "b"]
    two = Hierarchy(2, CGROUP, CGROUP / "a" / "b").candidates()
    assert two == [CGROUP / "a" / "b", CGROUP / "a", CGROUP]
