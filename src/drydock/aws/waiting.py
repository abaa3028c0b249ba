"""Wait for a condition, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from drydock.errors import WaitGivenUp, WaitTimedOut

T = TypeVar("T")


def until(
    condition: Callable[[], T | None],
    *,
    what: str,
    timeout: float,
    every: float,
    remedy: str = "",
    in_vain: Callable[[], str] = lambda: "",
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Call `condition` every `every` seconds until it returns something, and return that.

    None, False and empty values mean: not yet. Raises WaitTimedOut after `timeout` seconds; `what`
    finishes the sentence "waited for …". Raises WaitGivenUp as soon as `in_vain` returns a reason.
    """
    deadline = clock() + timeout
    while True:
        result = condition()
        if result:
            return result
        if words := in_vain():
            raise WaitGivenUp(f"waited for {what}", words)
        left = deadline - clock()
        if left <= 0:
            raise WaitTimedOut(f"waited for {what}", f"not so after {timeout:g} s", remedy)
        sleep(min(every, left))
