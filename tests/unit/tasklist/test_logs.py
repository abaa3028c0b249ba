"""Lines of the log: whole, in order, and none lost without being counted."""

from __future__ import annotations

import asyncio
import io
import json
import select
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from tasklist.logs import JsonLog, now


class Pipe(io.RawIOBase):
    """Keeps each write; breaks when told to."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.broken = False

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        if self.broken:
            raise BrokenPipeError
        self.writes.append(bytes(memoryview(data)))  # type: ignore[arg-type]
        return len(self.writes[-1])


def as_stdout(monkeypatch: pytest.MonkeyPatch) -> Pipe:
    """In the test itself: pytest puts its own stdout in place after the fixtures."""
    raw = Pipe()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=io.BufferedWriter(raw)))
    return raw


def requests(log: JsonLog, count: int, path: str = "/") -> None:
    async def scenario() -> None:
        for number in range(count):
            log.request(f"r{number}", "GET", path, 200, 1.5)
        await asyncio.sleep(0)

    asyncio.run(scenario())


def test_requests_of_one_turn_are_written_together_in_writes_that_a_pipe_keeps_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe = as_stdout(monkeypatch)
    requests(JsonLog(), 100)
    lines = [line for write in pipe.writes for line in write.splitlines()]
    assert [json.loads(line)["request_id"] for line in lines] == [f"r{n}" for n in range(100)]
    assert 1 < len(pipe.writes) < 10
    assert all(write.endswith(b"\n") and len(write) <= select.PIPE_BUF for write in pipe.writes)


def test_a_line_that_is_longer_than_that_is_written_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe = as_stdout(monkeypatch)
    requests(JsonLog(), 2, "/" + "x" * select.PIPE_BUF)
    assert [json.loads(write)["request_id"] for write in pipe.writes] == ["r0", "r1"]


def test_an_event_is_written_at_once_and_after_what_came_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe = as_stdout(monkeypatch)
    log = JsonLog()

    async def scenario() -> None:
        log.request("r", "GET", "/", 200, 1.5)
        log.info("draining")
        assert [json.loads(line)["event"] for line in b"".join(pipe.writes).splitlines()] == [
            "request",
            "draining",
        ]

    asyncio.run(scenario())


def test_what_nobody_takes_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = as_stdout(monkeypatch)
    log = JsonLog()
    pipe.broken = True
    requests(log, 3)
    assert log.lost == 3
    pipe.broken = False
    sys.stdout.buffer.flush()  # so that nothing is left for the end of this process


def test_the_time_is_utc_with_milliseconds() -> None:
    assert len(now()) == len("2026-01-01T00:00:00.000Z")
    assert abs(datetime.fromisoformat(now()) - datetime.now(UTC)) < timedelta(seconds=5)
