"""What the API said yes to is there after a kill at any moment, and a full disk is said, not hidden."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from drydock.errors import NotSaved
from drydock.paths import Workspace
from drydock.region.host import launcher
from tests.support import region as support
from tests.support.acknowledged import Acknowledged
from tests.support.region import TestRegion
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

DRYDOCK = Path(sys.executable).parent / "drydock"
KILLS = 40 if os.environ.get("DRYDOCK_TEST_ALL") else 4


def test_a_kill_at_any_moment_loses_nothing(own_region: TestRegion) -> None:
    made = Acknowledged(lambda: own_region.record.endpoint)
    made.prepare()
    chance = random.Random(13)
    for number in range(KILLS):
        before = made.total
        with made.load():
            wanted = before + chance.randint(1, 60)
            eventually(partial(_has, made, wanted), f"load {number}")
            os.kill(own_region.record.daemon_pid, signal.SIGKILL)
        eventually(lambda: launcher.running(own_region.workspace) is None, "the region is gone")
        own_region.record = support.start(own_region.workspace)
        assert made.lost() == {}
        made.next_round()


def _has(made: Acknowledged, wanted: int) -> bool:
    return made.total >= wanted


def test_what_a_service_without_a_data_plane_is_asked_does_not_stop_the_saving(
    own_region: TestRegion,
) -> None:
    """One Lambda request once kept everything after it from being saved."""
    for service, operation in (("lambda", "list_functions"), ("cloudformation", "list_stacks")):
        with pytest.raises(Exception, match="NotImplemented"):
            getattr(own_region.client(service), operation)()
    own_region.client("ssm").put_parameter(Name="/after", Value="v", Type="String")
    os.kill(own_region.record.daemon_pid, signal.SIGKILL)
    eventually(lambda: launcher.running(own_region.workspace) is None, "the region is gone")
    own_region.record = support.start(own_region.workspace)
    found = own_region.client("ssm").get_parameter(Name="/after")["Parameter"]
    assert found["Value"] == "v"


@pytest.fixture
def small_disk(tmp_path: Path, needs_namespaces: None) -> Iterator[Path]:
    """A folder on a file system of 48 MB, which goes with the test."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield folder
    launcher.stop(Workspace(folder), force=True)
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(folder: Path) -> Path:
    """Take all the room that is left."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1024 * 1024, 4096, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return filler


def _put(client: Any, name: str) -> bool:
    try:
        client.put_parameter(Name=name, Value="v" * 4000, Type="String", Tier="Standard")
    except client.exceptions.ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 503:
            return False
        raise
    return True


def test_a_full_disk_takes_no_change_that_it_cannot_keep(small_disk: Path) -> None:
    workspace = support.prepare(small_disk)
    one = TestRegion(workspace, support.start(workspace))
    ssm = one.client("ssm")
    eventually((workspace.region / "reserve").exists, "the reserve is there")
    filler = _fill(small_disk)
    acknowledged = [name for name in (f"/p/{number}" for number in range(300)) if _put(ssm, name)]
    refused = 300 - len(acknowledged)
    assert refused
    problems = [problem["error"] for problem in one.inspect()["problems"]]
    assert any("disk" in problem for problem in problems), problems
    status = subprocess.run(
        [str(DRYDOCK), "status"],
        cwd=small_disk,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "disk" in status.stdout + status.stderr

    os.kill(one.record.daemon_pid, signal.SIGKILL)
    eventually(lambda: launcher.running(workspace) is None, "the region is gone")
    filler.unlink()
    one.record = support.start(workspace)
    pages = one.client("ssm").get_paginator("describe_parameters").paginate()
    kept = {parameter["Name"] for page in pages for parameter in page["Parameters"]}
    assert set(acknowledged) <= kept


def test_a_region_on_a_full_disk_does_not_stop_unsaved_and_recovers(small_disk: Path) -> None:
    workspace = support.prepare(small_disk)
    one = TestRegion(workspace, support.start(workspace))
    ssm = one.client("ssm")
    reserve = workspace.region / "reserve"
    eventually(reserve.exists, "the reserve is there")
    reserve.unlink()
    filler = _fill(small_disk)
    eventually(lambda: not all(_put(ssm, f"/p/{number}") for number in range(50)), "it refuses")
    with pytest.raises(NotSaved, match="not all saved") as caught:
        launcher.stop(workspace)
    assert "--force" in caught.value.remedy
    assert launcher.running(workspace) is not None
    stop = [str(DRYDOCK), "region", "stop"]
    done = subprocess.run(stop, cwd=small_disk, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "not all saved" in done.stderr
    filler.unlink()
    eventually(lambda: _put(ssm, "/again"), "changes are taken again")
    assert not [problem for problem in one.inspect()["problems"] if "disk" in problem["error"]]
    assert launcher.stop(workspace)
