"""The host's DNS port: one number for UDP and TCP, the same one as last time."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from drydock.errors import PortUnavailable
from drydock.region.host.dns_sockets import bind, candidates


class Porter:
    """Binds in this process what is not said to be taken."""

    def __init__(self, tcp: set[int] | None = None, udp: set[int] | None = None) -> None:
        self._taken = {False: tcp or set(), True: udp or set()}

    def bind(self, ports: list[int], *, udp: bool = False) -> tuple[socket.socket, int]:
        for port in ports:
            if port not in self._taken[udp]:
                kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
                return socket.socket(socket.AF_INET, kind), port
        raise PortUnavailable("no host port")


def bound(porter: Porter, memory: Path, wanted: int = 5354) -> int:
    found = bind(porter, wanted, memory)  # type: ignore[arg-type]
    assert (found.udp.type, found.tcp.type) == (socket.SOCK_DGRAM, socket.SOCK_STREAM)
    found.udp.close()
    found.tcp.close()
    return found.port


def test_the_wanted_port_or_the_next_that_both_can_have(tmp_path: Path) -> None:
    assert bound(Porter(), tmp_path / "a") == 5354
    assert bound(Porter(tcp={5354}), tmp_path / "b") == 5355
    assert bound(Porter(tcp={5354}, udp={5355, 5356}), tmp_path / "c") == 5357


def test_the_port_of_last_time_comes_first_unless_another_is_wanted_now(tmp_path: Path) -> None:
    memory = tmp_path / "dns.json"
    assert bound(Porter(tcp={5354}), memory) == 5355
    assert bound(Porter(), memory) == 5355
    assert bound(Porter(udp={5355}), memory) == 5354
    assert bound(Porter(), memory, wanted=6000) == 6000
    assert (memory.stat().st_mode & 0o077) == 0
    assert candidates(65530, memory)[-1] == 65535


def test_when_none_can_be_had_the_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(PortUnavailable, match="no host port"):
        bind(Porter(tcp=set(range(5354, 5404))), 5354, tmp_path / "x")  # type: ignore[arg-type]
    with pytest.raises(PortUnavailable, match="dns_port"):
        bind(Porter(udp=set(range(5354, 5404))), 5354, tmp_path / "x")  # type: ignore[arg-type]
