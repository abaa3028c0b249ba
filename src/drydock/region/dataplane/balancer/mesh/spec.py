"""What a proxy beside a task is asked for. Plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Literal, TypeAlias

Protocol: TypeAlias = Literal["tcp", "http", "http2", "grpc"]
Server: TypeAlias = tuple[IPv4Address, int]

_FIRST = IPv4Address("127.255.0.1")


@dataclass(frozen=True)
class Route:
    """A name and port that the task may call."""

    key: str
    """Of whom it leads to; no two routes have the same."""
    name: str
    port: int
    protocol: Protocol
    idle: float
    """Seconds after which a silent connection ends; 0: never."""
    request: float
    """Seconds that an answer may take; 0: for ever."""


@dataclass(frozen=True)
class IngressPort:
    """A port of the task's own address where the proxy takes what is meant for another port of it."""

    port: int
    to: int
    protocol: Protocol
    idle: float


@dataclass(frozen=True)
class Mesh:
    """All of it; the servers of the routes come and go beside it."""

    routes: Sequence[Route]
    ingress: Sequence[IngressPort] = ()


def places(routes: Sequence[Route]) -> dict[str, IPv4Address]:
    """The local address of each name: the same for all of its ports."""
    names = dict.fromkeys(route.name for route in routes)
    return {name: _FIRST + number for number, name in enumerate(names)}


def reachable(routes: Sequence[Route]) -> list[Route]:
    """Of routes with the same name and port, the first one."""
    found: dict[tuple[str, int], Route] = {}
    for route in routes:
        found.setdefault((route.name, route.port), route)
    return list(found.values())
