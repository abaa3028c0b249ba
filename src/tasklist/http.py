"""What several routes share: texts, reading a body, which methods a path has."""

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
    """One sentence as text, which no cache keeps."""

    media_type = "text/plain"

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text + "\n", status, {**NO_STORE, **(headers or {})})


class JsonAnswer(Response):
    """JSON that is bytes already. Its headers are written out: to encode names that never change
    costs as much as to find the route."""

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
    """The body, at most MAX_BODY bytes. Raises Refusal 400, 408 or 413.

    A client that is still sending would see its connection cut instead of the answer, so some
    more than is allowed is read and thrown away first.
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
    """The Allow header for a path: the methods of every route that matches it, and HEAD and OPTIONS.

    Starlette names only the first route's, though a path here has one route for each method.
    """
    methods = {"OPTIONS"}
    for route in routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            methods |= set(getattr(route, "methods", None) or ())
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods))
