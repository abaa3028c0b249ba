"""What a task may use: memory by cgroup and by sampling, CPU where drydock.toml caps it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drydock.region.host import launcher
from tests.support import region as support
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

REASON = "OutOfMemoryError: Container killed due to memory usage"
GULP = """
import mmap, os, resource, time
print("up", flush=True)
kept = mmap.mmap(-1, {mib} << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)
print("has it", flush=True)
time.sleep(1000)
"""
"""One system call takes it all, faster than anybody could look."""
BUSY = "print('up', flush=True)\nwhile True: pass"
IDLE = "import time\nprint('up', flush=True)\ntime.sleep(1000)"


def part(task: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in task["containers"] if one["name"] == name)
    return found


def needs_cgroup(region: TestRegion, kind: str = "memory") -> None:
    eventually(lambda: region.inspect().get("memory_limits"), "its limits are known")
    inside = region.inspect()
    holds = inside["memory_limits"] == "cgroup" if kind == "memory" else inside["cpu_capped"]
    if not holds:
        pytest.skip(f"no cgroup on this machine: {inside['limits_notes']}")


def groups(region: TestRegion) -> list[Path]:
    """Those of the region that there are."""
    if not region.workspace.groups.exists():
        return []
    lines = region.workspace.groups.read_text().splitlines()
    return [path for line in lines if (path := Path(line)).exists()]


def own_groups(region: TestRegion, arn: str, controller: str) -> Path:
    """A running task's folder, of the group that its first process is in."""
    task = next(one for one in region.inspect()["tasks"] if one["arn"] == arn)
    lines = Path(f"/proc/{task['pids'][0]}/cgroup").read_text().splitlines()
    paths = {line.split(":", 2)[1]: line.split(":", 2)[2] for line in lines}
    below = paths.get(controller) or paths[""]
    assert arn.rsplit("/", 1)[-1] in below
    (root,) = {one for one in groups(region) if f"/{one.name}/" in below and _has(one, controller)}
    return root / arn.rsplit("/", 1)[-1]


def _has(group: Path, controller: str) -> bool:
    return any(one.name.startswith(f"{controller}.") for one in group.iterdir())


def peak(group: Path) -> int:
    file = group / "memory.peak"
    return int((file if file.exists() else group / "memory.max_usage_in_bytes").read_text())


def throttled(group: Path) -> int:
    lines = (group / "cpu.stat").read_text().splitlines()
    return int(dict(line.split() for line in lines)["nr_throttled"])


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, needs_namespaces: None) -> Iterator[Scenario]:
    """In a region that caps CPU, and samples memory although it might do better."""
    workspace = support.prepare(tmp_path_factory.mktemp("limits"))
    with (workspace.root / "drydock.toml").open("a") as file:
        file.write('\n[ecs]\ncap_cpu = true\nmemory_limits = "sampling"\n')
    yield Scenario.build(TestRegion(workspace, support.start(workspace)), "limits")
    launcher.stop(workspace)


def test_one_gulp_is_never_had(scenario: Scenario) -> None:
    """The first container's peak stays below the task's limit while the second one tries for more."""
    needs_cgroup(scenario.region)
    definition = scenario.define_containers(
        scenario.container("app", "psql:1", [IDLE], stopTimeout=2),
        scenario.container("gulp", "psql:1", [GULP.format(mib=150)], essential=False, memory=100),
    )
    arn = scenario.run(definition)

    def ended() -> dict[str, Any]:
        found = part(scenario.task(arn), "gulp")
        return found if found["lastStatus"] == "STOPPED" else {}

    gulp = eventually(ended, "the end of the one that gulps")
    assert (gulp["exitCode"], gulp["reason"]) == (137, REASON)
    assert "has it" not in scenario.output(arn, "gulp")
    task = own_groups(scenario.region, arn, "memory")
    peaks = {one.name.rpartition("-")[0]: peak(one) for one in task.iterdir() if one.is_dir()}
    assert 50 << 20 < peaks["gulp"] <= 100 << 20
    assert peak(task) <= 512 << 20
    assert scenario.task(arn)["lastStatus"] == "RUNNING"
    scenario.kill(arn)
    scenario.wait(arn, "STOPPED")
    assert not task.exists()


