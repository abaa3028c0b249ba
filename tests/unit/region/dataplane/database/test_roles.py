"""The master user, its password and its database."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database import roles
from drydock.region.dataplane.database.roles import Master
from drydock.region.dataplane.database.server import Connection, PostgresServer

from .conftest import MakeServer, log_in

MASTER = Master("postgres", "it's \\ a $secret$", "app")


@pytest.fixture
def server(make_server: MakeServer) -> PostgresServer:
    server = make_server(parameters={"log_statement": "all"})
    server.start()
    return server


@pytest.fixture
def admin(server: PostgresServer) -> Iterator[Connection]:
    with server.connect() as connection:
        yield connection


def test_the_master_user_is_as_on_rds(server: PostgresServer, admin: Connection) -> None:
    roles.ensure(admin, MASTER)
    with log_in(server, "postgres", MASTER.password, "app") as client:
        row = client.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, "
            "pg_has_role(rolname, 'rds_superuser', 'member'), "
            "pg_has_role(rolname, 'pg_monitor', 'member') FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, True, True, True, True)
        client.execute("CREATE TABLE task (id int)")
        client.execute("CREATE ROLE reader LOGIN PASSWORD 'x'")
        client.execute("GRANT rds_superuser TO reader")
        client.execute("CREATE DATABASE another")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            client.execute("SELECT pg_read_file('PG_VERSION')")
    with log_in(server, "postgres", MASTER.password, "postgres") as client:
        client.execute("CREATE TABLE task (id int)")


def test_rdsadmin_and_its_database_are_closed_to_others(
    server: PostgresServer, admin: Connection
) -> None:
    roles.ensure(admin, MASTER)
    with pytest.raises(psycopg.OperationalError, match=r'rejects connection.*"rdsadmin"'):
        log_in(server, "postgres", MASTER.password, "rdsadmin")


def test_a_second_time_changes_nothing(server: PostgresServer, admin: Connection) -> None:
    roles.ensure(admin, MASTER)
    before = admin.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
    roles.ensure(admin, MASTER)
    assert admin.execute("SELECT pg_current_wal_insert_lsn()").fetchone() == before


def test_another_password_replaces_the_first(server: PostgresServer, admin: Connection) -> None:
    roles.ensure(admin, MASTER)
    roles.ensure(admin, Master("postgres", "new", "app"))
    log_in(server, "postgres", "new", "app").close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        log_in(server, "postgres", MASTER.password, "app")


def test_a_password_changed_in_sql_stays(server: PostgresServer, admin: Connection) -> None:
    roles.ensure(admin, MASTER)
    with log_in(server, "postgres", MASTER.password, "app") as client:
        client.execute("ALTER ROLE postgres PASSWORD 'by hand'")
    roles.ensure(admin, MASTER)
    log_in(server, "postgres", "by hand", "app").close()


def test_a_dropped_master_user_comes_back_with_its_password(
    server: PostgresServer, admin: Connection
) -> None:
    roles.ensure(admin, Master("chief", "one"))
    for database in ("postgres", "template1"):
        admin.execute(f"ALTER DATABASE {database} OWNER TO rdsadmin")
    admin.execute("DROP ROLE chief")
    roles.ensure(admin, Master("chief", "one"))
    log_in(server, "chief", "one", "postgres").close()


def test_a_password_beyond_ascii(server: PostgresServer, admin: Connection) -> None:
    master = Master("postgres", "pässwörd ½", "app")
    for _ in range(2):
        roles.ensure(admin, master)
        log_in(server, "postgres", master.password, "app").close()


def test_a_dropped_database_postgres_locks_nobody_out(
    server: PostgresServer, admin: Connection
) -> None:
    roles.ensure(admin, MASTER)
    with log_in(server, "postgres", MASTER.password, "app") as client:
        client.execute("DROP DATABASE postgres")
    admin.close()
    server.stop()
    server.start()
    assert server.probe().answered
    with server.connect() as connection:
        roles.ensure(connection, MASTER)


def test_names_that_need_quotes(server: PostgresServer, admin: Connection) -> None:
    master = Master('Chief "x"', "secret", "My-App; DROP")
    roles.ensure(admin, master)
    with log_in(server, master.user, "secret", master.database) as client:
        assert client.execute("SELECT current_database(), current_user").fetchone() == (
            master.database,
            master.user,
        )


@pytest.mark.parametrize("name", ["rdsadmin", "rds_superuser", "pg_monitor"])
def test_reserved_names(admin: Connection, name: str) -> None:
    with pytest.raises(DatabaseFailed, match="reserved"):
        roles.ensure(admin, Master(name, "secret"))


def test_a_refusal_has_postgresqls_words_and_no_password(admin: Connection) -> None:
    with pytest.raises(DatabaseFailed) as caught:
        roles.ensure_database(admin, "app", "nobody")
    assert caught.value.cause == 'role "nobody" does not exist'
    admin.execute("SET default_transaction_read_only = on")
    with pytest.raises(DatabaseFailed, match="read-only transaction") as caught:
        roles.ensure(admin, MASTER)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_password_is_in_no_log_and_no_representation(
    server: PostgresServer, admin: Connection
) -> None:
    roles.ensure(admin, MASTER)
    log = server.folder.log.read_text()
    assert "secret" not in log
    assert "SCRAM-SHA-256" not in log
    assert "secret" not in repr(MASTER)
