"""Ids that no record refers to any more, kept until the records are saved without them."""

from __future__ import annotations

import threading


class Released:
    """Released ids in the order of their release. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._waiting: dict[str, int] = {}

    def add(self, one: str) -> None:
        """Note that `one` was released."""
        with self._lock:
            self._count += 1
            self._waiting[one] = self._count

    def take_back(self, one: str) -> None:
        """Note that a record refers to `one` again."""
        with self._lock:
            self._waiting.pop(one, None)

    def mark(self) -> int:
        """Return how many were released so far."""
        return self._count

    def settle(self, upto: int) -> list[str]:
        """Remove and return those that were released up to a mark."""
        with self._lock:
            found = [one for one, number in self._waiting.items() if number <= upto]
            for one in found:
                del self._waiting[one]
            return found
