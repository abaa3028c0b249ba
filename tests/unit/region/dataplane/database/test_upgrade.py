"""pg_upgrade on a server's files: everything is kept, and what fails changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database import versions
from drydock.region.dataplane.database.folder import ServerFolder
from drydock.region.dataplane.database.server import PostgresServer
from drydock.region.dataplane.database.spec import StopMode
from drydock.region.dataplane.database.upgrade import upgrade

from .conftest import MakeServer, UserSpawner

Installation = versions.Installation


@pytest.fixture(scope="session")
def older(installation: Installation) -> Installation:
    found = [one for one in versions.find() if one.major < installation.major]
    if not found:
        pytest.skip("this machine has PostgreSQL of one major alone")
    return found[0]


@pytest.fixture
def old(make_server: MakeServer, older: Installation) -> PostgresServer:
    server = make_server("grows", empty=True, installation=older)
    server.initialise()
    server.start()
    with server.connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
    return server


def _rows(server: PostgresServer) -> list[int]:
    with server.connect() as connection:
        return [row[0] for row in connection.execute("SELECT n FROM kept")]


@pytest.mark.parametrize("mode", [StopMode.FAST, StopMode.IMMEDIATE], ids=str)
def test_it_has_what_it_had_however_it_ended(
    old: PostgresServer,
    make_server: MakeServer,
    spawner: UserSpawner,
    older: Installation,
    installation: Installation,
    mode: StopMode,
) -> None:
    password = old.folder.password()
    old.stop(mode)
    (old.folder.path / "data.new").mkdir()  # as a kill leaves it
    upgrade(spawner, old.folder, older, installation)
    assert old.folder.major == installation.major
    new = make_server("grows")
    new.start()
    assert _rows(new) == [42]
    assert new.folder.password() == password
    left = {one.name for one in new.folder.path.iterdir()}
    assert left.isdisjoint({"data.new", "upgrade", "upgrade.pgpass"})
    assert not (new.folder.data / "sock").is_symlink()
    told = " ".join(" ".join(spec.argv) + str(spec.env) for spec in spawner.specs)
    assert password not in told
    new.stop()
    upgrade(spawner, new.folder, older, installation)  # again: there is nothing to do
    new.start()
    assert _rows(new) == [42]


def test_what_cannot_be_upgraded_is_as_before_and_the_reason_is_told(
    old: PostgresServer,
    spawner: UserSpawner,
    older: Installation,
    installation: Installation,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with old.connect() as connection:
        connection.execute("CREATE TABLE refused (one regproc)")
    old.stop()
    with pytest.raises(DatabaseFailed, match=r"pg_upgrade ended with 1.*reg"):
        upgrade(spawner, old.folder, older, installation)
    assert old.folder.major == older.major
    assert not (old.folder.path / "data.new").exists()
    assert "refused" in caplog.text, "the table that is in the way is named"
    assert "SCRAM" not in caplog.text
    old.start()
    assert _rows(old) == [42]


def test_what_a_kill_left_after_the_exchange_is_removed(
    tmp_path: Path, spawner: UserSpawner, older: Installation, installation: Installation
) -> None:
    folder = ServerFolder(tmp_path / "grew")
    folder.create()
    folder.data.mkdir()
    (folder.data / "PG_VERSION").write_text(f"{installation.major}\n")
    (folder.data / "sock").symlink_to("../sock")
    (folder.path / "data.new").mkdir()
    (folder.path / "data.new" / "PG_VERSION").write_text(f"{older.major}\n")
    (folder.path / "upgrade.pgpass").write_text("secret")
    before = set(folder.path.iterdir()) - {folder.path / "data.new", folder.path / "upgrade.pgpass"}
    upgrade(spawner, folder, older, installation)
    assert set(folder.path.iterdir()) - {folder.path / "lock"} == before - {folder.path / "lock"}
    assert [one.name for one in folder.data.iterdir()] == ["PG_VERSION"]
    upgrade(spawner, folder, older, installation)
