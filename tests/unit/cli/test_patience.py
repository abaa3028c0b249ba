"""To wait is in vain when the region says so, twice, of what is waited for."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from drydock.aws import waiting
from drydock.cli import patience
from drydock.cli.patience import Patience, interrupted_in_vain
from drydock.errors import RegionNotRunning, WaitGivenUp, WaitTimedOut

DISK = {"resource": "arn:db", "error": "initdb: full", "lasting": True, "machine": True}
LISTENER = {"resource": "arn:loadbalancer/a", "error": "no certificate", "lasting": True}
PASSING = {"resource": "arn:cluster:a", "error": "it starts", "lasting": False}


class World:
    """A clock, and a region's problems."""

    def __init__(self, *problems: dict[str, Any]) -> None:
        self.now = 0.0
        self.problems = list(problems)
        self.looks = 0
        self.patience = Patience(self.inspect, lambda: self.now)

    def inspect(self) -> dict[str, Any]:
        self.looks += 1
        return {"problems": self.problems}

    def ask(self, *names: str, after: float = 0.0) -> str:
        self.now += after
        return self.patience.in_vain(*names)


def test_a_problem_counts_that_is_there_at_two_looks() -> None:
    world = World(DISK)
    assert world.ask() == ""
    assert world.ask(after=0.5) == ""
    assert world.looks == 1
    assert world.ask(after=0.6) == "arn:db: initdb: full"
    world.problems = []
    assert world.ask(after=1) == ""


def test_a_problem_concerns_its_own_resource_unless_it_is_the_machines() -> None:
    world = World(LISTENER, PASSING)
    world.ask()
    assert world.ask("cluster:a", after=1) == ""
    assert world.ask("loadbalancer/", after=1) == "arn:loadbalancer/a: no certificate"
    assert world.ask(after=1) == ""


def test_a_region_that_does_not_answer_is_not_this_ones_to_tell() -> None:
    def inspect() -> dict[str, Any]:
        raise RegionNotRunning("it", "is gone")

    assert Patience(inspect).in_vain() == ""


def test_a_wait_ends_at_once_when_it_is_in_vain() -> None:
    answers = iter(["", "the disk is full"])
    with pytest.raises(WaitGivenUp, match="waited for rain: the disk is full"):
        waiting.until(
            lambda: False, what="rain", timeout=60, every=0, in_vain=lambda: next(answers)
        )
    with pytest.raises(WaitTimedOut):
        waiting.until(lambda: False, what="rain", timeout=0, every=0)


def test_a_block_is_interrupted_when_it_is_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "EVERY", 0.01)
    forever = threading.Event()
    with (
        pytest.raises(WaitGivenUp, match="up: the disk is full"),
        interrupted_in_vain("up", lambda: "the disk is full"),
    ):
        forever.wait(120)
    with pytest.raises(KeyboardInterrupt), interrupted_in_vain("up", lambda: ""):
        raise KeyboardInterrupt
    with interrupted_in_vain("up", lambda: ""):
        pass
