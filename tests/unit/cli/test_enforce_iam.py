"""`--enforce-iam`: to whom it is passed on, and when it comes too late."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drydock.config import Config, load
from drydock.errors import TerraformFailed
from drydock.ops.status import Status
from drydock.paths import Workspace
from drydock.region import launcher

from .conftest import RECORD, Run, World


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, world: World) -> list[Config]:
    """The settings that regions were started with."""
    found: list[Config] = []

    def start(_workspace: Workspace, config: Config) -> launcher.RegionRecord:
        found.append(config)
        world.running = True
        return RECORD

    monkeypatch.setattr(launcher, "start", start)
    return found


def test_a_region_starts_with_what_was_asked(run: Run, started: list[Config]) -> None:
    assert run("region", "start").code == 0
    assert run("region", "start", "--enforce-iam").code == 0
    assert [one.region.enforce_iam for one in started] == [False, True]


def test_the_file_may_ask_for_it(run: Run, started: list[Config], tmp_path: Path) -> None:
    (tmp_path / "drydock.toml").write_text("[region]\nenforce_iam = true\n")
    assert run("region", "start").code == 0
    assert started[0].region.enforce_iam
    assert load(tmp_path).enforcing(wanted=False).region.enforce_iam  # an option only adds


def test_up_refuses_a_region_that_does_not_enforce(run: Run, world: World) -> None:
    world.running = True
    ended = run("up", "--enforce-iam")
    assert ended.code == 2
    assert "was started without it" in ended.err
    assert "drydock down" in ended.err
    assert world.done == []


def test_up_starts_one_that_does(
    run: Run, started: list[Config], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fails["init"] = TerraformFailed("terraform init", "enough for this test")
    assert run("up", "--enforce-iam", "infra").code == 1
    assert [one.region.enforce_iam for one in started] == [True]


def test_status_tells(run: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.running = True
    monkeypatch.setattr("drydock.ops.status.read", lambda *_, **__: Status((), (), (), ()))
    assert json.loads(run("status", "--json").out)["enforce_iam"] is False
    assert "IAM is enforced" not in run("status").err
    world.inside["enforce_iam"] = True
    assert json.loads(run("status", "--json").out)["enforce_iam"] is True
    assert "IAM is enforced" in run("status").err
