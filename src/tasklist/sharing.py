"""One read, or one write, for everybody who asks at the same time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")
W = TypeVar("W")

MOST_TOGETHER = 100
MOMENT = 0.001
"""Seconds that the first of many waits for the others; a statement costs about half of that."""


class SharedWrite(Generic[W, T]):
    """Calls that arrive while a write runs are written together by the next one.

    Many who come one by one, each as soon as it has its last answer, would make a write of every
    two or three. So while many ask, a write waits until half of them are there, or for a moment.

    Each caller has the answer once its own write is done. A write that fails, fails for all that
    are in it; so whatever concerns one caller alone must have been checked before.
    """

    def __init__(
        self, write: Callable[[list[W]], Awaitable[list[T]]], most: int = MOST_TOGETHER
    ) -> None:
        self._write = write
        self._most = most
        self._waiting: list[tuple[W, asyncio.Future[T]]] = []
        self._usual = 0  # callers at the same time, lately
        self._enough: asyncio.Future[None] | None = None
        self._wanted = 0
        self._running: asyncio.Task[None] | None = None

    def __call__(self, item: W) -> Awaitable[T]:
        # a future for each caller: who gives up must not take the answer from the others
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._enough is not None and len(self._waiting) >= self._wanted:
            self._moment_is_over()
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._moment()
                together = self._waiting[: self._most]
                del self._waiting[: self._most]
                await self._write_together(together)
                self._usual = max(len(together) + len(self._waiting), self._usual // 2)
        finally:
            self._running = None

    async def _moment(self) -> None:
        """Wait for half of those who asked lately; then the others can be served in turns."""
        self._wanted = min(self._usual // 2, self._most)
        if len(self._waiting) < self._wanted:
            loop = asyncio.get_running_loop()
            self._enough = loop.create_future()
            timer = loop.call_later(MOMENT, self._moment_is_over)
            try:
                await self._enough
            finally:
                timer.cancel()
                self._enough = None

    def _moment_is_over(self) -> None:
        if self._enough is not None and not self._enough.done():
            self._enough.set_result(None)

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


class SharedRead(Generic[T]):
    """Calls that arrive while a read runs wait together for the next one.

    Nobody gets an answer that was read before they asked: a call never joins a read that has
    begun. So whoever wrote and then reads sees what they wrote, and a thousand callers cost two
    reads, not a thousand connections.
    """

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        async def for_all(callers: list[None]) -> list[T]:
            return [await read()] * len(callers)

        self._shared = SharedWrite(for_all, most=sys.maxsize)

    def __call__(self) -> Awaitable[T]:
        return self._shared(None)
