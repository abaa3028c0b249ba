"""Ids that no record refers to any more, until the records are saved that say so."""

from __future__ import annotations

import threading


class Released:
    """In order of their release. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._waiting: dict[str, int] = {}

    def add(self, one: str) -> None:
        """`one` was let go of."""
        with self._lock:
            self._count += 1
            self._waiting[one] = self._count

    def take_back(self, one: str) -> None:
        """A record refers to `one` again."""
        with self._lock:
            self._waiting.pop(one, None)

    def mark(self) -> int:
        """How many were let go of until now."""
        return self._count

    def settle(self, upto: int) -> list[str]:
        """Take out those that were let go of until that mark."""
        with self._lock:
            found = [one for one, number in self._waiting.items() if number <= upto]
            for one in found:
                del self._waiting[one]
            return found
