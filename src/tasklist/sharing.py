"""One read, or one write, for everybody who asks at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")
W = TypeVar("W")

MOST_TOGETHER = 100


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


class SharedWrite(Generic[W, T]):
    """Calls that arrive while a write runs are written together by the next one.

    Each caller has the answer once its own write is done. A write that fails, fails for all that
    are in it; so whatever concerns one caller alone must have been checked before.
    """

    def __init__(self, write: Callable[[list[W]], Awaitable[list[T]]]) -> None:
        self._write = write
        self._waiting: list[tuple[W, asyncio.Future[T]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, item: W) -> T:
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                together = self._waiting[:MOST_TOGETHER]
                del self._waiting[:MOST_TOGETHER]
                await self._write_together(together)
        finally:
            self._running = None

    async def _write_together(self, together: list[tuple[W, asyncio.Future[T]]]) -> None:
        try:
            results = await self._write([item for item, _ in together])
            pairs = list(zip(together, results, strict=True))
        except Exception as error:  # noqa: BLE001 - it is raised again, in each caller
            for _, answer in together:
                if not answer.done():  # the caller may have given up
                    answer.set_exception(error)
            return
        for (_, answer), result in pairs:
            if not answer.done():
                answer.set_result(result)
