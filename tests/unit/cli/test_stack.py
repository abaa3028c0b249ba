from __future__ import annotations

import io
import json

import pytest

from drydock.errors import TerraformFailed
from drydock.paths import Workspace
from drydock.stack.quick import record
from drydock.stack.quick.settings import Settings

from .conftest import Run, World


@pytest.mark.parametrize("step", ["init", "plan"])
def test_the_first_steps_start_the_region(run: Run, world: World, step: str) -> None:
    assert run(step).code == 0
    assert world.done == ["start", "stack infra on local", step]


@pytest.mark.parametrize("step", ["apply", "refresh", "output"])
def test_later_steps_need_one_that_runs(run: Run, world: World, step: str) -> None:
    ended = run(step)
    assert ended.code == 1
    assert "drydock region start" in ended.err
    assert world.done == []
    world.running = True
    assert run(step).code == 0
    assert world.done == ["stack infra on local", step]


def test_another_folder_can_be_named(run: Run, world: World) -> None:
    run("init", "elsewhere/stack", "--upgrade")
    assert world.done == ["start", "stack stack on local", "init -upgrade"]


@pytest.mark.parametrize(("answer", "done"), [("y\n", True), ("n\n", False), ("", False)])
def test_destroy_asks(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch, answer: str, done: bool
) -> None:
    world.running = True
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    ended = run("destroy")
    assert ("destroy" in world.done) == done
    assert ended.code == (0 if done else 2)


def test_destroy_y_does_not_ask(run: Run, world: World) -> None:
    world.running = True
    assert run("destroy", "-y").code == 0
    assert world.done[-1] == "destroy"


def test_destroy_takes_the_revisions_along_that_ecs_could_roll_back_to(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.running = True
    world.outputs = {"task_definition": "arn:aws:ecs:r:1:task-definition/shop:7"}

    def deregister(_clients: object, family: str) -> int:
        world.do(f"deregister {family}")
        return 2

    monkeypatch.setattr("drydock.ops.definitions.deregister", deregister)
    ended = run("destroy", "-y")
    assert world.done[-3:] == ["output", "destroy", "deregister shop"]
    assert "2 revisions" in ended.err
    world.fails["destroy"] = TerraformFailed("terraform could not destroy")
    assert run("destroy", "-y").code != 0
    assert world.done[-1] == "output", "what stays keeps its revisions"


def test_outputs_are_plain_or_json_or_one(run: Run, world: World) -> None:
    world.running = True
    world.outputs = {"prefix": "shop", "app_dns_name": None, "zones": ["a"]}
    assert run("output").out == 'app_dns_name = null\nprefix = shop\nzones = ["a"]\n'
    assert json.loads(run("output", "--json").out) == world.outputs
    assert run("output", "--name", "prefix").out == "shop\n"
    ended = run("output", "--name", "nope")
    assert ended.code == 2
    assert "app_dns_name, prefix, zones" in ended.err


def test_plan_refuses_a_region_that_quick_built(run: Run, world: World) -> None:
    record.save(Workspace.here(), Settings())
    ended = run("plan")
    assert ended.code == 2
    assert "drydock destroy" in ended.err
    assert "plan" not in world.done


def test_destroy_and_output_of_what_quick_built_go_to_quick(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.running = True
    record.save(Workspace.here(), Settings(prefix="shop"))
    build = "drydock.stack.quick.build"
    monkeypatch.setattr(f"{build}.outputs", lambda _, settings: {"prefix": settings.prefix})
    assert run("output").out == "prefix = shop\n"
    monkeypatch.setattr(
        f"{build}.destroy", lambda _, settings, **__: world.do(f"quick destroy {settings.prefix}")
    )
    assert run("destroy", "-y").code == 0
    assert world.done == ["quick destroy shop"]
    assert record.load(Workspace.here()) is None
