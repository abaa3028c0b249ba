"""Who stands at a paused server's door."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from drydock.region.dataplane.database.waker import Waker
from tests.support.waiting import eventually


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """Answers every line with itself in capitals; it listens only when the test says so."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    yield bound
    bound.close()


def serve(server: socket.socket) -> None:
    def answer(client: socket.socket) -> None:
        with client, client.makefile("rwb") as lines:
            for line in lines:
                lines.write(line.upper())
                lines.flush()

    def accept() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(client,), daemon=True).start()

    server.listen(64)
    threading.Thread(target=accept, daemon=True).start()


def test_clients_that_came_before_the_server_are_served_once_it_is_there(
    server: socket.socket,
) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    door, calls = listener.getsockname(), []
    waker = Waker(listener, server.getsockname(), nullcontext, lambda: calls.append(1))
    clients = [socket.create_connection(door, timeout=5) for _ in range(20)]
    for number, client in enumerate(clients):
        client.sendall(f"hello {number}\n".encode())
    eventually(lambda: calls, "the first one wakes")
    assert waker.woken
    serve(server)
    waker.lead_on()
    late = socket.create_connection(door, timeout=5)
    late.sendall(b"late\n")
    for number, client in enumerate(clients):
        assert client.recv(64) == f"HELLO {number}\n".encode()
    assert late.recv(64) == b"LATE\n"
    assert calls == [1]
    for client in (*clients, late):
        client.close()
    eventually(lambda: not waker.relaying, "nobody is led through any more")
    waker.close()


def test_who_is_held_when_it_closes_gets_an_end(server: socket.socket) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    woken = threading.Event()
    waker = Waker(listener, server.getsockname(), nullcontext, woken.set)
    with socket.create_connection(listener.getsockname(), timeout=5) as client:
        assert woken.wait(5)
        waker.close()
        assert client.recv(1) == b""
