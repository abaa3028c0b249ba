"""Plan which servers a proxy must add, drain and remove. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from drydock.region.dataplane.balancer.mesh.config import backend_name
from drydock.region.dataplane.balancer.mesh.spec import Mesh, Protocol, Server

Verb: TypeAlias = Literal["add", "ready", "spare", "forget"]


@dataclass(frozen=True)
class Step:
    """One change of one server; `spare`: no new calls, current ones continue."""

    verb: Verb
    backend: str
    server: str
    protocol: Protocol = "tcp"


def server_name(server: Server) -> str:
    """Return a server's name, which is also the address that HAProxy connects to."""
    return f"{server[0]}:{server[1]}"


def plan(
    mesh: Mesh,
    wanted: Mapping[str, Collection[Server]],
    seen: Mapping[tuple[str, str], tuple[bool, int]],
) -> list[Step]:
    """Return the changes. New servers come first, so that there is one whenever others go.

    `wanted`: a route's key → its servers. `seen`: backend and server → whether it takes calls, and
    how many it has in progress.
    """
    coming: list[Step] = []
    going: list[Step] = []
    for route in mesh.routes:
        backend = backend_name(route.key)
        names = {server_name(one) for one in wanted.get(route.key, ())}
        present = {server for proxy, server in seen if proxy == backend}
        coming += [Step("add", backend, one, route.protocol) for one in sorted(names - present)]
        resting = (one for one in sorted(names & present) if not seen[backend, one][0])
        coming += [Step("ready", backend, one) for one in resting]
        for name in sorted(present - names):
            takes, busy = seen[backend, name]
            if takes:
                going.append(Step("spare", backend, name))
            elif not busy:
                going.append(Step("forget", backend, name))
    return [*coming, *going]
