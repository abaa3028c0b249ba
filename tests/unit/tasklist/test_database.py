"""What is told about the database's errors, and how TLS is asked for."""

from __future__ import annotations

import asyncio
import ssl

import asyncpg
import psycopg
import pytest

from tasklist.database import Database, ssl_argument, unavailable
from tasklist.errors import DatabaseUnavailable
from tasklist.settings import Settings
from tasklist.updatedb import _sentence


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, "refused"),
        TimeoutError(),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.AdminShutdownError("terminating"),
        asyncpg.TooManyConnectionsError("too many"),
        asyncpg.InvalidPasswordError("wrong"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.ReadOnlySQLTransactionError("a replica"),
        asyncpg.QueryCanceledError("too slow"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_state_of_the_database_is_503(error: Exception) -> None:
    told = unavailable(error)
    assert "cannot be reached" in told.text
    assert type(error).__name__ in told.cause


@pytest.mark.parametrize("error", [asyncpg.UndefinedTableError, asyncpg.InvalidCatalogNameError])
def test_a_missing_table_says_what_makes_it(error: type[Exception]) -> None:
    assert "tasklist updatedb" in unavailable(error("not there")).text


def test_a_fault_of_ours_stays_one() -> None:
    with pytest.raises(asyncpg.PostgresSyntaxError):
        unavailable(asyncpg.PostgresSyntaxError("at SELEKT"))


def test_a_host_without_a_name_is_unavailable_and_closing_is_harmless() -> None:
    async def scenario() -> None:
        database = Database(Settings(db_host="127.0.0.1", db_port=1))
        assert database.connections() == (0, 0)
        with pytest.raises(DatabaseUnavailable):
            await database.value("SELECT 1")
        await database.close()

    asyncio.run(scenario())


def test_tls() -> None:
    assert ssl_argument(Settings(db_sslmode="prefer")) == "prefer"
    full = ssl_argument(Settings(db_sslmode="verify-full"))
    assert isinstance(full, ssl.SSLContext)
    assert (full.check_hostname, full.verify_mode) == (True, ssl.CERT_REQUIRED)
    authority = ssl_argument(Settings(db_sslmode="verify-ca"))
    assert isinstance(authority, ssl.SSLContext)
    assert (authority.check_hostname, authority.verify_mode) == (False, ssl.CERT_REQUIRED)


def test_updatedbs_sentence_has_no_password_and_no_line_break() -> None:
    settings = Settings(db_password="hunter2")
    text = _sentence(settings, "app", psycopg.OperationalError("bad\n  password=hunter2"))
    assert "hunter2" not in text
    assert "\n" not in text
    assert text.startswith("database app at localhost:5432")
