"""`--enforce-iam` and `--ephemeral`: to whom they are passed on, and when they come too late."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drydock.config import Config, load
from drydock.errors import TerraformFailed
from drydock.ops.status import Status
from drydock.paths import Workspace
from drydock.region.host import launcher

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


OPTIONS = ("enforce_iam", "ephemeral")


def flag(option: str) -> str:
    return f"--{option.replace('_', '-')}"


@pytest.mark.parametrize("option", OPTIONS)
def test_a_region_starts_with_what_was_asked(run: Run, started: list[Config], option: str) -> None:
    assert run("region", "start").code == 0
    assert run("region", "start", flag(option)).code == 0
    assert [getattr(one.region, option) for one in started] == [False, True]


@pytest.mark.parametrize("option", OPTIONS)
def test_the_file_may_ask_for_it(
    run: Run, started: list[Config], tmp_path: Path, option: str
) -> None:
    (tmp_path / "drydock.toml").write_text(f"[region]\n{option} = true\n")
    assert run("region", "start").code == 0
    assert getattr(started[0].region, option)
    assert getattr(load(tmp_path).asked().region, option)  # an option only adds


@pytest.mark.parametrize("option", OPTIONS)
def test_up_refuses_a_region_that_was_started_otherwise(
    run: Run, world: World, option: str
) -> None:
    world.running = True
    ended = run("up", flag(option))
    assert ended.code == 2
    assert f"{flag(option)}: the region that runs in this folder" in ended.err
    assert "was started without it" in ended.err
    assert "drydock down" in ended.err
    assert world.done == []


def test_up_starts_one_that_does(
    run: Run, started: list[Config], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fails["init"] = TerraformFailed("terraform init", "enough for this test")
    assert run("up", "--enforce-iam", "infra").code == 1
    assert [one.region.enforce_iam for one in started] == [True]


@pytest.mark.parametrize(
    ("option", "words"),
    [("enforce_iam", "IAM is enforced"), ("ephemeral", "Databases are ephemeral")],
)
def test_status_tells(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch, option: str, words: str
) -> None:
    world.running = True
    monkeypatch.setattr("drydock.ops.status.read", lambda *_, **__: Status((), (), (), ()))
    assert json.loads(run("status", "--json").out)[option] is False
    assert words not in run("status").err
    world.inside[option] = True
    assert json.loads(run("status", "--json").out)[option] is True
    assert words in run("status").err
