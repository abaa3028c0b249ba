"""One read for everybody who asks at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedRead(Generic[T]):
    """Calls that arrive while a read runs wait together for the next one.

    Nobody gets an answer that was read before they asked: a call never joins a read that has
    begun. So whoever wrote and then reads sees what they wrote, and a thousand callers cost two
    reads at a time, not a thousand connections.
    """

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._running: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running))
            # everybody may have gone by the time it fails; then nobody else takes the error
            self._next.add_done_callback(lambda task: task.cancelled() or task.exception())
        # shielded: one caller who gives up must not take the answer from the others
        return await asyncio.shield(self._next)

    async def _after(self, running: asyncio.Task[T] | None) -> T:
        if running is not None:
            await asyncio.wait([running])
        self._running, self._next = self._next, None
        return await self._read()
