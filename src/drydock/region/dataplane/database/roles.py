"""The roles of a server: the master user, rds_superuser and related roles; and the named database.

Follows "Master user account privileges" and "Understanding the rds_superuser role" of the RDS user
guide: the master user is not a superuser, but a member of rds_superuser, and may create roles and
databases.

Everything is done over rdsadmin's connection to rdsadmin's own database, and only where it is
missing. A password leaves this process only as a SCRAM verifier.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import pq, sql

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database.scram import matches
from drydock.region.dataplane.database.server import Connection
from drydock.region.dataplane.database.settings import ADMIN

RDS_SUPERUSER = "rds_superuser"
_RDS_ROLES = (RDS_SUPERUSER, "rds_password", "rds_replication", "rds_iam")
_GRANTED = ("pg_monitor", "pg_signal_backend", "pg_checkpoint", "rds_password", "rds_replication")
"""The privileges of rds_superuser, which it may grant; pg_checkpoint exists from 15 on."""


@dataclass(frozen=True)
class Master:
    """The master user to be made."""

    user: str
    password: str = field(repr=False)
    database: str = ""
    """The database to be made for it; empty: none."""


def ensure(connection: Connection, master: Master) -> None:
    """Make the master user, its password and its database, or update them.

    A password that the user changed in SQL stays until another one is asked for, as on RDS. Raises
    DatabaseFailed: a reserved name, or PostgreSQL refused; its message has no password.
    """
    if master.user.startswith("pg_") or master.user in (ADMIN, *_RDS_ROLES):
        raise DatabaseFailed(f"the master user {master.user}", "that name is reserved")
    with _in_words(f"the master user {master.user}"):
        _ensure_rds_roles(connection)
        with connection.transaction():
            _ensure_user(connection, master.user)
            _ensure_password(connection, master.user, master.password)
        _ensure_own_databases(connection, master.user)
    if master.database:
        ensure_database(connection, master.database, master.user)


def ensure_database(connection: Connection, name: str, owner: str) -> None:
    """Make a database where there is none of that name; an existing one stays as it is.

    Raises DatabaseFailed: PostgreSQL refused.
    """
    with _in_words(f"the database {name}"):
        if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", name):
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(name), sql.Identifier(owner)
                )
            )


def _ensure_rds_roles(connection: Connection) -> None:
    there = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    if there.issuperset(_RDS_ROLES):
        return
    with connection.transaction():
        for role in _RDS_ROLES:
            if role not in there:
                connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        granted = [role for role in _GRANTED if role in there or role in _RDS_ROLES]
        connection.execute(
            sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(
                sql.SQL(", ").join(map(sql.Identifier, granted)), sql.Identifier(RDS_SUPERUSER)
            )
        )
        # What we last set, so that a password is set again only when another one is asked for.
        connection.execute(
            "CREATE TABLE IF NOT EXISTS public.passwords_set (role text PRIMARY KEY, verifier text)"
        )


def _ensure_user(connection: Connection, user: str) -> None:
    if _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", user):
        return
    connection.execute("DELETE FROM public.passwords_set WHERE role = %s", (user,))
    name = sql.Identifier(user)
    connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(name))
    connection.execute(
        sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(sql.Identifier(RDS_SUPERUSER), name)
    )


def _ensure_password(connection: Connection, user: str, password: str) -> None:
    row = connection.execute(
        "SELECT verifier FROM public.passwords_set WHERE role = %s", (user,)
    ).fetchone()
    if row is not None and matches(row[0], password):
        return
    verifier = _verifier(connection.pgconn, user, password)
    connection.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(verifier))
    )
    connection.execute(
        "INSERT INTO public.passwords_set VALUES (%s, %s) "
        "ON CONFLICT (role) DO UPDATE SET verifier = excluded.verifier",
        (user, verifier),
    )


def _ensure_own_databases(connection: Connection, user: str) -> None:
    """Give `postgres` and `template1` to the master user, as on RDS."""
    ours = connection.execute(
        "SELECT datname FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba "
        "WHERE datname IN ('postgres', 'template1') AND rolname = %s",
        (ADMIN,),
    ).fetchall()
    for (name,) in ours:
        connection.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                sql.Identifier(name), sql.Identifier(user)
            )
        )


def _exists(connection: Connection, query: str, name: str) -> bool:
    return connection.execute(query.encode(), (name,)).fetchone() is not None


def _verifier(pgconn: pq.abc.PGconn, user: str, password: str) -> str:
    encrypted = pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256")
    return encrypted.decode()


@contextmanager
def _in_words(subject: str) -> Iterator[None]:
    """Convert PostgreSQL's errors into ours: its own message, never the statement."""
    try:
        yield
    except psycopg.Error as error:
        cause = error.diag.message_primary or " ".join(str(error).split())
        raise DatabaseFailed(subject, cause) from None
