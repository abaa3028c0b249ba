"""Whose a connection is, as the kernel says it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from drydock.region.host import peers


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


def test_a_connection_is_its_processs_users(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()) as client:
        assert peers.owner(client.getsockname(), listener.getsockname()) == os.geteuid()
        assert peers.why_not(client.getsockname(), listener.getsockname()) == ""
        other = (client.getsockname()[0], 1)
        assert peers.owner(other, listener.getsockname()) is None


def test_one_that_nobody_has_open_any_more_is_nobodys(listener: socket.socket) -> None:
    """The kernel shows it as user 0's, whoever's it was."""
    client = socket.create_connection(listener.getsockname())
    address = client.getsockname()
    accepted, _ = listener.accept()
    with accepted:
        client.close()
        assert accepted.recv(1) == b""
        assert peers.owner(address, listener.getsockname()) is None
        assert "closed" in peers.why_not(address, listener.getsockname())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_is_named(listener: socket.socket) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        client = socket.create_connection(listener.getsockname())
        os.write(writer, str(client.getsockname()[1]).encode())
        client.recv(1)
        os._exit(0)
    accepted, address = listener.accept()
    with accepted:
        assert int(os.read(reader, 16)) == address[1]
        assert peers.owner(address, listener.getsockname()) == 65534
        assert "not user 65534" in peers.why_not(address, listener.getsockname())
    os.waitpid(child, 0)
    os.close(reader)
    os.close(writer)


def test_a_kernel_that_cannot_be_asked_lets_nobody_in(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(93, "Protocol not supported")

    monkeypatch.setattr(peers, "owner", refuse)
    words = peers.why_not(("127.0.0.1", 1), listener.getsockname())
    assert "Protocol not supported" in words
    assert "allow_users" in words
