"""The controller framework: a queue of keys, idempotent passes, three outcomes, and backoff.

A controller is level-based: it gets a key, reads everything it needs, compares, acts and writes the
outcome back. It never acts on what happened, only on what is, so a second pass changes nothing.
It is woken by a change in the API, by an event of the data plane and by a timer.
"""

from __future__ import annotations

import errno
import heapq
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from drydock.errors import DrydockError
from drydock.paths import full
from drydock.region.dataplane import descriptors

log = logging.getLogger(__name__)

_NO_ROOM, _NO_FILES = os.strerror(errno.ENOSPC), os.strerror(errno.EMFILE)
"""The messages as C programs print them, such as initdb."""
FIRST_RETRY = 0.1
LAST_RETRY = 15.0


@dataclass(frozen=True)
class Done:
    """Outcome of a pass: nothing is left to do until something changes."""


@dataclass(frozen=True)
class Requeue:
    """Outcome of a pass: look again after some seconds."""

    after: float


Outcome = Done | Requeue
DONE = Done()


class TerminalError(Exception):
    """An error that a retry cannot fix. It is reported once; the next change wakes the key again.

    `lasting`: waiting for the resource is in vain.
    """

    def __init__(self, cause: str, *, lasting: bool = True) -> None:
        super().__init__(cause)
        self.lasting = lasting


@dataclass(frozen=True)
class Problem:
    """A problem with a key, as users read it."""

    words: str
    lasting: bool = False
    """It stays until a user acts: waiting for the resource is in vain."""
    machine: bool = False
    """The machine has run out of something, which concerns every resource."""


class Controller(Protocol):
    """A controller: it reconciles all resources of one kind."""

    name: str
    wakes_on: frozenset[str]
    """The API's services whose changes concern it."""
    resync: float
    """Seconds after which every key is looked at again, whatever happened."""

    def all_keys(self) -> Iterable[str]:
        """Return every key that is asked for or that exists in the data plane. Must be quick."""
        ...

    def reconcile(self, key: str) -> Outcome:
        """Run one pass for a key. Raises DrydockError (retried), TerminalError (reported)."""
        ...

    def close(self) -> None:
        """Stop, in order, what the controller runs. Called when no pass is under way any more."""
        ...


def problem_of(error: Exception) -> Problem:
    """Describe an error of a pass, with a remedy when the machine has run out of a resource."""
    words = str(error) if isinstance(error, DrydockError) else f"{type(error).__name__}: {error}"
    if full(error) or _NO_ROOM in words:
        remedy = "the disk is full: make room (df -h); the region goes on by itself"
        return Problem(f"{words}\n  Next: {remedy}", lasting=True, machine=True)
    if descriptors.exhausted(error) or _NO_FILES in words:
        return Problem(f"{words}\n  Next: {descriptors.REMEDY}", lasting=True, machine=True)
    return Problem(words)


