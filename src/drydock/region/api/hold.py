"""A short time in which no change begins, so that a client can be interrupted between two changes.

Terraform drops its requests when it is told to end. One that has reached the API by then makes a
resource that is missing in Terraform's state, and the next apply finds its name taken. So a hold is
requested before Terraform is interrupted: changes that have begun are finished and answered, new
ones get an error that SDKs retry until they are cancelled. S3 stays open: it has the state and its
lock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from drydock.region.api.operations import Operation

LONGEST = 10.0
"""Seconds. A hold ends by itself, in case its client is gone."""
_OPEN = frozenset({"s3", "sts"})


class Hold:
    """A hold, off until `begin`. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        self._lock = threading.Lock()

    def begin(self, seconds: float) -> None:
        """Hold new changes for `seconds`, at most LONGEST; 0 ends it."""
        with self._lock:
            self._until = self._clock() + min(max(seconds, 0.0), LONGEST)

    def stops(self, operation: Operation) -> bool:
        """Return whether this operation must wait."""
        with self._lock:
            held = self._clock() < self._until
        return held and operation.changes and operation.service not in _OPEN
