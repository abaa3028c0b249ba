"""The sockets of the DNS server on the host's loopback: one port for UDP and TCP, remembered."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from drydock import saved
from drydock.errors import PortUnavailable
from drydock.region.host.porter_client import PorterClient

_OTHERS = 50
"""How many ports after the wanted one are tried."""


@dataclass(frozen=True)
class DnsSockets:
    """Sockets bound to 127.0.0.1; `tcp` listens."""

    udp: socket.socket
    tcp: socket.socket
    port: int


def candidates(wanted: int, memory: Path) -> list[int]:
    """Return the ports to try: last time's, if the same one was wanted then, and those from
    `wanted`.
    """
    remembered = saved.ports(memory)
    known = "port" in remembered and remembered.get("wanted") == wanted
    last = [remembered["port"]] if known else []
    return list(dict.fromkeys([*last, *range(wanted, min(wanted + _OTHERS, 65536))]))


def bind(porter: PorterClient, wanted: int, memory: Path) -> DnsSockets:
    """Request the first port that is free for both UDP and TCP. Raises PortUnavailable."""
    left = candidates(wanted, memory)
    while left:
        tcp, port = porter.bind(left)
        try:
            udp, _ = porter.bind([port], udp=True)
        except PortUnavailable:
            tcp.close()
            left = left[left.index(port) + 1 :]
            continue
        saved.write(memory, {"wanted": wanted, "port": port})
        return DnsSockets(udp, tcp, port)
    raise PortUnavailable(
        f"no host port from {wanted} to {wanted + _OTHERS - 1} can be bound for DNS",
        "UDP or TCP of each is taken",
        "free one of them, or set `dns_port` of [region] in drydock.toml",
    )
