"""The queue of controllers: each key once, never two passes of one key at a time, delays kept."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterable

import pytest

from drydock.errors import DatabaseFailed, NetworkFailed
from drydock.region.services.kit.controller import (
    DONE,
    Outcome,
    Problem,
    Queue,
    Requeue,
    Runner,
    TerminalError,
    problem_of,
    retry_delay,
)
from tests.support.waiting import eventually


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_key_that_is_added_twice_is_taken_once() -> None:
    queue = Queue()
    queue.add("a")
    queue.add("a")
    queue.add("b")
    assert queue.take() == "a"
    assert queue.take() == "b"
    queue.close()
    assert queue.take() is None


def test_an_earlier_time_replaces_a_later_one_and_not_the_other_way_round() -> None:
    clock = Clock()
    queue = Queue(clock)
    queue.add("a", after=10)
    queue.add("a", after=5)
    queue.add("a", after=20)
    clock.now = 5
    assert queue.take() == "a"
    queue.done("a")
    queue.add("b")
    clock.now = 100
    assert queue.take() == "b"  # no second entry of a is left


def test_a_key_is_not_taken_while_a_pass_of_it_runs() -> None:
    queue = Queue()
    queue.add("a")
    assert queue.take() == "a"
    queue.add("a")
    queue.add("b")
    assert queue.take() == "b"
    queue.done("a")
    assert queue.take() == "a"


def test_the_delay_doubles_and_has_an_end() -> None:
    assert [retry_delay(n) for n in (1, 2, 3, 4)] == [0.1, 0.2, 0.4, 0.8]
    assert retry_delay(50) == 15.0


class Scripted:
    """A controller whose passes do what a list says."""

    name = "scripted"
    wakes_on = frozenset({"x"})
    resync = 60.0

    def __init__(self, *steps: Callable[[], Outcome]) -> None:
        self.keys = ["key"]
        self.steps = list(steps)
        self.passes: list[float] = []
        self.finished = threading.Event()
        self.closed = False

    def all_keys(self) -> Iterable[str]:
        return self.keys

    def reconcile(self, key: str) -> Outcome:
        assert key == "key"
        self.passes.append(time.monotonic())
        return self.steps.pop(0)() if self.steps else DONE

    def close(self) -> None:
        self.closed = True


def fail(error: Exception) -> Callable[[], Outcome]:
    def step() -> Outcome:
        raise error

    return step


def words(problem: Problem | None) -> str | None:
    return problem.words if problem is not None else None


def test_what_the_machine_has_run_out_of_lasts_and_is_named_with_the_remedy() -> None:
    """Also where a program has met it, and its words are all there is."""
    chained = DatabaseFailed("x", "y")
    chained.__cause__ = OSError(errno.ENOSPC, "No space left on device", "/d/f")
    initdb = DatabaseFailed("making the data", 'initdb: error: "x": No space left on device')
    for error in (OSError(errno.ENOSPC, "No space left on device", "/d/f"), chained, initdb):
        found = problem_of(error)
        assert found.lasting
        assert "make room" in found.words
    found = problem_of(OSError(errno.EMFILE, "Too many open files"))
    assert found.lasting
    assert "ulimit -Hn" in found.words
    assert not problem_of(NetworkFailed("eni", "no route")).lasting


def run(controller: Scripted, passes: int) -> list[str | None]:
    problems: list[str | None] = []
    runner = Runner(controller, lambda _key, problem: problems.append(words(problem)), threads=2)
    runner.start()
    deadline = time.monotonic() + 5
    while len(controller.passes) < passes or len(problems) < passes:
        assert time.monotonic() < deadline, f"{len(controller.passes)} passes only"
        time.sleep(0.005)
    runner.close()
    assert controller.closed
    return problems


def test_a_failed_pass_is_retried_and_the_problem_goes_when_it_succeeds() -> None:
    controller = Scripted(fail(NetworkFailed("eni", "no route")), fail(KeyError("x")), lambda: DONE)
    assert run(controller, 3) == ["eni: no route", "KeyError: 'x'", None]
    assert controller.passes[1] - controller.passes[0] >= 0.1
    assert controller.passes[2] - controller.passes[1] >= 0.2


def test_a_terminal_error_is_reported_and_not_retried() -> None:
    controller = Scripted(fail(TerminalError("never")))
    assert run(controller, 1) == ["never"]
    assert len(controller.passes) == 1


def test_the_problem_of_a_key_that_is_gone_goes_with_the_next_wake() -> None:
    controller = Scripted(fail(TerminalError("never")), lambda: DONE)
    problems: list[str | None] = []
    runner = Runner(controller, lambda _key, problem: problems.append(words(problem)))
    runner.start()
    eventually(lambda: problems == ["never"], "the problem is told")
    controller.keys = []
    runner.wake()
    eventually(lambda: problems == ["never", None], "it is gone")
    runner.close()


def test_a_pass_can_ask_to_be_looked_at_again() -> None:
    controller = Scripted(lambda: Requeue(0.05), lambda: DONE)
    assert run(controller, 2) == [None, None]
    assert controller.passes[1] - controller.passes[0] >= 0.05


@pytest.mark.parametrize("threads", [1, 4])
def test_two_passes_of_one_key_never_overlap(threads: int) -> None:
    inside = threading.Lock()
    overlaps: list[bool] = []

    def step() -> Outcome:
        free = inside.acquire(blocking=False)
        overlaps.append(not free)
        time.sleep(0.002)
        if free:
            inside.release()
        return DONE

    controller = Scripted(*[step] * 20)
    runner = Runner(controller, lambda _key, _error: None, threads=threads)
    runner.start()
    deadline = time.monotonic() + 5
    while len(overlaps) < 10 and time.monotonic() < deadline:
        runner.wake("key")
    runner.close()
    assert len(overlaps) >= 10
    assert not any(overlaps)
