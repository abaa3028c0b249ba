"""Wait for a condition, with a deadline and a message that names the condition."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 3
"""Factor for deadlines: other tests share the machine, and only a failure waits that long."""


def eventually(look: Callable[[], T], what: str, seconds: float = 15.0, every: float = 0.05) -> T:
    """Call `look` until it returns something true, and return that.

    `seconds` is how long it takes at most on an idle machine; fails after `PATIENCE` times that.
    """
    seconds *= PATIENCE
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what} (last seen: {found!r})")
        time.sleep(every)
