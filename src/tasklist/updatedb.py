"""`updatedb`: create the database if it is missing and migrate its tables; data is kept."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from psycopg import sql

from tasklist.errors import DatabaseError, UsageError
from tasklist.settings import Settings

CONNECT_SECONDS = 10
LOCK_SECONDS = 60
MAINTENANCE_DATABASE = "postgres"
# any number that others on the same server are unlikely to use: "tasklist" in ASCII
LOCK_KEY = int.from_bytes(b"tasklist", "big")


def update_database(settings: Settings, *, create: bool, reset: bool, sure: bool) -> None:
    """Migrate to the newest revision. Simultaneous runs wait for each other.

    Raises DatabaseError if the database cannot be reached or changed, UsageError if `reset` is
    requested and not confirmed.
    """
    if reset and not sure:
        _ask(settings)
    # Alembic's own log lines say less than ours
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if create:
        _create(settings)
    engine = sqlalchemy.create_engine(
        # a creator function, so that no URL contains the password
        "postgresql+psycopg://",
        creator=lambda: _connect(settings, settings.db_name),
        poolclass=sqlalchemy.pool.NullPool,
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_SECONDS}s'")
            connection.exec_driver_sql("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
            connection.commit()  # the lock is the session's: it outlives transactions
            if reset:
                connection.exec_driver_sql("DROP TABLE IF EXISTS tasks, alembic_version")
            before = _revision(connection)
            command.upgrade(_alembic(connection), "head")
            connection.commit()
            _say(settings, before, _revision(connection), reset=reset)
    except (sqlalchemy.exc.DBAPIError, psycopg.Error) as error:
        raise DatabaseError(_sentence(settings, settings.db_name, error)) from error


def _create(settings: Settings) -> None:
    try:
        with _connect(settings, MAINTENANCE_DATABASE) as connection:
            connection.autocommit = True
            connection.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", (settings.db_name,)
            ).fetchone()
            if found is None:
                statement = sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0")
                connection.execute(statement.format(sql.Identifier(settings.db_name)))
                print(f"database {settings.db_name}: created", flush=True)  # noqa: T201
    except psycopg.Error as error:
        raise DatabaseError(_sentence(settings, MAINTENANCE_DATABASE, error)) from error


def _connect(settings: Settings, dbname: str) -> psycopg.Connection[tuple[Any, ...]]:
    verify = settings.db_sslmode.startswith("verify-")
    return psycopg.connect(
        host=settings.db_host,
        port=settings.db_port,
        user=settings.db_user,
        password=settings.db_password or None,
        dbname=dbname,
        sslmode=settings.db_sslmode,
        connect_timeout=CONNECT_SECONDS,
        application_name="tasklist updatedb",
        # libpq leaves out what is None
        sslrootcert=(settings.db_sslrootcert or "system") if verify else None,
    )


def _alembic(connection: sqlalchemy.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _revision(connection: sqlalchemy.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _say(settings: Settings, before: str | None, after: str | None, *, reset: bool) -> None:
    if before == after:
        text = f"is up to date (revision {after})"
    elif before is None:
        text = f"{'emptied and ' if reset else ''}migrated to revision {after}"
    else:
        text = f"migrated from revision {before} to {after}"
    print(f"database {settings.db_name}: {text}", flush=True)  # noqa: T201


def _ask(settings: Settings) -> None:
    question = f"--reset deletes every task in database {settings.db_name} on {settings.db_host}. "
    if not sys.stdin.isatty():
        raise UsageError(f"{question}Add -y if you mean it.")
    sys.stdout.write(f"{question}Type yes to go on: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise UsageError("nothing was changed.")


def _sentence(settings: Settings, dbname: str, error: Exception) -> str:
    """Return one sentence without the SQL, its parameters or a trace."""
    original = getattr(error, "orig", None) or error
    # libpq adds a question of its own
    told = " ".join(str(original).split()).partition(" Is the server running on")[0]
    reason = told or type(original).__name__
    if isinstance(original, psycopg.errors.LockNotAvailable):
        reason = f"another updatedb has been at work for {LOCK_SECONDS} seconds"
    if settings.db_password:
        reason = reason.replace(settings.db_password, "********")
    where = f"database {dbname} at {settings.db_host}:{settings.db_port}"
    return f"{where} cannot be updated: {reason.rstrip('.')}."
