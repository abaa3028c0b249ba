"""The connection pool: created when first needed, so that the server starts without a database.

A lost connection is replaced at the next request; nothing has to be restarted.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import asyncpg

from tasklist.errors import DatabaseUnavailable
from tasklist.settings import Settings
from tasklist.telemetry import Telemetry

POOL_SIZE = 10
CONNECT_SECONDS = 3.0
QUERY_SECONDS = 5.0
# an Aurora cluster pauses only when it has no connections
IDLE_SECONDS = 60.0

_ASYNCPG_ERRORS = (asyncpg.InterfaceError, asyncpg.InternalClientError)
# error of asyncpg 0.32 if the server has closed a connection and asyncpg only notices it now:
# no query was sent, so that another connection may be tried, even for a write
_NOTHING_SENT = "cannot switch to state"

_NOT_REACHABLE = "The database cannot be reached; try again in a few seconds."
_NOT_READY = "The database has no task list yet; `tasklist updatedb` makes it."


class Database:
    """asyncpg's pool, with its errors translated. All queries are prepared statements."""

    def __init__(self, settings: Settings, telemetry: Telemetry | None = None) -> None:
        self._settings = settings
        self._telemetry = telemetry or Telemetry()
        self._pool: Any = None
        self._making = asyncio.Lock()

    async def value(self, query: str, *arguments: object) -> Any:
        """Return the first column of the first row, or None. Raises DatabaseUnavailable."""
        return await self._ask("fetchval", query, arguments)

    async def row(self, query: str, *arguments: object) -> Any:
        """Return the first row, or None. Raises DatabaseUnavailable."""
        return await self._ask("fetchrow", query, arguments)

    async def _ask(self, verb: str, query: str, arguments: tuple[object, ...]) -> Any:
        with self._telemetry.query(query):
            return await self._answer(verb, query, arguments)

    async def _answer(self, verb: str, query: str, arguments: tuple[object, ...]) -> Any:
        pool = self._pool or await self._make_pool()
        try:
            # the pool may hold several closed connections; each try discards one
            for _ in range(POOL_SIZE):
                async with pool.acquire(timeout=CONNECT_SECONDS) as connection:
                    try:
                        return await getattr(connection, verb)(query, *arguments)
                    except asyncpg.InternalClientError as error:
                        connection.terminate()
                        if not str(error).startswith(_NOTHING_SENT):
                            raise
            raise DatabaseUnavailable(_NOT_REACHABLE, "every connection was closed by the server")
        except (OSError, asyncpg.PostgresError, *_ASYNCPG_ERRORS) as error:
            # TimeoutError is an OSError
            raise unavailable(error) from error

    async def _make_pool(self) -> Any:
        async with self._making:
            if self._pool is None:
                settings = self._settings
                # min_size=0 opens nothing yet, so this cannot fail for want of a database
                self._pool = await asyncpg.create_pool(
                    host=settings.db_host,
                    port=settings.db_port,
                    user=settings.db_user,
                    password=settings.db_password,
                    database=settings.db_name,
                    ssl=ssl_argument(settings),
                    min_size=0,
                    max_size=connections_of(settings),
                    timeout=CONNECT_SECONDS,
                    command_timeout=QUERY_SECONDS,
                    max_inactive_connection_lifetime=IDLE_SECONDS,
                    server_settings={"application_name": "tasklist"},
                    # we change no session settings, so there is nothing to reset: a round trip less
                    reset=_keep_as_is,
                )
        return self._pool

    def connections(self) -> tuple[int, int]:
        """Return the number of open connections, and of idle ones among them."""
        if self._pool is None:
            return 0, 0
        return self._pool.get_size(), self._pool.get_idle_size()

    async def close(self) -> None:
        """Close every connection; those still busy get QUERY_SECONDS to end."""
        if self._pool is None:
            return
        try:
            await asyncio.wait_for(self._pool.close(), QUERY_SECONDS)
        except TimeoutError:
            self._pool.terminate()


async def _keep_as_is(_connection: object) -> None:
    pass


def connections_of(settings: Settings) -> int:
    """Return how many connections each worker may have: together no more than a single worker."""
    return max(1, POOL_SIZE // settings.workers)


def ssl_argument(settings: Settings) -> ssl.SSLContext | str:
    """Return asyncpg's `ssl` for a libpq sslmode. `verify-*` without a root certificate uses the system's.

    See https://www.postgresql.org/docs/current/libpq-ssl.html and, for the bundle of RDS,
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html.
    """
    if not settings.db_sslmode.startswith("verify-"):
        return settings.db_sslmode
    context = ssl.create_default_context(cafile=settings.db_sslrootcert or None)
    context.check_hostname = settings.db_sslmode == "verify-full"
    return context


def unavailable(error: Exception) -> DatabaseUnavailable:
    """Return the error for the client and the log for an error of the database.

    Errors of asyncpg here are caused by the database's state or by a bug: input was checked
    before. A bug (a wrong query) is raised again as it is.
    """
    if isinstance(error, (asyncpg.UndefinedTableError, asyncpg.InvalidCatalogNameError)):
        return DatabaseUnavailable(_NOT_READY, _cause(error))
    if isinstance(error, (asyncpg.SyntaxOrAccessError, asyncpg.DataError)):
        raise error
    return DatabaseUnavailable(_NOT_REACHABLE, _cause(error))


def _cause(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
