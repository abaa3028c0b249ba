from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drydock.errors import ProgramMissing
from drydock.region.dataplane.balancer.balancer import Balancer
from drydock.region.dataplane.balancer.program import haproxy_program
from tests.support.spawner import LocalSpawner
from tests.unit.region.dataplane.balancer.targets import Server, listening


@pytest.fixture(scope="session")
def haproxy() -> str:
    try:
        return haproxy_program()
    except ProgramMissing as missing:
        pytest.skip(missing.cause)


@pytest.fixture
def spawner() -> Iterator[LocalSpawner]:
    spawner = LocalSpawner()
    yield spawner
    spawner.close()
    for child in spawner.children:
        child.wait(10)


@pytest.fixture
def server() -> Iterator[Callable[[], Server]]:
    made: list[Server] = []

    def make() -> Server:
        made.append(Server())
        return made[-1]

    yield make
    for each in made:
        each.die()


@pytest.fixture
def front() -> Iterator[socket.socket]:
    with listening() as made:
        yield made


@pytest.fixture
def balancer(haproxy: str, spawner: LocalSpawner, tmp_path: Path) -> Iterator[Balancer]:
    balancer = Balancer(spawner, tmp_path, "lb")
    yield balancer
    balancer.stop()
