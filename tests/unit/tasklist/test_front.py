"""The front: one log line a request, whatever happens inside."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tasklist.front import AsgiApp, Front, Message
from tasklist.logs import JsonLog
from tasklist.metrics import Metrics


def ask(app: AsgiApp, *, draining: bool = False, **scope: Any) -> list[Message]:
    """Send a request through a front → the messages of the answer."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    log = JsonLog()
    front = Front(app, log, Metrics(lambda: (0, 0), lambda: log.lost))
    front.draining = draining
    whole = {"type": "http", "method": "GET", "path": "/", "headers": [], **scope}
    asyncio.run(front(whole, receive, send))
    assert front.in_flight == 0
    return sent


async def hello(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


async def broken(_scope: Any, _receive: Any, _send: Any) -> None:
    raise ValueError("a fault of ours")


async def silent(_scope: Any, _receive: Any, _send: Any) -> None:
    pass


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    ask(hello, path='/a\n\ud800"b', headers=[(b"x-amzn-trace-id", b"Root=1-a")])
    (line,) = lines(capsys)
    assert (line["event"], line["request_id"], line["status"]) == ("request", "Root=1-a", 200)
    assert line["path"] == '/a\n\ud800"b'


def test_an_error_is_logged_and_answered(capsys: pytest.CaptureFixture[str]) -> None:
    start, body = ask(broken)
    assert start["status"] == 500
    assert b"fault" not in body["body"]
    error, request = lines(capsys)
    assert error["error"] == "ValueError: a fault of ours"
    assert "test_front.py" in error["trace"]
    assert request["status"] == 500
    assert request["request_id"] == error["request_id"]


def test_a_client_that_left_is_499(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(silent) == []
    assert lines(capsys)[0]["status"] == 499


def test_head_has_no_body_and_the_same_headers() -> None:
    start, body = ask(hello, method="HEAD")
    assert (start["status"], body["body"]) == (200, b"")


def test_while_draining_each_answer_closes_its_connection() -> None:
    assert (b"connection", b"close") in ask(hello, draining=True)[0]["headers"]
    assert (b"connection", b"close") not in ask(hello)[0]["headers"]


def test_a_log_that_nobody_reads_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        class buffer:  # noqa: N801 - as in sys.stdout
            @staticmethod
            def write(_line: bytes) -> None:
                raise BrokenPipeError

    log = JsonLog()
    monkeypatch.setattr("sys.stdout", Gone)
    log.info("x")
    assert log.lost == 1
