"""Real servers on free loopback ports, started as the region starts them but without namespaces."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from drydock.errors import ProgramMissing
from drydock.region.dataplane.database import versions
from drydock.region.dataplane.database.server import PostgresServer
from drydock.region.dataplane.database.spec import ServerSpec, StopMode
from drydock.region.dataplane.processes.client import OnExit, Process
from drydock.region.dataplane.processes.protocol import ProcessSpec
from tests.support.spawner import LocalSpawner

MakeServer = Callable[..., PostgresServer]


class UserSpawner(LocalSpawner):
    """Keeps to uid and gid of a spec, in a user namespace, where the tests run as root."""

    def __init__(self) -> None:
        super().__init__()
        self.specs: list[ProcessSpec] = []

    def spawn(self, spec: ProcessSpec, on_exit: OnExit | None = None) -> Process:
        self.specs.append(spec)
        if os.geteuid() == 0 and spec.uid is not None:
            user = ["unshare", "-U", f"--map-user={spec.uid}", f"--map-group={spec.gid}"]
            spec = replace(spec, argv=[*user, *spec.argv])
        return super().spawn(spec, on_exit)


@pytest.fixture(scope="session")
def installation() -> versions.Installation:
    try:
        newest = max(versions.find(), key=lambda one: one.major, default=None)
    except ProgramMissing:
        newest = None
    if newest is None:
        pytest.skip("no PostgreSQL server on this machine")
    if os.geteuid() == 0:
        probe = subprocess.run(["unshare", "-U", "true"], capture_output=True, check=False)
        if probe.returncode != 0:
            pytest.skip("PostgreSQL refuses root, and there are no user namespaces here")
    return newest


@pytest.fixture
def spawner() -> Iterator[UserSpawner]:
    spawner = UserSpawner()
    yield spawner
    for child in spawner.children:
        if child.poll() is None:
            os.killpg(child.pid, 9)
        child.wait(10)


@pytest.fixture(scope="session")
def made(
    installation: versions.Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A server's folder after its first run, to be copied: most tests are not about initdb."""
    folder = tmp_path_factory.mktemp("made") / "server"
    maker = UserSpawner()
    spec = ServerSpec(folder, installation, "127.0.0.1", free_port(), listen="127.0.0.1")
    server = PostgresServer(maker, spec)
    server.initialise()
    server.start()
    server.stop()
    yield folder
    maker.close()


@pytest.fixture
def make_server(
    spawner: UserSpawner, installation: versions.Installation, made: Path, tmp_path: Path
) -> Iterator[MakeServer]:
    """Makes servers on copies of `made` (`empty=True`: without files), and ends them."""
    servers: list[PostgresServer] = []

    def make(name: str = "db", *, empty: bool = False, **wanted: Any) -> PostgresServer:
        options = {key: wanted.pop(key) for key in ("enter", "on_exit") if key in wanted}
        folder = tmp_path / name
        if not empty and not folder.exists():
            shutil.copytree(made, folder)
        wanted.setdefault("installation", installation)
        wanted.setdefault("port", free_port())
        spec = ServerSpec(folder, hostaddr="127.0.0.1", listen="127.0.0.1", **wanted)
        servers.append(PostgresServer(spawner, spec, **options))
        return servers[-1]

    yield make
    for server in servers:
        server.stop(StopMode.IMMEDIATE)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def log_in(
    server: PostgresServer, user: str, password: str, database: str
) -> psycopg.Connection[tuple[Any, ...]]:
    """As a client of the server would."""
    return psycopg.connect(
        host="127.0.0.1",
        port=server.spec.port,
        user=user,
        password=password,
        dbname=database,
        autocommit=True,
        connect_timeout=5,
    )
