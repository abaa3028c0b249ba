"""A server that follows another: complete, up to date, read only, and back after any end."""

from __future__ import annotations

import os
import shutil
import signal

import psycopg
import pytest

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database.server import PostgresServer
from drydock.region.dataplane.database.spec import Upstream
from tests.support.waiting import eventually

from .conftest import MakeServer, UserSpawner


@pytest.fixture
def writer(make_server: MakeServer) -> PostgresServer:
    server = make_server("writer")
    server.start()
    with server.connect() as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    return server


def _follower(make_server: MakeServer, writer: PostgresServer, name: str) -> PostgresServer:
    server = make_server(name, empty=True, upstream=Upstream(writer.spec.folder, writer.spec.port))
    server.initialise()
    server.start()
    return server


def _streams(writer: PostgresServer, *names: str) -> None:
    eventually(lambda: writer.followers() == set(names), f"{names} follow", 20)


def _rows(server: PostgresServer) -> list[int]:
    with server.connect() as connection:
        return [row[0] for row in connection.execute("SELECT n FROM kept ORDER BY n")]


def _insert(server: PostgresServer, value: int) -> None:
    with server.connect() as connection:
        connection.execute("INSERT INTO kept VALUES (%s)", (value,))


def test_it_has_what_was_there_and_what_comes(
    make_server: MakeServer, writer: PostgresServer, spawner: UserSpawner
) -> None:
    reader = _follower(make_server, writer, "reader")
    assert reader.probe().in_recovery
    assert not writer.probe().in_recovery
    _streams(writer, "reader")
    _insert(writer, 2)
    eventually(lambda: _rows(reader) == [1, 2], "the row arrives", 10)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        _insert(reader, 3)
    with writer.connect() as connection:
        ways = connection.execute("SELECT client_addr FROM pg_stat_replication").fetchall()
    assert ways == [(None,)], "over the socket, not over the network"
    told = " ".join(" ".join(spec.argv) + str(spec.env) for spec in spawner.specs)
    assert writer.folder.password() not in told
    assert writer.folder.password() not in (reader.folder.data / "postgresql.conf").read_text()
    loose = [path for path in reader.folder.path.rglob("*") if path.stat().st_mode & 0o077]
    assert [path for path in loose if not path.is_socket()] == []


def test_it_goes_on_where_it_was(make_server: MakeServer, writer: PostgresServer) -> None:
    reader = _follower(make_server, writer, "reader")
    _streams(writer, "reader")
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGKILL)
    eventually(lambda: not reader.running, "it is gone", 10)
    _insert(writer, 2)
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    eventually(lambda: not writer.running, "the writer is gone too", 10)
    writer.start()
    _insert(writer, 3)
    reader.start()
    _streams(writer, "reader")
    eventually(lambda: _rows(reader) == [1, 2, 3], "all rows arrive", 10)
    writer.stop()
    assert _rows(reader) == [1, 2, 3]
    writer.start()
    _streams(writer, "reader")


def test_in_a_folder_however_deep(make_server: MakeServer, writer: PostgresServer) -> None:
    writer.stop()
    deep = "/".join(["a-folder-with-a-long-name"] * 6)
    above = writer.spec.folder.parent / deep
    above.mkdir(parents=True)
    shutil.move(writer.spec.folder, above / "writer")
    moved = make_server(f"{deep}/writer")
    moved.start()
    reader = _follower(make_server, moved, f"{deep}/reader")
    _streams(moved, "reader")
    assert _rows(reader) == [1]


def test_without_the_other_there_is_no_copy(
    make_server: MakeServer, writer: PostgresServer
) -> None:
    writer.stop()
    reader = make_server(
        "reader", empty=True, upstream=Upstream(writer.spec.folder, writer.spec.port)
    )
    with pytest.raises(DatabaseFailed, match="pg_basebackup ended with 1"):
        reader.initialise()
    assert reader.folder.major is None
    assert not (reader.folder.path / "data.new").exists()
    writer.start()
    reader.initialise()
    reader.start()
    _streams(writer, "reader")
