"""Assemble the FastAPI application and the front around it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tasklist import api, debug, health, pages
from tasklist.database import Database
from tasklist.errors import DatabaseUnavailable, Refusal
from tasklist.front import Front
from tasklist.http import TextAnswer, allowed_methods
from tasklist.logs import JsonLog
from tasklist.metrics import Metrics
from tasklist.settings import Settings
from tasklist.tasks import Tasks
from tasklist.telemetry import Telemetry

RETRY_SECONDS = "2"
DOCUMENT = "/swagger/openapi.json"


class PlainRoute(APIRoute):
    """Route that FastAPI documents but does not run: our endpoints take the request and have no
    dependencies, and solving none for each request costs as much as all of our own code.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            response = await endpoint(Request(scope, receive, send))
            await response(scope, receive, send)

        self.app = answer


class PlainApp(FastAPI):
    """FastAPI without unused middleware: no contexts are needed, `read_body` limits bodies, and the
    front answers unexpected errors.
    """

    def build_middleware_stack(self) -> ASGIApp:
        return ExceptionMiddleware(self.router, handlers=self.exception_handlers)


class ByPath:
    """Finds a route without parameters by its path, where the router would try every pattern in
    turn, and uses the middleware that answers errors only if there is an error.
    """

    def __init__(self, app: PlainApp) -> None:
        self._app = app
        self._routes: dict[tuple[str, str], PlainRoute] = {}
        for route in app.routes:
            if isinstance(route, PlainRoute) and not route.param_convertors:
                for method in route.methods or ():
                    self._routes.setdefault((method, route.path), route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get((scope.get("method", ""), scope.get("path", "")))
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        try:
            response = await route.endpoint(Request(scope, receive, send))
        except Exception as error:  # noqa: BLE001 - it is raised again where errors are answered
            response = _raising(error, self._app.exception_handlers)
        await response(scope, receive, send)


def _raising(error: Exception, handlers: Mapping[Any, Any]) -> ASGIApp:
    async def again(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    return ExceptionMiddleware(again, handlers)


def create_app(settings: Settings, database: Database, log: JsonLog, telemetry: Telemetry) -> Front:
    """Return the whole application; its database may be down now."""
    kind = PlainApp if telemetry.provider is None else FastAPI  # a layer notes errors in spans
    app = kind(
        title="tasklist",
        summary="A list of tasks.",
        version="1",
        openapi_url=DOCUMENT,
        docs_url=None,  # FastAPI's own pages load their scripts from another host
        redoc_url=None,
        redirect_slashes=False,
        # FastAPI looks for OpenTelemetry at every request; enable it only if it is set up
        telemetry={
            "tracing": telemetry.provider is not None,
            "tracer_provider": telemetry.provider,
            "operation_spans": False,
            "metrics": False,
            "logs": False,
        },
    )
    app.router.route_class = PlainRoute
    metrics = Metrics(database.connections, lambda: log.lost)
    health.register(app, database)
    api.register(app, Tasks(database))
    debug.register(app, settings, metrics)
    pages.register(app)
    _answer_errors(app, log)
    return Front(ByPath(app) if isinstance(app, PlainApp) else app, log, metrics)


def _answer_errors(app: FastAPI, log: JsonLog) -> None:
    logged_at: dict[str, float] = {}

    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)  # noqa: S101 - for mypy: registered for this class
        return TextAnswer(error.status, error.text, error.headers)

    async def unavailable(_request: Request, error: Exception) -> Response:
        assert isinstance(error, DatabaseUnavailable)  # noqa: S101 - likewise
        # an outage under load must not bury the log: each cause once a second
        if time.monotonic() - logged_at.get(error.cause, 0.0) > 1.0:
            logged_at.clear()
            logged_at[error.cause] = time.monotonic()
            log.write("warning", "database_unavailable", cause=error.cause)
        return TextAnswer(503, error.text, {"retry-after": RETRY_SECONDS})

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - likewise
        if error.status_code == 405:
            allow = allowed_methods(app.routes, request)
            if request.method == "OPTIONS":
                return Response(status_code=204, headers={"allow": allow})
            return TextAnswer(405, f"Only {allow} can be used here.", {"allow": allow})
        if error.status_code == 404:
            return TextAnswer(404, "There is nothing here.")
        return TextAnswer(error.status_code, str(error.detail), dict(error.headers or {}))

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(DatabaseUnavailable, unavailable)
    app.add_exception_handler(HTTPException, http_error)
