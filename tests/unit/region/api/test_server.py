"""The server in front of the API, asked over real sockets."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from drydock.region.api import server

SECONDS = 10


def echo(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    running = server.serve(echo, [listener])
    with socket.create_connection(address, SECONDS) as connection:
        yield connection
    running.close()


def ask(connection: socket.socket, length: int) -> None:
    head = f"PUT /key HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    connection.sendall(head.encode())


def answer(connection: socket.socket, end: bytes = b"\r\n\r\n") -> bytes:
    found = b""
    while not found.endswith(end):
        part = connection.recv(4096)
        assert part, found
        found += part
    return found


def test_a_body_that_waits_to_be_asked_for_is_asked_for(connection: socket.socket) -> None:
    ask(connection, 4)
    assert answer(connection).startswith(b"HTTP/1.1 100")
    connection.sendall(b"body")
    assert answer(connection, b"body").startswith(b"HTTP/1.1 200")


def test_no_body_needs_no_asking(connection: socket.socket) -> None:
    for _ in range(2):
        ask(connection, 0)
        assert answer(connection).startswith(b"HTTP/1.1 200")
