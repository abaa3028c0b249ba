"""Give up waiting for the local region early, when it reports a problem that will last."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from drydock.errors import RegionNotRunning, WaitGivenUp

EVERY = 1.0
"""Seconds between two requests; a problem counts when two in a row report it."""


class Patience:
    """Asks one region for its lasting problems. Not thread-safe."""

    def __init__(
        self,
        inspect: Callable[[], Mapping[str, Any]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`inspect` returns the region's report; its exceptions pass through, but for RegionNotRunning."""
        self._inspect = inspect
        self._clock = clock
        self._looked_at: float | None = None
        self._before: list[Mapping[str, Any]] = []
        self._now: list[Mapping[str, Any]] = []

    def in_vain(self, *names: str) -> str:
        """Return, in the region's words, why waiting for resources with these in their names is in vain.

        Empty if no problem is known. A resource that the machine has run out of concerns every name.
        """
        now = self._clock()
        if self._looked_at is None or now - self._looked_at >= EVERY:
            self._before, self._now = self._now, self._look()
            self._looked_at = now
        before = {one["resource"] for one in concerning(self._before, names)}
        found = [one for one in concerning(self._now, names) if one["resource"] in before]
        return "\n".join(dict.fromkeys(f"{one['resource']}: {one['error']}" for one in found))

    def _look(self) -> list[Mapping[str, Any]]:
        try:
            return [one for one in self._inspect().get("problems", []) if one.get("lasting")]
        except RegionNotRunning:
            return self._now  # the caller that waits asks the region too, and raises this


@contextmanager
def interrupted_in_vain(what: str, in_vain: Callable[[], str]) -> Iterator[None]:
    """Run a block that waits for the region by itself (Terraform); interrupt it once waiting is in vain.

    `in_vain` returns the reason, or an empty string. The block is interrupted as by Ctrl-C. For the main
    thread only. Raises WaitGivenUp.
    """
    over, guard = threading.Event(), threading.Lock()
    found: list[str] = []
    main = threading.get_ident()

    def look() -> None:
        while not over.wait(EVERY):
            words = in_vain()
            with guard:
                if words and not over.is_set():
                    found.append(words)
                    signal.pthread_kill(main, signal.SIGINT)
                    return

    thread = threading.Thread(target=look, name="patience", daemon=True)
    thread.start()
    try:
        yield
    except KeyboardInterrupt:
        if not found:
            raise
        raise WaitGivenUp(what, found[0]) from None
    finally:
        with guard:
            over.set()
        thread.join(EVERY)


def concerning(
    problems: Iterable[Mapping[str, Any]], names: Iterable[str]
) -> list[Mapping[str, Any]]:
    """Return the machine's problems, and those of resources with one of `names` in their names. Pure."""
    wanted = tuple(names)
    return [
        one
        for one in problems
        if one.get("machine") or any(name and name in one["resource"] for name in wanted)
    ]