def test_the_tasks_own_limit_ends_the_task(scenario: Scenario) -> None:
    """It is the task's that is exceeded, by a container that is not essential."""
    needs_cgroup(scenario.region)
    definition = scenario.define_containers(
        scenario.container("app", "psql:1", [IDLE], stopTimeout=2),
        scenario.container("gulp", "psql:1", [GULP.format(mib=600)], essential=False),
    )
    arn = scenario.run(definition)
    task = scenario.wait(arn, "STOPPED")
    assert (part(task, "gulp")["exitCode"], part(task, "gulp")["reason"]) == (137, REASON)
    assert "reason" not in part(task, "app")
    assert (task["stopCode"], task["stoppedReason"]) == ("EssentialContainerExited", REASON)


@takes_minutes
def test_sampling_ends_it_too(other: Scenario) -> None:
    inside = other.region.inspect()
    assert inside["memory_limits"] == "sampling"
    assert "drydock.toml says so" in inside["limits_notes"][0]
    arn = other.run(other.define("psql:1", [GULP.format(mib=600)]))
    task = other.wait(arn, "STOPPED")
    assert (part(task, "app")["exitCode"], part(task, "app")["reason"]) == (137, REASON)


@takes_minutes
def test_a_capped_task_is_throttled_and_has_a_quarter_of_a_processor(other: Scenario) -> None:
    """Two busy loops. Over what they used by then, they were held back in most periods of 0.1 s."""
    needs_cgroup(other.region, "cpu")
    definition = other.define_containers(
        other.container("app", "psql:1", [BUSY], stopTimeout=2, cpu=192),
        other.container("side", "psql:1", [BUSY], stopTimeout=2, cpu=64),
    )
    arn = other.run(definition)
    other.wait_for_output(arn, 1)
    group = own_groups(other.region, arn, "cpu")
    before = throttled(group)
    eventually(lambda: throttled(group) >= before + 10, "it is throttled")
    quota = group / "cpu.max"
    if quota.exists():
        assert quota.read_text().split() == ["25000", "100000"]
    else:
        assert (group / "cpu.cfs_quota_us").read_text() == "25000\n"
        shares = {int((one / "cpu.shares").read_text()) for one in group.iterdir() if one.is_dir()}
        assert shares == {192, 64}
    other.stop(arn)
    other.wait(arn, "STOPPED")


@takes_minutes
@pytest.mark.parametrize("how", ["stop", "daemon_pid", "pid"])
def test_no_group_is_left(own_region: TestRegion, how: str) -> None:
    """After a stop, a kill of the daemon, and a kill of the porter with the start that follows."""
    needs_cgroup(own_region)
    scenario = Scenario.build(own_region, "left")
    arn = scenario.run(scenario.define("psql:1", [IDLE], stopTimeout=2))
    scenario.wait_for_output(arn, 1)
    made = groups(own_region)
    assert len(made) == 1
    assert own_groups(own_region, arn, "memory").parent == made[0]
    if how == "stop":
        launcher.stop(own_region.workspace)
    else:
        os.kill(getattr(own_region.record, how), signal.SIGKILL)
        eventually(lambda: launcher.running(own_region.workspace) is None, "the region is gone")
    if how == "pid":
        own_region.restart()
        needs_cgroup(own_region)
        assert not list(made[0].glob("*/*/"))  # the task's is gone; the region has its own again
        launcher.stop(own_region.workspace)
    eventually(lambda: not made[0].exists(), "its groups are gone")
    assert not own_region.workspace.groups.exists()
