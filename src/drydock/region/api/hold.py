"""A short time in which no change is begun, so that a client can be interrupted between two changes.

Terraform that is told to end drops its requests where they stand. One that has reached the API by then
makes a resource that Terraform never hears of, and the next apply finds its name taken. So whoever
interrupts it asks for a hold first: changes that have begun are finished and answered, new ones are
told to come again later, which SDKs do until they are cancelled. S3 stays open: there lie the state
and its lock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from drydock.region.api.operations import Operation

LONGEST = 10.0
"""Seconds. A hold ends by itself, in case whoever asked for it is gone."""
_OPEN = frozenset({"s3", "sts"})


class Hold:
    """Off until `begin`. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        self._lock = threading.Lock()

    def begin(self, seconds: float) -> None:
        """Hold new changes for `seconds`, at most LONGEST; 0 ends it."""
        with self._lock:
            self._until = self._clock() + min(max(seconds, 0.0), LONGEST)

    def stops(self, operation: Operation) -> bool:
        """Must this operation wait?"""
        with self._lock:
            held = self._clock() < self._until
        return held and operation.changes and operation.service not in _OPEN
