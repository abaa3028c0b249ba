"""Helpers of several routes: text and JSON answers, reading a body, the methods of a path."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from tasklist.errors import Refusal
from tasklist.task_input import MAX_BODY

BODY_SECONDS = 20.0
MAX_READ = 16 * MAX_BODY
NO_STORE = {"cache-control": "no-store"}


class TextAnswer(Response):
    """One sentence as plain text that no cache may store."""

    media_type = "text/plain"

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text + "\n", status, {**NO_STORE, **(headers or {})})


class JsonAnswer(Response):
    """An answer of JSON bytes. Its headers are written out: encoding constant names
    costs as much as finding the route.
    """

    def __init__(self, body: bytes) -> None:
        self.status_code = 200
        self.background = None
        self.body = body
        self.raw_headers = [
            (b"cache-control", b"no-store"),
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
        ]


async def read_body(request: Request) -> bytes:
    """Return the body, at most MAX_BODY bytes. Raises Refusal 400, 408 or 413.

    A client that is still sending would see its connection cut instead of the answer, so somewhat
    more than allowed is read and discarded first.
    """
    body = bytearray()
    received = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                received += len(part)
                if received <= MAX_BODY:
                    body += part
                elif received > MAX_READ:
                    break
    except TimeoutError:
        raise Refusal(408, f"The body did not arrive within {BODY_SECONDS:.0f} seconds.") from None
    except ClientDisconnect:
        raise Refusal(400, "The body ended early.") from None
    if received > MAX_BODY:
        raise Refusal(413, f"The body may have at most {MAX_BODY} bytes.")
    return bytes(body)


def allowed_methods(routes: list[BaseRoute], request: Request) -> str:
    """Return a path's Allow header: the methods of all matching routes, HEAD and OPTIONS.

    Starlette names only the first route's, though a path here has one route for each method.
    """
    methods = {"OPTIONS"}
    for route in routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            methods |= set(getattr(route, "methods", None) or ())
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods))
