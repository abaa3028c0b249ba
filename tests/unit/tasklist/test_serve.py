"""Stopping: whatever goes wrong while draining, the server is told to stop."""

from __future__ import annotations

import asyncio
import json
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from tasklist import serve
from tasklist.logs import JsonLog


def drain(front: Any) -> list[str]:
    """What `_drain` told the server."""
    told: list[str] = []
    server: Any = SimpleNamespace(stop=lambda: told.append("stop"))
    asyncio.run(serve._drain(front, server, JsonLog()))
    return told


def refuse(_listener: socket.socket) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_a_kernel_that_refuses_the_filter_does_not_keep_the_server_from_stopping(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "ignore_newcomers", refuse)
    front = SimpleNamespace(draining=False, in_flight=0, last_request=0.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(serve, "own_listeners", lambda: [listener.dup()])
        assert drain(front) == ["stop"]
    assert front.draining
    line = json.loads(capsys.readouterr().out)
    assert "Operation not permitted" in line["reason"]


def test_an_error_while_draining_stops_the_server_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "own_listeners", list)
    told: list[str] = []
    server: Any = SimpleNamespace(stop=lambda: told.append("stop"))
    broken: Any = SimpleNamespace()  # it counts nothing
    with pytest.raises(AttributeError):
        asyncio.run(serve._drain(broken, server, JsonLog()))
    assert told == ["stop"]
