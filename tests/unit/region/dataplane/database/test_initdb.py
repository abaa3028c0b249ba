"""A new server's files are there complete, or not at all."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psycopg
import pytest

from drydock.errors import DatabaseFailed, SpawnFailed
from drydock.region.dataplane.database.initdb import (
    RDS_LOCALE,
    choose_locale,
    has_locale,
    locale_note,
)
from drydock.region.dataplane.database.server import PostgresServer
from drydock.region.dataplane.database.spec import ServerSpec, installation_for
from drydock.region.dataplane.database.versions import Installation

from .conftest import MakeServer, UserSpawner


def _stub(folder: Path, script: str, major: int = 18) -> Installation:
    folder.mkdir()
    (folder / "initdb").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "initdb").chmod(0o755)
    return Installation(major, 0, folder, "system")


HALF = 'for word; do case $word in --pgdata=*) mkdir "${word#*=}"; touch "${word#*=}/half";; esac; done'


def test_the_locale_is_rdss_or_code_points() -> None:
    assert choose_locale(16, lambda _: True)[0] == f"--locale={RDS_LOCALE}"
    assert "--builtin-locale=C.UTF-8" in choose_locale(18, lambda _: False)
    assert "--locale=C.UTF-8" in choose_locale(15, lambda name: name == "C.UTF-8")
    assert "--locale=C" in choose_locale(15, lambda _: False)


def test_another_order_of_text_is_noted() -> None:
    assert locale_note("en_US.UTF-8") == locale_note("en_US.utf8") == ""
    assert RDS_LOCALE in locale_note("C")


def test_has_locale_asks_the_c_library() -> None:
    assert has_locale("C")
    assert not has_locale("xx_XX.no-such-charset")


def test_initialise_once(make_server: MakeServer, spawner: UserSpawner) -> None:
    server = make_server(empty=True)
    server.initialise()
    made = (server.folder.data / "global" / "pg_control").read_bytes()
    server.initialise()
    assert (server.folder.data / "global" / "pg_control").read_bytes() == made
    assert len(spawner.specs) == 1
    spec = spawner.specs[0]
    assert (spec.uid, spec.gid, spec.netns, spec.own_pids) == (1000, 1000, None, True)
    assert server.folder.password() not in " ".join(spec.argv) + str(spec.env)
    assert {path.name for path in server.folder.path.iterdir()} == {
        "data",
        "lock",
        "rdsadmin.password",
    }
    world = [path for path in server.folder.path.rglob("*") if path.stat().st_mode & 0o077]
    assert world == []


def test_the_new_server_is_as_on_rds(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    with server.connect() as connection:
        row = connection.execute(
            "SELECT pg_encoding_to_char(encoding), current_user, current_setting('fsync'), "
            "current_setting('password_encryption') FROM pg_database WHERE datname = 'template1'"
        ).fetchone()
    assert row == ("UTF8", "rdsadmin", "on", "scram-sha-256")


def test_a_failing_initdb_leaves_nothing_and_is_quoted(
    spawner: UserSpawner, tmp_path: Path
) -> None:
    stub = _stub(tmp_path / "bin", f'{HALF}\necho "initdb: error: no space" >&2; exit 3')
    server = PostgresServer(spawner, ServerSpec(tmp_path / "db", stub, "127.0.0.1"))
    with pytest.raises(DatabaseFailed, match=r"ended with 3: initdb: error: no space"):
        server.initialise()
    assert not server.folder.data.exists()
    assert not (server.folder.path / "data.new").exists()


def test_an_initdb_that_is_missing(spawner: UserSpawner, tmp_path: Path) -> None:
    nothing = Installation(18, 0, tmp_path / "none", "system")
    server = PostgresServer(spawner, ServerSpec(tmp_path / "db", nothing, "127.0.0.1"))
    with pytest.raises((SpawnFailed, DatabaseFailed)):
        server.initialise()
    assert not server.folder.data.exists()


def test_an_interrupted_initialise_is_begun_anew(
    make_server: MakeServer, spawner: UserSpawner, tmp_path: Path
) -> None:
    stub = _stub(tmp_path / "bin", f"{HALF}\nexec sleep 60")
    first = make_server(empty=True, installation=stub)
    half = first.folder.path / "data.new" / "half"
    failures: list[DatabaseFailed] = []

    def run() -> None:
        try:
            first.initialise()
        except DatabaseFailed as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 10
    while not half.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    spawner.children[0].kill()
    thread.join(10)
    assert "ended with 137" in failures[0].cause
    # as after a SIGKILL of the daemon too, which sweeps nothing
    half.parent.mkdir()
    half.touch()

    second = make_server(empty=True)
    second.initialise()
    assert not half.parent.exists()
    second.start()
    assert second.probe().answered


def test_data_of_another_major_are_refused(
    make_server: MakeServer, installation: Installation
) -> None:
    server = make_server()
    (server.folder.data / "PG_VERSION").write_text("9\n")
    for act in (server.initialise, server.start):
        with pytest.raises(
            DatabaseFailed, match=f"PostgreSQL 9 made them, PostgreSQL {installation.major}"
        ):
            act()
    with pytest.raises(DatabaseFailed, match="not on this machine"):
        installation_for(server.spec.folder, installation.major)


def test_data_keep_their_major_whatever_is_asked(
    make_server: MakeServer, installation: Installation
) -> None:
    folder = make_server().spec.folder
    assert installation_for(folder, installation.major).note == ""
    other = installation_for(folder, installation.major - 1)
    assert other.major == installation.major
    assert f"stands for {installation.major - 1}" in other.note


def test_without_its_password_nobody_gets_in(make_server: MakeServer) -> None:
    server = make_server()
    server.folder.password_file.write_text("another\n")
    with pytest.raises(DatabaseFailed, match="password authentication failed") as caught:
        server.start()
    assert "another" not in str(caught.value)
    assert isinstance(caught.value.__cause__, psycopg.OperationalError)
