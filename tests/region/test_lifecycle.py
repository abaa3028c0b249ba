"""The region starts, stops, is killed: nothing is left behind, nothing that was asked for is lost."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from drydock.config import load
from drydock.errors import RegionAlreadyRunning, RegionNotRunning, RegionStartFailed
from drydock.paths import Workspace
from drydock.region.dataplane.runtime.cgroups import leftovers
from drydock.region.host import launcher
from tests.support import region as support
from tests.support.region import TestRegion, descendants, is_alive, network_namespaces
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region


def running_task(region: TestRegion) -> tuple[Scenario, str]:
    scenario = Scenario.build(region, "life")
    arn = scenario.run(
        scenario.define("shell:1", ["trap 'exit 0' TERM; while :; do sleep 0.05; done"])
    )
    scenario.wait(arn, "RUNNING")
    return scenario, arn


def answers_still(region: TestRegion) -> bool:
    """Whether it answers at its endpoint; another region may have taken the port meanwhile."""
    try:
        return bool(launcher.inspect(region.record)["started_at"] == region.record.started_at)
    except RegionNotRunning:
        return False


def assert_nothing_left(region: TestRegion, pids: set[int], namespaces: set[str]) -> None:
    eventually(lambda: not [pid for pid in pids if is_alive(pid)], "every process ended")
    eventually(lambda: not network_namespaces() & namespaces, "every namespace is gone")
    assert not answers_still(region)
    assert [p for p in region.workspace.region.rglob("*") if p.is_socket()] == []
    assert launcher.running(region.workspace) is None


def test_the_api_answers_and_says_who_it_is(region: TestRegion) -> None:
    identity = region.client("sts").get_caller_identity()
    assert identity["Arn"] == "arn:aws:iam::123456789012:root"
    assert identity["Account"] == "123456789012"
    assert region.inspect()["endpoint"] == region.record.endpoint
    assert region.workspace.region.stat().st_mode & 0o077 == 0


def test_stop_leaves_nothing(tmp_path: Path, needs_namespaces: None) -> None:
    workspace = support.prepare(tmp_path)
    region = TestRegion(workspace, support.start(workspace))
    _, arn = running_task(region)
    pids, namespaces = descendants(region.record.pid), region.namespaces()
    assert len(pids) >= 5  # porter, its child, PID 1, daemon, task
    assert len(namespaces) >= 3  # backbone, router, task
    assert launcher.stop(workspace)
    assert_nothing_left(region, pids, namespaces)
    assert not launcher.stop(workspace)
    assert arn


@pytest.mark.parametrize("victim", ["daemon_pid", "pid"])
def test_a_kill_of_the_daemon_or_of_the_porter_leaves_nothing(
    tmp_path: Path, needs_namespaces: None, victim: str
) -> None:
    workspace = support.prepare(tmp_path)
    region = TestRegion(workspace, support.start(workspace))
    running_task(region)
    pids, namespaces = descendants(region.record.pid), region.namespaces()
    os.kill(getattr(region.record, victim), signal.SIGKILL)
    assert_nothing_left(region, pids, namespaces)
    assert leftovers.sweep(workspace.groups) == []  # empty cgroups: the next start's to remove


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_what_the_api_was_told_lasts(own_region: TestRegion, how: str) -> None:
    scenario = Scenario.build(own_region, "lasting")
    definition = scenario.define("web:1", [])
    ecs = own_region.client("ecs")
    ecs.create_service(
        cluster=scenario.cluster,
        serviceName="web",
        taskDefinition=definition,
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration=scenario.network,
    )

    def running() -> set[str]:
        client = own_region.client("ecs")
        arns = client.list_tasks(cluster=scenario.cluster, serviceName="web")["taskArns"]
        tasks = client.describe_tasks(cluster=scenario.cluster, tasks=arns)["tasks"] if arns else []
        return {task["taskArn"] for task in tasks if task["lastStatus"] == "RUNNING"}

    before = eventually(lambda: len(found := running()) == 2 and found, "two tasks run")
    if how == "kill":
        # what was asked for is saved within moments; a kill may come after that
        eventually(own_region.workspace.state.exists, "the state is saved")
        eventually(lambda: not own_region.inspect().get("unsaved"), "nothing is unsaved")
        os.kill(own_region.record.daemon_pid, signal.SIGKILL)
        eventually(lambda: launcher.running(own_region.workspace) is None, "the region is gone")
    identity = own_region.record.id
    own_region.restart()
    after = eventually(lambda: len(found := running()) == 2 and found, "two tasks run again")
    assert own_region.record.id == identity
    assert not set(before or ()) & set(after or ())
    stopped = own_region.client("ecs").describe_tasks(
        cluster=scenario.cluster, tasks=list(before or ())
    )["tasks"]
    assert {task["lastStatus"] for task in stopped} == {"STOPPED"}
    assert scenario.vpc in [v["VpcId"] for v in own_region.client("ec2").describe_vpcs()["Vpcs"]]


def test_a_second_region_in_the_same_folder_is_refused(region: TestRegion) -> None:
    with pytest.raises(RegionAlreadyRunning, match=str(region.record.pid)):
        support.start(region.workspace)
    assert region.client("sts").get_caller_identity()["Account"]


def test_two_regions_live_side_by_side(region: TestRegion, own_region: TestRegion) -> None:
    assert region.record.endpoint != own_region.record.endpoint
    one, other = Scenario.build(region, "side"), Scenario.build(own_region, "side")
    for scenario in (one, other):
        arn = scenario.run(scenario.define("shell:1", ["echo here"]))
        scenario.wait(arn, "STOPPED")
        assert scenario.output(arn) == ["here"]


def test_no_region_no_answer(tmp_path: Path) -> None:
    with pytest.raises(RegionNotRunning, match="drydock region start"):
        launcher.require(Workspace(tmp_path))


def test_a_saved_state_that_cannot_be_read_is_named_and_kept(
    tmp_path: Path, needs_namespaces: None
) -> None:
    workspace = support.prepare(tmp_path)
    workspace.create()
    workspace.state.write_bytes(b"not a state")
    with pytest.raises(RegionStartFailed) as caught:
        launcher.start(workspace, load(tmp_path))
    assert str(workspace.state) in str(caught.value)
    assert workspace.state.read_bytes() == b"not a state"
    assert launcher.running(workspace) is None
