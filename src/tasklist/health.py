"""Health checks: one queries the database, one only shows that the process answers."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from tasklist.database import Database
from tasklist.http import NO_STORE
from tasklist.sharing import SharedRead


def register(app: FastAPI, database: Database) -> None:
    """Add the health checks. `/healthcheck` is 503 while the database is down.

    Simultaneous checks share one query. It does not use the table: a service must be able to become
    healthy before the first `updatedb`. `/healthcheck/live` is for clusters that pause when idle.
    """
    ask = SharedRead(lambda: database.value("SELECT 1"))

    @app.get(
        "/healthcheck/",
        summary="Is the database reachable?",
        tags=["health"],
        response_class=Response,
    )
    @app.get("/healthcheck", include_in_schema=False)
    async def healthcheck(_request: Request) -> Response:
        await ask()
        return _ok()

    @app.get(
        "/healthcheck/live",
        summary="Does the process answer?",
        tags=["health"],
        response_class=Response,
    )
    @app.get("/healthcheck/live/", include_in_schema=False)
    async def live(_request: Request) -> Response:
        return _ok()


def _ok() -> Response:
    return Response(b"OK", media_type="text/plain", headers=NO_STORE)
