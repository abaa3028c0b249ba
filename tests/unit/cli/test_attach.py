"""Runs that are under way: they are said, shown, and asked after before the region stops."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from drydock.paths import Workspace
from drydock.stack.runfiles import RunFiles
from drydock.stack.runner import request
from tests.support.waiting import eventually

from .conftest import Run, World


@pytest.fixture
def applying(world: World) -> RunFiles:
    """A run of `infra`, as its files tell of it; it is under way while somebody holds its lock."""
    world.running = True
    workspace = Workspace.here()
    workspace.create()
    folder = workspace.root / "infra"
    folder.mkdir()
    runs = workspace.terraform / "local" / "infra-1" / "runs"
    run = RunFiles.begin(runs, request("apply", ["true"], cwd=folder))
    run.output.write_text("one\ntwo\n")
    return run


def test_the_region_does_not_stop_beneath_a_run(run: Run, world: World, applying: RunFiles) -> None:
    lock = applying.take_lock()
    try:
        for words in (("region", "stop"), ("down",), ("down", "--purge", "-y")):
            ended = run(*words)
            assert ended.code == 1
            assert "it would interrupt `apply` since" in ended.err
            assert "--force" in ended.err
            assert f"drydock attach {Path.cwd() / 'infra'}" in ended.err
        assert "Under way in" in run("status").err
    finally:
        os.close(lock)
    assert "stop" not in world.done
    assert run("region", "stop").code == 0


def test_it_waits_where_it_is_asked_to(run: Run, world: World, applying: RunFiles) -> None:
    lock = applying.take_lock()

    def end() -> None:
        assert "stop" not in world.done
        applying.put_outcome(code=0)
        os.close(lock)

    ending = threading.Timer(0.5, end)
    ending.start()
    ended = run("region", "stop", "--wait")
    ending.join()
    assert ended.code == 0
    assert ended.err.startswith("waiting for `apply` since")
    assert world.done[-1] == "stop"


def test_an_attached_command_shows_all_of_it_and_ends_as_it_does(
    run: Run, world: World, applying: RunFiles
) -> None:
    lock = applying.take_lock()

    def go_on() -> None:
        with applying.output.open("a") as file:
            file.write("three\n")
        applying.put_outcome(code=4)
        os.close(lock)

    going = threading.Timer(0.3, go_on)
    going.start()
    ended = run("attach")
    going.join()
    assert (ended.code, ended.out) == (4, "one\ntwo\nthree\n")
    assert "`apply` ended with exit code 4" in ended.err
    again = run("attach")
    assert (again.code, again.out) == (4, ended.out)
    assert "which is over" in again.err
    other = run("attach", "another")
    assert other.code == 2
    assert "Terraform was not run on another" in other.err


def test_recover_wants_a_decision(run: Run, world: World) -> None:
    world.running = True
    assert run("recover").code == 2
    assert run("recover", "--force", "--discard").code == 2
    assert run("recover", "--discard").code == 0
    assert world.done[-1] == "recover --discard"
    world.errored = False
    ended = run("recover", "--force")
    assert ended.code == 2
    assert "there is none" in ended.err


def test_what_was_seen_to_end_is_not_under_way(applying: RunFiles) -> None:
    lock = applying.take_lock()
    try:
        assert applying.is_alive()
        applying.put_outcome(code=0)
        eventually(lambda: not applying.is_alive(), "it is over")
    finally:
        os.close(lock)
