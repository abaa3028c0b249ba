"""Damaged files, remembered ports, processes that are stopped: the region mends it or says so."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from drydock.errors import RegionNotRunning, RegionStartFailed
from drydock.paths import Workspace
from drydock.region.host import launcher
from tests.support import region as support
from tests.support.database import Cluster
from tests.support.minutes import takes_minutes
from tests.support.postgres import free_port
from tests.support.region import TestRegion, descendants, is_alive
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually
from tests.support.web import Site

pytestmark = pytest.mark.region


def drydock(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line, as a user runs it. A stopped region must not hold it up."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("drydock")), *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def workspace(tmp_path: Path, needs_namespaces: None) -> Iterator[Workspace]:
    """Of a region that is not started yet."""
    folder = tmp_path / "here"
    folder.mkdir()
    found = support.prepare(folder)
    yield found
    launcher.stop(found)


@takes_minutes
@pytest.mark.parametrize("how", ["no JSON", "a list", "empty", "no text", "a folder"])
def test_files_that_can_be_made_again_are(workspace: Workspace, how: str) -> None:
    first = support.start(workspace)
    launcher.stop(workspace)
    for name in ("ports.json", "dns.json", "api.json", "region.json", "config.json", "cgroups"):
        path = workspace.region / name
        path.unlink(missing_ok=True)
        if how == "a folder" and name != "config.json":
            path.mkdir()
        else:
            text = {"no JSON": b"{", "a list": b"[]", "empty": b"", "no text": b"\xff\x80"}
            path.write_bytes(text.get(how, b""))
    again = support.start(workspace)
    assert again.id == first.id
    assert launcher.inspect(again)["problems"] == []
    assert f"{workspace.region / 'dns.json'}" in workspace.log.read_text()


@takes_minutes
def test_a_record_that_is_damaged_or_gone_while_the_region_runs_is_written_again(
    workspace: Workspace,
) -> None:
    first = support.start(workspace)
    workspace.record.write_text("{}")
    assert launcher.running(workspace) == first
    workspace.record.unlink()
    assert drydock(workspace.root, "region", "status").returncode == 0
    assert launcher.running(workspace) == first
    workspace.record.unlink()
    assert launcher.stop(workspace)
    assert not is_alive(first.daemon_pid)


@takes_minutes
@pytest.mark.parametrize("name", ["root.key", "rsa.pem", "curve.key"])
def test_a_damaged_file_of_the_authority_is_named(workspace: Workspace, name: str) -> None:
    support.start(workspace)
    launcher.stop(workspace)
    (workspace.authority / name).write_bytes(b"rubbish")
    with pytest.raises(RegionStartFailed) as caught:
        support.start(workspace)
    assert str(workspace.authority) in str(caught.value)
    assert name in str(caught.value)
    assert "delete the folder" in caught.value.remedy


@takes_minutes
def test_a_saved_state_that_is_gone_is_named(workspace: Workspace) -> None:
    support.start(workspace)
    launcher.stop(workspace)
    workspace.state.unlink()
    ended = drydock(workspace.root, "region", "start")
    assert ended.returncode == 1
    assert str(workspace.state) in ended.stderr
    assert "drydock down --purge" in ended.stderr
    assert drydock(workspace.root, "down", "--purge", "-y").returncode == 0
    assert drydock(workspace.root, "region", "start").returncode == 0


@takes_minutes
def test_a_shell_of_another_folder_is_refused(workspace: Workspace, own_region: TestRegion) -> None:
    """`drydock env` names its folder: whoever has the port now refuses it; dummy keys go on."""
    key = Workspace(workspace.root).access_key
    for service, code in (("sts", "InvalidClientTokenId"), ("ecs", "UnrecognizedClientException")):
        client = boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=own_region.record.endpoint,
            region_name="ap-southeast-2",
            aws_access_key_id=key,
            aws_secret_access_key="drydock",
        )
        ask = client.get_caller_identity if service == "sts" else client.list_clusters
        with pytest.raises(ClientError, match=rf"{code}.*another folder.*drydock env"):
            ask()
    mine = drydock(own_region.workspace.root, "env").stdout
    assert f"AWS_ACCESS_KEY_ID={own_region.workspace.access_key}" in mine
    for good in (own_region.workspace.access_key, "test", "drydock"):
        client = boto3.client(
            "sts",
            endpoint_url=own_region.record.endpoint,
            region_name="ap-southeast-2",
            aws_access_key_id=good,
            aws_secret_access_key="drydock",
        )
        assert client.get_caller_identity()["Account"] == "123456789012"


def test_two_folders_keep_their_ports(
    tmp_path: Path, needs_namespaces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for attempt in range(4):
        folder = tmp_path / str(attempt)
        (folder / "there").mkdir(parents=True)
        (folder / "here").mkdir()
        here, there = support.prepare(folder / "here"), support.prepare(folder / "there")
        try:
            mine = support.start(here).endpoint
            launcher.stop(here)
            theirs = support.start(there).endpoint  # its first start, while the other's is free
            launcher.stop(there)
            again = support.start(here)
        finally:
            launcher.stop(here)
            launcher.stop(there)
        assert theirs != mine
        if not again.note:
            assert again.endpoint == mine
            return
        # a region of another test has taken the port meanwhile, which is said
        assert "another program has" in again.note
    pytest.fail("the port was taken four times")


def test_commands_say_that_the_region_is_stopped_and_stop_ends_it(workspace: Workspace) -> None:
    record = support.start(workspace)
    pids = descendants(record.pid)
    os.kill(record.daemon_pid, signal.SIGSTOP)
    for words in (("status",), ("logs",), ("region", "status"), ("doctor",), ("run", "x")):
        ended = drydock(workspace.root, *words)
        assert ended.returncode == 1, words
        assert f"its process {record.daemon_pid} is stopped (state T)" in ended.stderr, words
        assert f"kill -CONT {record.daemon_pid}" in ended.stderr, words
    with pytest.raises(RegionNotRunning, match="state T"):
        launcher.inspect(record)
    assert launcher.stop(workspace)
    assert "region stopped" in workspace.log.read_text().splitlines()[-1]  # in order
    eventually(lambda: not [pid for pid in pids if is_alive(pid)], "every process ended")


@takes_minutes
def test_a_leftover_folder_of_the_state_is_no_start(workspace: Workspace) -> None:
    """A file where a folder of ours belongs is named."""
    support.start(workspace)
    launcher.stop(workspace)
    shutil.rmtree(workspace.databases)
    workspace.databases.touch()
    with pytest.raises(RegionStartFailed) as caught:
        support.start(workspace)
    assert str(workspace.databases) in str(caught.value)
    workspace.databases.unlink()


@takes_minutes
def test_a_stopped_database_is_told_and_started_anew(own_region: TestRegion) -> None:
    cluster = Cluster.create(Scenario.build(own_region, "still"), "still-db")
    cluster.wait_available()
    cluster.ask("create table kept (n int)", "insert into kept values (42)")
    pid, arn = cluster.server()["pid"], cluster.describe()["DBClusterArn"]
    os.kill(pid, signal.SIGSTOP)
    problem = eventually(lambda: problems(own_region).get(arn), "the problem is told", 30)
    assert f"its process {pid} is stopped (state T)" in str(problem)
    eventually(lambda: cluster.server().get("pid") not in (None, pid), "another serves", 40)
    cluster.wait_available()
    assert cluster.ask("select n from kept") == ["42"]
    eventually(lambda: arn not in problems(own_region), "the problem is over")


@takes_minutes
def test_a_stopped_haproxy_has_no_healthy_target_and_another_takes_over(
    own_region: TestRegion,
) -> None:
    place = Scenario.build(own_region, "still")
    site = Site.build(place, free_port())
    service = Service(place, site.service("web", place.define("web:1", ["web"]), 1))
    service.wait_running(1)
    (address,) = site.wait_healthy(1)
    pids = [pid for pid in descendants(own_region.record.pid) if _name(pid) == "haproxy"]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    found = site.wait_state(address, "unavailable", 20)
    assert found["Reason"] == "Elb.InternalError"
    eventually(lambda: not [pid for pid in pids if is_alive(pid)], "they are ended", 20)
    site.wait_state(address, "healthy", 30)
    assert site.get("/")["name"] == "web"
    assert "is stopped (state T)" in own_region.log
    eventually(lambda: site.balancer not in problems(own_region), "the problem is over")


def problems(region: TestRegion) -> dict[str, str]:
    """What is wrong, by resource."""
    return {one["resource"]: one["error"] for one in region.inspect()["problems"]}


def _name(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""


@takes_minutes
def test_a_task_that_finds_no_open_file_stops_and_says_so(own_region: TestRegion) -> None:
    """When what the daemon may have open is used up, tasks are refused in words."""
    region, place = own_region, Scenario.build(own_region, "many")
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    limits = resource.prlimit(region.record.daemon_pid, resource.RLIMIT_NOFILE)
    assert limits[0] == limits[1]  # raised as far as it goes
    resource.prlimit(region.record.daemon_pid, resource.RLIMIT_NOFILE, (160, 160))
    definition = place.define("shell:1", ["ulimit -Sn; while :; do sleep 1; done"])
    arns: list[str] = []

    def refused() -> list[str]:
        """Tasks that were stopped, one more being started at each look."""
        if len(arns) < 60:
            arns.append(place.run(definition))
        return [arn for arn in arns if place.task(arn)["lastStatus"] == "STOPPED"]

    first = (eventually(refused, "a task is refused", 60) or [""])[0]
    reason = place.task(first)["stoppedReason"]
    assert "RESOURCE:FILES: the region has " in reason
    assert "of at most 160 files open" in reason
    assert "ulimit -Hn" in reason
    told = problems(region)["open files"]
    assert "of at most 160 files open" in told
    assert "ulimit -Hn" in told
    running = arns[0]
    place.wait(running, "RUNNING")
    assert place.output(running) == [str(soft)]  # its own soft limit is what it was
    for arn in arns[1:]:
        region.client("ecs").stop_task(cluster=place.cluster, task=arn)
    eventually(lambda: "open files" not in problems(region), "there is room again", 40)
    place.wait(place.run(definition), "RUNNING")
