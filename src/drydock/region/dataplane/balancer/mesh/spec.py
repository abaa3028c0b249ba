"""The settings of a proxy beside a task. Plain values."""

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
    """The key of its target; unique among routes."""
    name: str
    port: int
    protocol: Protocol
    idle: float
    """Seconds after which a silent connection ends; 0: never."""
    request: float
    """Seconds that an answer may take; 0: for ever."""


@dataclass(frozen=True)
class IngressPort:
    """A port of the task's own address where the proxy takes calls to another port of it."""

    port: int
    to: int
    protocol: Protocol
    idle: float


@dataclass(frozen=True)
class Mesh:
    """All routes and ingress ports; the servers of the routes change independently."""

    routes: Sequence[Route]
    ingress: Sequence[IngressPort] = ()


def places(routes: Sequence[Route]) -> dict[str, IPv4Address]:
    """Return the local address of each name: the same for all of its ports."""
    names = dict.fromkeys(route.name for route in routes)
    return {name: _FIRST + number for number, name in enumerate(names)}


def reachable(routes: Sequence[Route]) -> list[Route]:
    """Return the first of the routes with the same name and port."""
    found: dict[tuple[str, int], Route] = {}
    for route in routes:
        found.setdefault((route.name, route.port), route)
    return list(found.values())
