"""`drydock destroy` says what it empties and what is left; `drydock unlock` says whose lock it takes."""

from __future__ import annotations

import io

import pytest

from drydock.errors import CheckFailed
from drydock.stack.state_lock import Holder

from .conftest import Run, World

HOLDER = Holder("1234", "ann@laptop", "OperationTypeApply", "2026-11-23 10:00:00.1 +0000 UTC")


def test_what_will_be_emptied_is_named_before_it_asks(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.running = True
    world.contents = ["bucket logs"]
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    ended = run("destroy")
    assert ended.code == 2
    assert ended.err.index("bucket logs") < ended.err.index("Destroy the stack")
    assert "destroy" not in world.done


def test_protection_is_turned_off_only_when_told_to(run: Run, world: World) -> None:
    world.running = True
    run("destroy", "-y")
    run("destroy", "-y", "--disable-protection")
    assert world.unguarded == [False, True]


def test_what_is_left_is_a_check_that_failed(run: Run, world: World) -> None:
    world.running = True
    world.fails["report"] = CheckFailed("the stack", "\n  eni-1")
    ended = run("destroy", "-y")
    assert ended.code == 3
    assert "eni-1" in ended.err


def test_unlock_says_whose_lock_it_is_and_asks(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.running = True
    world.holder = HOLDER
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    ended = run("unlock")
    assert ended.code == 2
    assert "ann@laptop holds it since 2026-11-23 10:00:00 UTC for apply: 1234" in ended.err
    assert run("unlock", "-y").code == 0
    assert world.done[-1] == "unlock 1234"


def test_unlock_takes_an_id_that_it_knows_nothing_of(run: Run, world: World) -> None:
    world.running = True
    assert run("unlock").code == 2
    assert run("unlock", "other", "-y").code == 0
    assert world.done[-1] == "unlock other"
