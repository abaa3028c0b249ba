"""`drydock cost` and the line of it after a plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drydock.stack.existing.finding import Looked

from .conftest import Run, World

PLANS = Path(__file__).parents[1] / "fixtures" / "plans"


def plan_of(profile: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PLANS / f"{profile}.json").read_text())
    return found


@pytest.fixture
def readable(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What there is to be read of the stack."""
    found: dict[str, Any] = {"saved": None, "state": {}}

    def preview(_stack: Any, variables: dict[str, str]) -> dict[str, Any]:
        world.do(f"preview {variables}")
        return plan_of("production" if variables.get("production") == "true" else "development")

    monkeypatch.setattr("drydock.stack.reading.saved_plan", lambda _: found["saved"])
    monkeypatch.setattr("drydock.stack.reading.state", lambda _: found["state"])
    monkeypatch.setattr("drydock.stack.reading.preview", preview)
    return found


def test_plan_ends_with_a_line_of_it(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # no region runs that could be asked for what is there already
    monkeypatch.setattr("drydock.stack.existing.finding.look", lambda *_: Looked())
    world.planned = plan_of("development")
    assert "Cost: at least USD 55.00 a month" in run("plan").err
    told = json.loads(run("plan", "--json").out)
    assert told["cost"]["region"] == "ap-southeast-2"


def test_the_table_ends_with_the_sum(run: Run, readable: dict[str, Any]) -> None:
    readable["saved"] = plan_of("production")
    ended = run("cost", "--region", "us-east-1")
    assert ended.code == 0
    assert ended.out.splitlines()[-1].split()[-1] == "202.75"
    assert "module.network.aws_nat_gateway.this[0]" in ended.out
    assert "(--assume nat_gb=…)" in ended.err
    assert "at least" not in ended.err


def test_both_profiles_are_planned_and_told_apart(
    run: Run, world: World, readable: dict[str, Any]
) -> None:
    ended = run("cost", "--profile", "both", "--json", "--region", "us-east-1")
    told = json.loads(ended.out)
    assert list(told) == ["development", "production"]
    assert told["production"]["monthly"] > told["development"]["monthly"]
    assert [one for one in world.done if one.startswith("preview")] == [
        "preview {'production': 'false'}",
        "preview {'production': 'true'}",
    ]


def test_without_a_plan_what_stands_is_read_and_without_that_a_plan_is_made(
    run: Run, world: World, readable: dict[str, Any]
) -> None:
    told = json.loads(run("cost", "--json").out)
    assert list(told) == ["a plan of it"]
    attributes: dict[str, Any] = {"attributes": {"id": "nat-1"}}
    readable["state"] = {
        "resources": [
            {
                "mode": "managed",
                "type": "aws_nat_gateway",
                "name": "x",
                "instances": [attributes],
            }
        ]
    }
    told = json.loads(run("cost", "--json").out)
    assert told["what stands"]["monthly"] == 43.07


def test_a_missing_price_can_be_given(run: Run, readable: dict[str, Any]) -> None:
    ended = run("cost")
    assert "not in the sum: module.database.aws_rds_cluster_instance.this[0]" in ended.err
    assert "not known" in ended.out
    given = run("cost", "--price", "aurora_acu_hour=0.2", "--assume", "acu=1")
    assert "not in the sum" not in given.err
    assert "acu=1 (given)" in given.err


@pytest.mark.parametrize(
    "words",
    [("--assume", "teleports=1"), ("--price", "teleport=1"), ("--region", "eu-west-3")],
)
def test_what_means_nothing_here_is_refused(
    run: Run, readable: dict[str, Any], words: tuple[str, str]
) -> None:
    assert run("cost", *words).code == 2


def test_todays_prices_are_asked_of_aws_never_in_a_rehearsal(run: Run, world: World) -> None:
    ended = run("cost", "--current")
    assert ended.code == 2
    assert "TARGET=aws" in ended.err
    assert world.done == []
