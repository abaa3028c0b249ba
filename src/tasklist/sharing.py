"""Share one read, or one write, among all callers that ask at the same time."""

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
    """Batches calls that arrive while a write runs into the next write.

    Many clients that each send a request as soon as they have their last answer would cause a write
    for every two or three of them. So under load a write waits until half of them are there, or for a moment.

    Each caller has the answer once its own write is done. If a write fails, it fails for all callers
    in it; so errors that concern one caller only must have been ruled out before.
    """

    def __init__(
        self, write: Callable[[list[W]], Awaitable[list[T]]], most: int = MOST_TOGETHER
    ) -> None:
        self._write = write
        self._most = most
        self._waiting: list[tuple[W, asyncio.Future[T]]] = []
        self._usual = 0  # recent number of simultaneous callers
        self._enough: asyncio.Future[None] | None = None
        self._wanted = 0
        self._running: asyncio.Task[None] | None = None

    def __call__(self, item: W) -> Awaitable[T]:
        # a future for each caller: one that gives up must not cancel the others' answer
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
        """Wait for half of the recent number of callers; the other half is served by the next write."""
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

    A call never joins a read that has begun, so no caller gets an answer that was read before it asked.
    A client that wrote and then reads sees its own write, and a thousand callers cost two reads, not a
    thousand connections.
    """

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        async def for_all(callers: list[None]) -> list[T]:
            return [await read()] * len(callers)

        self._shared = SharedWrite(for_all, most=sys.maxsize)

    def __call__(self) -> Awaitable[T]:
        return self._shared(None)