def retry_delay(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: 0.1, 0.2, 0.4 … 15."""
    return float(min(LAST_RETRY, FIRST_RETRY * 2 ** max(0, failures - 1)))


@dataclass
class Queue:
    """Keys that wait for a pass: each once, never two passes of one key at a time, delays kept."""

    clock: Callable[[], float] = time.monotonic
    _due: dict[str, float] = field(default_factory=dict)
    _heap: list[tuple[float, int, str]] = field(default_factory=list)
    _busy: set[str] = field(default_factory=set)
    _order: itertools.count[int] = field(default_factory=itertools.count)
    _closed: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, key: str, after: float = 0.0) -> None:
        """Queue a key; if it waits already, the earlier time counts."""
        with self._changed:
            due = self.clock() + after
            if key in self._due and self._due[key] <= due:
                return
            self._due[key] = due
            heapq.heappush(self._heap, (due, next(self._order), key))
            self._changed.notify_all()

    def take(self) -> str | None:
        """Wait for a key that is due and not busy, and return it; None when the queue is closed."""
        with self._changed:
            while not self._closed:
                key, wait = self._next()
                if key is not None:
                    self._busy.add(key)
                    return key
                self._changed.wait(wait)
            return None

    def done(self, key: str) -> None:
        """Mark a key's pass as ended; if the key was queued meanwhile, it is due again."""
        with self._changed:
            self._busy.discard(key)
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _next(self) -> tuple[str | None, float | None]:
        held: list[tuple[float, int, str]] = []
        try:
            while self._heap:
                due, order, key = self._heap[0]
                if self._due.get(key) != due:
                    heapq.heappop(self._heap)  # a newer entry of the key counts
                    continue
                wait = due - self.clock()
                if wait > 0:
                    return None, wait
                heapq.heappop(self._heap)
                if key in self._busy:
                    held.append((due, order, key))
                    continue
                del self._due[key]
                return key, None
            return None, None
        finally:
            for entry in held:
                heapq.heappush(self._heap, entry)


class Runner:
    """Runs one controller on some threads. Each pass ends with `on_problem(key, problem or None)`."""

    def __init__(
        self,
        controller: Controller,
        on_problem: Callable[[str, Problem | None], None],
        threads: int = 2,
    ) -> None:
        self.controller = controller
        self._on_problem = on_problem
        self._queue = Queue()
        self._failures: dict[str, int] = {}
        self._problems: dict[str, Problem] = {}
        self._passes = itertools.count(1)
        self._threads = [
            threading.Thread(target=self._work, name=f"{controller.name}-{n}", daemon=True)
            for n in range(threads)
        ]
        self._waker = threading.Thread(
            target=self._wake, name=f"{controller.name}-wake", daemon=True
        )
        self._woken = threading.Event()
        self._closed = threading.Event()

    def start(self) -> None:
        for thread in (*self._threads, self._waker):
            thread.start()

    def wake(self, key: str | None = None) -> None:
        """Schedule a pass for one key, or for all, as soon as possible.

        Returns at once, from any thread.
        """
        if key is not None:
            self._queue.add(key)
        else:
            self._woken.set()

    def close(self) -> None:
        """Let running passes end, then let the controller stop what it runs."""
        self._closed.set()
        self._woken.set()
        self._queue.close()
        for thread in (*self._threads, self._waker):
            if thread.is_alive():
                thread.join(timeout=10)
        self.controller.close()

    def _wake(self) -> None:
        while not self._closed.is_set():
            self._woken.clear()
            try:
                # one with a problem may be gone, which only another pass finds out
                for key in {*self.controller.all_keys(), *self._problems}:
                    self._queue.add(key)
            except Exception:  # the thread must live on; the next wake tries again
                log.exception("keys not listed", extra={"controller": self.controller.name})
            self._woken.wait(self.controller.resync)

    def _work(self) -> None:
        while (key := self._queue.take()) is not None:
            try:
                self._pass(key)
            finally:
                self._queue.done(key)

    def _pass(self, key: str) -> None:
        where = {
            "controller": self.controller.name,
            "key": key,
            "pass": f"{self.controller.name}/{next(self._passes)}",
        }
        try:
            outcome = self.controller.reconcile(key)
        except TerminalError as error:
            self._failures.pop(key, None)
            if self._report(key, Problem(str(error), lasting=error.lasting)):
                log.warning("pass ended: terminal", extra={**where, "error": str(error)})
        except Exception as error:
            self._failures[key] = self._failures.get(key, 0) + 1
            delay = retry_delay(self._failures[key])
            known = isinstance(error, DrydockError)
            if self._report(key, problem_of(error)):
                fields = {**where, "error": str(error), "retry": delay}
                log.warning("pass failed", extra=fields, exc_info=not known)
            self._queue.add(key, delay)
        else:
            log.debug("pass ended", extra={**where, "outcome": repr(outcome)})
            if self._failures.pop(key, None) is not None:
                log.info("pass succeeded again", extra=where)
            self._report(key, None)
            if isinstance(outcome, Requeue):
                self._queue.add(key, outcome.after)

    def _report(self, key: str, problem: Problem | None) -> bool:
        """Report a key's problem, or None when it has none; return whether it changed."""
        before = self._problems.pop(key, None)
        if problem is not None:
            self._problems[key] = problem
        self._on_problem(key, problem)
        return problem != before
