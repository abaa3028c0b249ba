"""Kills, restarts and odd surroundings: nothing that was asked for is lost, nothing is left behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from drydock.paths import Workspace
from drydock.region.host import launcher
from tests.support import region as support
from tests.support.database import Cluster
from tests.support.minutes import takes_minutes
from tests.support.postgres import free_port
from tests.support.region import TestRegion, descendants, is_alive, network_namespaces
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually
from tests.support.web import Site

pytestmark = pytest.mark.region


def drydock(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line, as a user runs it."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("drydock")), *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@takes_minutes
def test_a_whole_stack_survives_a_stop_and_a_kill(own_region: TestRegion) -> None:
    place = Scenario.build(own_region, "stack")
    cluster = Cluster.create(place, "db")
    site = Site.build(place, free_port())  # not 80, which another region may take meanwhile
    service = Service(place, site.service("web", place.define("web:1", ["web"]), 2))
    one_off = place.run(
        place.define("shell:1", ["trap 'exit 0' TERM; while :; do sleep 0.05; done"])
    )
    cluster.wait_available()
    cluster.ask("create table t (n int)", "insert into t values (42)")
    site.wait_healthy(2)
    url, tasks = site.url(), service.running()
    namespaces = own_region.namespaces()
    for interrupt in (lambda: launcher.stop(own_region.workspace), own_region.kill_daemon):
        processes = descendants(own_region.record.pid)
        interrupt()
        eventually(lambda: not any(is_alive(pid) for pid in processes), "every process ended")  # noqa: B023
        own_region.record = support.start(own_region.workspace)
        cluster.wait_available()
        assert cluster.ask("select n from t") == ["42"]
        fresh = service.wait_running(2)
        assert not fresh & tasks
        site.wait_healthy(2)
        assert site.url() == url
        assert site.get()["name"] == "web"
        assert set(site.health()) == {place.address(arn) for arn in fresh}
        task = place.task(one_off)
        assert (task["lastStatus"], task["desiredStatus"]) == ("STOPPED", "STOPPED")
        assert own_region.inspect()["problems"] == []
    # the one of the task that is not a service's is gone
    eventually(lambda: len(own_region.namespaces()) == len(namespaces) - 1, "no namespace too many")


@takes_minutes
def test_a_stop_in_the_middle_of_everything_leaves_nothing(
    tmp_path: Path, needs_namespaces: None
) -> None:
    workspace = support.prepare(tmp_path)
    region = TestRegion(workspace, support.start(workspace))
    place = Scenario.build(region, "busy")
    Cluster.create(place, "db")
    site = Site.build(place)
    site.service("web", place.define("web:1", ["web"]), 6)
    eventually(lambda: region.inspect()["tasks"], "the first tasks are there")
    processes, namespaces = descendants(region.record.pid), region.namespaces()
    launcher.stop(workspace)
    eventually(lambda: not any(is_alive(pid) for pid in processes), "every process ended")
    eventually(lambda: not network_namespaces() & namespaces, "every namespace is gone")
    assert "Traceback" not in region.log
    region.record = support.start(workspace)
    Service(place, "web").wait_running(6, 40)
    site.wait_healthy(6)
    launcher.stop(workspace)


def test_the_next_port_is_taken_where_one_is_in_use(tmp_path: Path, needs_namespaces: None) -> None:
    workspace = support.prepare(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = tmp_path / "drydock.toml"
        settings.write_text(settings.read_text().replace("[region]", f"[region]\nport = {port}"))
        region = TestRegion(workspace, support.start(workspace))
        try:
            assert int(region.record.endpoint.rpartition(":")[2]) != port
            assert region.client("sts").get_caller_identity()["Account"]
            assert f"AWS_ENDPOINT_URL={region.record.endpoint}" in drydock(tmp_path, "env").stdout
            said = drydock(tmp_path, "region", "status").stdout
            assert region.record.endpoint in said
        finally:
            launcher.stop(workspace)


def test_a_region_in_a_very_long_path(tmp_path: Path, needs_namespaces: None) -> None:
    """A socket's path has 108 bytes at most: nothing of the region may depend on it."""
    folder = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 6, "with spaces, ümlauts")
    folder.mkdir(parents=True)
    assert len(str(folder)) > 150
    workspace = support.prepare(folder)
    region = TestRegion(workspace, support.start(workspace))
    try:
        place = Scenario.build(region, "deep")
        cluster = Cluster.create(place, "db")
        site = Site.build(place)
        site.service("web", place.define("web:1", ["deep"]), 1)
        site.wait_healthy(1)
        assert site.get()["name"] == "deep"
        cluster.wait_available()
        assert cluster.ask("select 1") == ["1"]
    finally:
        launcher.stop(workspace)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("[region]\ntime_scal = 3\n", ["region.time_scal", "drydock.toml"]),
        ('[images."x:*"]\nentrypoint = ["${NOBODY_SETS_THIS}"]\n', ["NOBODY_SETS_THIS", "not set"]),
        ("[region\n", ["drydock.toml", "line 1"]),
        ("[region]\nport = 70000\n", ["region.port", "65535"]),
    ],
)
def test_wrong_settings_are_named_and_nothing_starts(
    tmp_path: Path, settings: str, words: list[str]
) -> None:
    (tmp_path / "drydock.toml").write_text(settings)
    done = drydock(tmp_path, "region", "start")
    assert done.returncode == 2
    assert not [word for word in words if word not in done.stderr]
    assert "Traceback" not in done.stderr
    assert drydock(tmp_path, "region", "status").stdout.strip() == "not running"


def test_another_file_of_settings(tmp_path: Path, needs_namespaces: None) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    missing = drydock(folder, "region", "start", "--config", "nowhere.toml")
    assert missing.returncode == 2
    assert "nowhere.toml" in missing.stderr
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "hello"
    program.write_text("#!/bin/sh\necho hello from $0 in $PWD, $WORD\n")
    program.chmod(0o755)
    (tmp_path / "other.toml").write_text(
        '[images."hello:*"]\nentrypoint = ["bin/hello"]\nworking_dir = "bin"\n'
        'environment = { WORD = "${WORD_OF_THE_DAY}" }\n'
    )
    done = drydock(folder, "region", "start", "--config", "../other.toml", WORD_OF_THE_DAY="ahoy")
    assert done.returncode == 0, done.stderr
    workspace = Workspace(folder)
    region = TestRegion(workspace, launcher.require(workspace))
    try:
        place = Scenario.build(region, "other")
        arn = place.run(place.define("hello:1", []))
        place.wait(arn, "STOPPED")
        assert place.output(arn) == [f"hello from {program} in {tmp_path / 'bin'}, ahoy"]
        again = drydock(folder, "region", "start")
        assert again.returncode == 1
        assert "one runs already" in again.stderr
    finally:
        assert drydock(folder, "region", "stop").returncode == 0
