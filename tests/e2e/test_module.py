"""The stack as a module of a configuration of its own, from nothing to a site whose database pauses, and back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.aws import clients
from drydock.errors import TerraformMissing
from drydock.stack import find_provider, find_terraform
from tests.support import region
from tests.support.commands import Drydock, fetch
from tests.support.minutes import with_test_all
from tests.support.remnants import everything
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
EXAMPLE = "examples/module"
PAUSED_AFTER = 60 + 300 / 10
"""Seconds: the application closes a connection that has nothing to do, then the region's 300 s pass."""

pytestmark = [
    pytest.mark.region,
    pytest.mark.terraform,
    pytest.mark.timeout(1200),
    with_test_all("takes four minutes"),
]


@pytest.fixture(scope="module")
def drydock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drydock]:
    if reason := region.why_not():
        pytest.skip(f"no region on this machine: {reason}")
    try:
        terraform = find_terraform(os.environ)
    except TerraformMissing as error:
        pytest.skip(str(error))
    if find_provider(terraform, os.environ, ROOT / "infra").kind == "registry":
        pytest.skip("no filesystem mirror on this machine has the AWS provider")
    folder = tmp_path_factory.mktemp("module")
    drydock = Drydock.prepare(folder)
    skipped = shutil.ignore_patterns("terraform.plan*", ".terraform*")
    for name in ("infra", "examples"):
        shutil.copytree(ROOT / name, folder / name, ignore=skipped)
    yield drydock
    drydock("down")


def servers(drydock: Drydock) -> list[int]:
    """Process ids of the database's servers; none while it is paused."""
    [database] = drydock.status()["databases"]
    return [int(one["pid"]) for one in database["servers"] if one.get("pid")]


def test_it_is_applied_pauses_serves_and_goes(drydock: Drydock) -> None:
    assert drydock("region", "start").returncode == 0
    api = clients.local(drydock.status()["endpoint"], "ap-southeast-2")
    before = everything(api)
    done = drydock("up", EXAMPLE, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    [url] = done.stdout.splitlines()
    made = fetch(f"{url}/api/task/", {"title": "kept", "priority": 1, "complete": False})

    planned = drydock("plan", EXAMPLE, timeout=300)
    assert planned.returncode == 0, planned.stderr
    assert "No changes." in planned.stdout

    # Nobody asks: health checks go on, and do not keep the database awake.
    eventually(lambda: servers(drydock) == [], "the database is paused", 3 * PAUSED_AFTER)
    assert [task["status"] for task in drydock.status()["tasks"]] == ["RUNNING"]
    # The first request is held until the database is awake, and served.
    assert made["id"] in {task["id"] for task in fetch(f"{url}/api/task/")}
    assert servers(drydock) != []

    gone = drydock("destroy", EXAMPLE, "-y", timeout=600)
    assert gone.returncode == 0, gone.stderr
    assert everything(api) == before
