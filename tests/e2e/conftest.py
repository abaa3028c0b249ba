"""What the end-to-end tests of the sample application share: one PostgreSQL, one server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.postgres import Postgres
from tests.support.tasklist import Tasklist, run_tasklist


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def tasklist(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tasklist]:
    """A migrated database `app` with a server on it."""
    folder = tmp_path_factory.mktemp("tasklist")
    done = run_tasklist("updatedb", env=postgres.environment(), cwd=folder)
    assert done.returncode == 0, done.stderr
    with Tasklist(postgres.environment(), folder) as server:
        yield server


@pytest.fixture
def client(tasklist: Tasklist, postgres: Postgres) -> Iterator[httpx.Client]:
    """A client of that server whose list has the three first tasks again, with ids 1, 2 and 3."""
    with postgres.connect() as connection:
        connection.execute("TRUNCATE tasks RESTART IDENTITY")
        connection.execute(
            "INSERT INTO tasks (completed, priority, title) VALUES "
            "(false, 0, '1st Task'), (false, 1, '2nd Task'), (false, 2, '3rd Task')"
        )
    with tasklist.client() as client:
        yield client


@pytest.fixture
def own_database(postgres: Postgres, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a database that does not exist yet and is dropped afterwards."""
    name = f"db {request.node.name}"[:60]
    yield name
    with postgres.connect("postgres") as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder without conf.toml."""
    return tmp_path
