"""Few reads, and never an answer older than the question; few writes, and each has its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator

import pytest

from tasklist import sharing
from tasklist.sharing import MOST_TOGETHER, SharedRead, SharedWrite


class Source:
    """A value whose reads wait until they are let go."""

    def __init__(self) -> None:
        self.value = 0
        self.reads = 0
        self.gate = asyncio.Event()

    async def read(self) -> int:
        self.reads += 1
        seen = self.value  # a snapshot, as a query takes one when it begins
        await self.gate.wait()
        return seen


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_many_who_ask_together_cost_two_reads() -> None:
    async def scenario() -> None:
        source = Source()
        shared = SharedRead(source.read)
        first = asyncio.ensure_future(shared())
        await settle()
        others = [asyncio.ensure_future(shared()) for _ in range(100)]
        await settle()
        source.gate.set()
        assert await first == 0
        assert set(await asyncio.gather(*others)) == {0}
        assert source.reads == 2

    asyncio.run(scenario())


def test_an_answer_is_never_older_than_the_question() -> None:
    async def scenario() -> None:
        source = Source()
        shared = SharedRead(source.read)
        early = asyncio.ensure_future(shared())
        await settle()
        source.value = 1  # a write, then a question
        late = asyncio.ensure_future(shared())
        await settle()
        source.gate.set()
        assert (await early, await late) == (0, 1)

    asyncio.run(scenario())


def test_a_read_that_fails_fails_its_own_callers_only() -> None:
    async def scenario() -> None:
        outcomes: Iterator[Exception | int] = iter([ValueError("down"), 7])

        async def read() -> int:
            outcome = next(outcomes)
            await asyncio.sleep(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        shared = SharedRead(read)
        together = await asyncio.gather(shared(), shared(), return_exceptions=True)
        assert [type(outcome) for outcome in together] == [ValueError, ValueError]
        assert await shared() == 7

    asyncio.run(scenario())


def test_one_who_gives_up_takes_nothing_from_the_others() -> None:
    async def scenario() -> None:
        source = Source()
        shared = SharedRead(source.read)
        impatient = asyncio.ensure_future(shared())
        patient = asyncio.ensure_future(shared())
        await settle()
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        source.gate.set()
        assert await patient == 0

    asyncio.run(scenario())


def test_while_many_ask_the_first_waits_for_half_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOMENT", 600.0)

    async def scenario() -> None:
        source = Source()
        source.gate.set()
        shared = SharedRead(source.read)
        await asyncio.gather(*(shared() for _ in range(8)))
        reads = source.reads
        few = [asyncio.ensure_future(shared()) for _ in range(3)]
        await settle()
        assert source.reads == reads
        assert await asyncio.wait_for(shared(), 60) == 0
        assert source.reads == reads + 1
        assert all(caller.done() for caller in few)

    asyncio.run(scenario())


def test_who_comes_alone_after_many_waits_for_a_moment_and_then_for_nobody() -> None:
    async def scenario() -> None:
        source = Source()
        source.gate.set()
        shared = SharedRead(source.read)
        await asyncio.gather(*(shared() for _ in range(8)))
        for _ in range(5):
            assert await asyncio.wait_for(shared(), 60) == 0
        alone = asyncio.ensure_future(shared())
        await settle()  # turns of the loop, no time
        assert alone.done()

    asyncio.run(scenario())


class Sink:
    """Writes wait until they are let go; a negative number cannot be written."""

    def __init__(self) -> None:
        self.written: list[list[int]] = []
        self.gate = asyncio.Event()

    async def write(self, items: list[int]) -> list[str]:
        self.written.append(items)
        await self.gate.wait()
        if min(items) < 0:
            raise ValueError("down")
        return [f"wrote {item}" for item in items]


def test_who_writes_meanwhile_is_written_together_in_order() -> None:
    async def scenario() -> None:
        sink = Sink()
        shared = SharedWrite(sink.write)
        callers = [asyncio.ensure_future(shared(0))]
        await settle()
        callers += [asyncio.ensure_future(shared(n)) for n in range(1, 6)]
        await settle()
        assert sink.written == [[0]]
        assert not any(caller.done() for caller in callers)
        sink.gate.set()
        assert await asyncio.gather(*callers) == [f"wrote {n}" for n in range(6)]
        assert sink.written == [[0], [1, 2, 3, 4, 5]]
        assert await shared(6) == "wrote 6"

    asyncio.run(scenario())


def test_a_write_that_fails_fails_its_own_callers_only() -> None:
    async def scenario() -> None:
        sink = Sink()
        shared = SharedWrite(sink.write)
        failing = [asyncio.ensure_future(shared(n)) for n in (-1, 1)]
        await settle()
        good = asyncio.ensure_future(shared(2))
        await settle()
        sink.gate.set()
        outcomes = await asyncio.gather(*failing, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ValueError, ValueError]
        assert await good == "wrote 2"

    asyncio.run(scenario())


def test_one_writer_who_gives_up_takes_nothing_from_the_others_and_no_write_is_endless() -> None:
    async def scenario() -> None:
        sink = Sink()
        shared = SharedWrite(sink.write)
        count = MOST_TOGETHER + 5
        callers = [asyncio.ensure_future(shared(n)) for n in range(count)]
        await settle()
        callers[1].cancel()
        sink.gate.set()
        outcomes = await asyncio.gather(*callers, return_exceptions=True)
        assert isinstance(outcomes.pop(1), asyncio.CancelledError)
        assert outcomes == [f"wrote {n}" for n in range(count) if n != 1]
        assert [len(together) for together in sink.written] == [MOST_TOGETHER, 5]

    asyncio.run(scenario())


def test_a_write_that_gives_too_few_answers_fails_and_the_next_goes_on() -> None:
    async def play() -> list[object]:
        async def write(items: list[int]) -> list[int]:
            return [] if 1 in items else items

        shared = SharedWrite(write)
        return [await asyncio.wait_for(_outcome(shared(item)), 5) for item in (1, 2)]

    async def _outcome(call: Awaitable[int]) -> object:
        try:
            return await call
        except ValueError as error:
            return type(error)

    assert asyncio.run(play()) == [ValueError, 2]
