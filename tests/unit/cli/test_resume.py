from __future__ import annotations

from typing import Any

import pytest

from drydock.cli import resume

from .conftest import Run, World

STATE: dict[str, Any] = {
    "resources": [
        {
            "module": "module.database",
            "type": "aws_rds_cluster",
            "name": "this",
            "instances": [{"status": "tainted"}],
        },
        {
            "type": "aws_subnet",
            "name": "public",
            "instances": [{"index_key": 0}, {"index_key": 1, "status": "tainted"}],
        },
        {
            "module": 'module.rules["a"]',
            "type": "aws_route",
            "name": "x",
            "instances": [{"index_key": "b", "status": "tainted"}],
        },
    ]
}
ADDRESSES = [
    "module.database.aws_rds_cluster.this",
    "aws_subnet.public[1]",
    'module.rules["a"].aws_route.x["b"]',
]


def test_tainted_resources_are_named_as_terraform_names_them() -> None:
    assert resume.tainted(STATE) == ADDRESSES
    assert resume.tainted({}) == []


@pytest.mark.parametrize(("first", "second"), [("up", "up"), ("apply", "plan")])
def test_what_an_interrupted_apply_has_made_is_kept_by_the_next_plan_and_only_by_that(
    run: Run, world: World, first: str, second: str
) -> None:
    world.running = True
    world.state = STATE
    world.fails["apply"] = KeyboardInterrupt()
    assert run(first).code == 130
    world.fails.clear()
    world.done.clear()
    ended = run(second)
    kept = [one for one in world.done if one.startswith("untaint")]
    assert kept == [f"untaint {address}" for address in ADDRESSES]
    assert world.done.index(kept[-1]) < world.done.index("plan")
    assert "kept from the interrupted apply: aws_subnet.public[1]" in ended.err
    world.done.clear()
    run("plan")
    assert not [one for one in world.done if one.startswith("untaint")]


def test_what_the_user_tainted_is_left_alone(run: Run, world: World) -> None:
    world.state = STATE
    assert run("plan").code == 0
    assert not [one for one in world.done if one.startswith("untaint")]


def test_another_stack_is_none_of_its_business(run: Run, world: World) -> None:
    world.running = True
    world.state = STATE
    world.fails["apply"] = KeyboardInterrupt()
    run("apply", "one")
    world.done.clear()
    assert run("plan", "another").code == 0
    assert not [one for one in world.done if one.startswith("untaint")]
