"""Addresses and the listening socket."""

from __future__ import annotations

import socket
import sys

import pytest

from tasklist.errors import ListenError
from tasklist.listener import address_of, ignore_newcomers, own_listeners, resolve


def test_a_name_becomes_an_ipv4_address() -> None:
    assert resolve("localhost", 0) == ("127.0.0.1", 0)


def test_a_taken_port_is_refused_even_if_it_would_be_shared() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ListenError, match="already in use"):
            resolve("127.0.0.1", other.getsockname()[1])


def test_a_host_that_is_not_ours() -> None:
    with pytest.raises(ListenError, match=r"cannot listen on 192\.0\.2\.1"):
        resolve("192.0.2.1", 3000)


def test_own_listeners_are_found_once_each() -> None:
    before = {listener.getsockname() for listener in closed_after(own_listeners())}
    with socket.create_server(("127.0.0.1", 0)) as server, server.dup():
        found = closed_after(own_listeners())
        names = [name for name in (one.getsockname() for one in found) if name not in before]
        assert names == [server.getsockname()]
        assert address_of(server) == f"http://127.0.0.1:{server.getsockname()[1]}"
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as six:
        assert address_of(six).startswith("http://[::1]:")


class closed_after(list[socket.socket]):  # noqa: N801 - reads as what it does
    """The sockets, closed once nobody looks at them any more."""

    def __del__(self) -> None:
        for one in self:
            one.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="socket filters are Linux's")
def test_newcomers_are_ignored_while_the_others_stay() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as old,
    ):
        accepted, _ = server.accept()
        with accepted, socket.socket() as newcomer:
            ignore_newcomers(server)
            newcomer.settimeout(0.2)
            with pytest.raises(TimeoutError):
                newcomer.connect(server.getsockname())
            old.sendall(b"still here")
            assert accepted.recv(100) == b"still here"
