"""The server in front of the API, asked over real sockets."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from drydock.region.api import bridge, server
from drydock.region.api.connection import Limits
from tests.support.waiting import eventually

SECONDS = 10
Address = tuple[str, int]


def echo(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def tell(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answers with what of the request is text."""
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({k: v for k, v in environ.items() if isinstance(v, str)}).encode()]


@contextmanager
def running(app: Any = echo, why_not: Any = None, **limits: Any) -> Iterator[Address]:
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    one = server.serve(app, [listener], "host", why_not, Limits(**limits))
    try:
        yield address
    finally:
        one.close()


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    with running() as address, socket.create_connection(address, SECONDS) as connection:
        yield connection


def ask(connection: socket.socket, length: int) -> None:
    head = (
        f"PUT /key HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    connection.sendall(head.encode())


def answer(connection: socket.socket, end: bytes = b"\r\n\r\n") -> bytes:
    found = b""
    while not found.endswith(end):
        part = connection.recv(65536)
        assert part, found
        found += part
    return found


def get(address: Address, text: str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") -> bytes:
    """All that is answered until the connection is closed."""
    with socket.create_connection(address, SECONDS) as one:
        one.sendall(text.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1).encode())
        return until_closed(one)


def until_closed(one: socket.socket) -> bytes:
    found = bytearray()
    while part := one.recv(1024 * 1024):
        found += part
    return bytes(found)


def ended(one: socket.socket) -> bool:
    """Whether the server closes the connection, in time, without an answer."""
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_body_that_waits_to_be_asked_for_is_asked_for(connection: socket.socket) -> None:
    ask(connection, 4)
    assert answer(connection).startswith(b"HTTP/1.1 100")
    connection.sendall(b"body")
    assert answer(connection, b"body").startswith(b"HTTP/1.1 200")


def test_no_body_needs_no_asking(connection: socket.socket) -> None:
    for _ in range(2):
        ask(connection, 0)
        assert answer(connection).startswith(b"HTTP/1.1 200")


def test_head_and_body_of_an_answer_leave_in_one_piece() -> None:
    """Each read finds a whole answer, although the body follows the head."""
    with running() as address, socket.create_connection(address, SECONDS) as one:
        for _ in range(50):
            one.sendall(b"PUT /key HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody")
            assert one.recv(65536).endswith(b"\r\n\r\nbody")


def test_a_path_is_decoded_once_and_headers_keep_their_values() -> None:
    with running(tell) as address:
        head = "GET /b/a%252Fb%3Fc?d=%2F HTTP/1.1\r\nHost: localhost\r\nX-One: 1\r\nx-one: 2\r\n"
        found = json.loads(get(address, head + "x_one: 3\r\n\r\n").partition(b"\r\n\r\n")[2])
    assert found["PATH_INFO"] == "/b/a%2Fb?c"
    assert found["RAW_URI"] == "/b/a%252Fb%3Fc?d=%2F"
    assert found["QUERY_STRING"] == "d=%2F"
    assert found["HTTP_X_ONE"] == "1,2"


def test_a_large_body_goes_by_a_file_and_comes_back() -> None:
    size = 3 * 1024 * 1024
    kinds: list[bool] = []

    def digest(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        kinds.append(bool(environ["wsgi.input"]._rolled))
        body = environ["wsgi.input"].read()
        assert environ["CONTENT_LENGTH"] == str(size)
        start_response("200 OK", [])
        return [body]

    data = bytes(range(256)) * (size // 256)
    with running(digest) as address, socket.create_connection(address, SECONDS) as one:
        one.sendall(
            b"PUT /k HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for start in range(0, size, 65536):
            one.sendall(b"10000\r\n" + data[start : start + 65536] + b"\r\n")
        one.sendall(b"0\r\n\r\n")
        body = until_closed(one).partition(b"\r\n\r\n")[2]
    assert kinds == [True]
    assert hashlib.sha256(body).digest() == hashlib.sha256(data).digest()


def test_idle_connections_take_no_thread() -> None:
    with ExitStack() as stack:
        address = stack.enter_context(running())
        for _ in range(300):
            stack.enter_context(socket.create_connection(address, SECONDS))
        for _ in range(50):  # and those that have begun
            slow = stack.enter_context(socket.create_connection(address, SECONDS))
            slow.sendall(b"PUT /k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf")
        assert get(address).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", [b"", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: local"])
def test_a_head_that_does_not_come_is_not_waited_for(sent: bytes) -> None:
    limits = {"silent": 0.2, "head": 0.2}
    with running(**limits) as address, socket.create_connection(address, SECONDS) as one:
        one.sendall(sent)
        assert ended(one)


def test_a_second_head_that_does_not_come_is_not_waited_for() -> None:
    with running(head=0.2) as address, socket.create_connection(address, SECONDS) as one:
        one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer(one)
        one.sendall(b"G")
        assert ended(one)


def test_a_body_that_comes_too_slowly_is_answered_408() -> None:
    with running(body_grace=0.2) as address, socket.create_connection(address, SECONDS) as one:
        one.sendall(b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf")
        assert until_closed(one).startswith(b"HTTP/1.1 408")


def test_an_answer_that_is_not_read_is_given_up() -> None:
    size = 64 * 1024 * 1024

    def large(_: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b"x" * size]

    listener = socket.create_server(("127.0.0.1", 0))
    front = server.Front(large, Limits(stuck=0.2))
    running = front.serve([listener], "host")
    with socket.create_connection(listener.getsockname(), SECONDS) as one:
        one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert one.recv(1)
        eventually(lambda: not front.connections, "the connection is given up")
        assert len(until_closed(one)) < size
    running.close()
    front.close()


def test_one_connection_too_many_closes_the_one_that_is_idle_for_longest() -> None:
    with ExitStack() as stack:
        address = stack.enter_context(running(connections=3))
        first = stack.enter_context(socket.create_connection(address, SECONDS))
        for _ in range(3):
            stack.enter_context(socket.create_connection(address, SECONDS))
        assert ended(first)
        assert get(address).startswith(b"HTTP/1.1 200")


def test_too_large_a_head_or_body_is_refused() -> None:
    with running() as address:
        head = "GET / HTTP/1.1\r\nHost: localhost\r\n"
        assert b" 431 " in get(address, head + f"x: {'y' * 70_000}\r\n\r\n")[:40]
        for path, length in (("/_drydock/x", 1024**2 + 1), ("/?Action=x", 64 * 1024**2 + 1)):
            text = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
            said = get(address, text + "Content-Type: application/json\r\n\r\n")
            assert said.startswith(b"HTTP/1.1 413")


def test_what_is_too_much_is_shed_and_its_own_paths_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bridge, "_MOST", 9)
    begun, let_go = threading.Semaphore(0), threading.Event()

    def wait(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/":
            begun.release()
            assert let_go.wait(SECONDS)
        start_response("200 OK", [])
        return [b"done"]

    with ExitStack() as stack:
        address = stack.enter_context(running(wait))
        stack.callback(let_go.set)
        waiting = [
            stack.enter_context(socket.create_connection(address, SECONDS)) for _ in range(9)
        ]
        for one in waiting:
            one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for _ in range(8):
            assert begun.acquire(timeout=SECONDS)
        statuses = {get(address).split(b" ", 2)[1] for _ in range(2)}
        assert b"503" in statuses
        assert get(address, "GET /_drydock/x HTTP/1.1\r\nHost: localhost\r\n\r\n").endswith(b"done")
        let_go.set()
        for one in waiting:
            assert answer(one, b"done").startswith(b"HTTP/1.1 200")


def test_a_peer_is_asked_for_once_and_told_why_not() -> None:
    asked: list[tuple[Address, Address]] = []

    def why_not(client: Address, at: Address) -> str:
        asked.append((client, at))
        return "" if len(asked) == 1 else "not you"

    head = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with running(why_not=why_not) as address:
        with socket.create_connection(address, SECONDS) as one:
            for _ in range(3):
                one.sendall(head)
                assert answer(one).startswith(b"HTTP/1.1 200")
            assert asked == [(one.getsockname(), address)]
        said = get(address)
        assert said.startswith(b"HTTP/1.1 403")
        assert said.endswith(b"not you\n")


def test_a_refused_form_with_its_body_is_answered() -> None:
    form = "POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
    with running() as address:
        said = get(address, form + f"Content-Length: 1000\r\n\r\n{'x' * 1000}")
        assert said.startswith(b"HTTP/1.1 403")


def test_closing_answers_what_has_begun() -> None:
    begun, let_go = threading.Event(), threading.Event()

    def wait(_: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        begun.set()
        assert let_go.wait(SECONDS)
        start_response("200 OK", [])
        return [b"done"]

    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    one = server.serve(wait, [listener], "host")
    with socket.create_connection(address, SECONDS) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert begun.wait(SECONDS)
        closing = threading.Thread(target=one.close)
        closing.start()
        let_go.set()
        assert until_closed(client).endswith(b"done")
        closing.join(SECONDS)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, SECONDS)


def test_a_connection_that_is_reset_leaves_the_server_well() -> None:
    with running() as address:
        with socket.create_connection(address, SECONDS) as one:
            one.sendall(b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf")
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert get(address).startswith(b"HTTP/1.1 200")
