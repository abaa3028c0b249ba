"""Pass requests from an ASGI server to the WSGI application, on a bounded pool of threads.

A request takes a thread only once all of its body is here, so a slow client costs only a
connection. AWS's requests and Drydock's own have a pool each: `status` is answered while AWS's
wait.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import IO, Any

from drydock.errors import DrydockError
from drydock.region.api import admission, environ
from drydock.region.api.admission import Head, Refusal, Side
from drydock.region.api.connection import Connection
from drydock.region.api.operations import Environ, identify

log = logging.getLogger(__name__)

_THREADS, _OWN_THREADS = 8, 2
_MOST, _MOST_OWN = 512, 64
"""Requests that are served or wait for a thread; further ones are answered 503, which SDKs retry."""
_IN_MEMORY = 256 * 1024
"""Bytes of a body; a larger one is kept in a file without a name."""
_WRITTEN = 1024 * 1024
"""Bytes that are written to such a file at once."""
_PIECE = 256 * 1024
_SWALLOWED = 64 * 1024
"""Bytes of a refused request's body that are read, so that its client reads the answer."""

Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class GoneError(Exception):
    """The client closed the connection."""


@dataclass
class _Pool:
    """A pool of threads, with the number of its requests."""

    name: str
    threads: int
    most: int
    taken: int = 0
    executor: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self.executor = ThreadPoolExecutor(self.threads, thread_name_prefix=self.name)


@dataclass
class _Answer:
    status: int = 500
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    parts: Iterable[bytes] | None = None
    """A large body, read while it is sent."""

    def start(self, line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        if exc_info:
            raise exc_info[1]
        self.status = int(line.split(" ", 1)[0])
        self.headers = headers


class Bridge:
    """An ASGI application for each `side`: `Bridge(app).asgi("host")`."""

    def __init__(self, app: Wsgi) -> None:
        self._app = app
        self._aws = _Pool("api", _THREADS, _MOST)
        self._noted = float("-inf")
        self._own = _Pool("api-own", _OWN_THREADS, _MOST_OWN)

    def asgi(self, side: Side) -> Callable[[dict[str, Any], Receive, Send], Awaitable[None]]:
        async def answer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
            connection: Connection = scope["state"]["connection"]
            with connection.request():
                try:
                    await self._answer(scope, receive, send, side)
                except GoneError:
                    connection.abort()

        return answer

    def close(self) -> None:
        """Accept no more requests; drop those that wait for a thread."""
        for pool in (self._aws, self._own):
            pool.executor.shutdown(wait=False, cancel_futures=True)

    async def _answer(
        self, scope: dict[str, Any], receive: Receive, send: Send, side: Side
    ) -> None:
        connection: Connection = scope["state"]["connection"]
        head = Head.of(scope["method"], scope["path"], scope["headers"])
        no = admission.refusal(head, side)
        if no is None and (words := await connection.refusal()):
            no = Refusal(HTTPStatus.FORBIDDEN, words)
        if no is not None:
            self._note(no)
            await _refuse(connection, scope, receive, send, no)
            return
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as body:
            try:
                length = await _read(scope, receive, body, connection)
            except _BodyError as error:
                await _say(connection, send, error.refusal, closing=True)
                return
            request = environ.build(scope, body, length, on_host=side == "host")
            await self._serve(connection, request, head, send)

    def _note(self, no: Refusal) -> None:
        """Log a refusal, at most once a second, so that refused clients cannot fill the disk."""
        now = time.monotonic()
        if now - self._noted >= 1:
            self._noted = now
            log.warning("refused", extra={"status": no.status.value, "words": no.words})

    async def _serve(
        self, connection: Connection, request: Environ, head: Head, send: Send
    ) -> None:
        pool = self._own if head.path.startswith(admission.OWN) else self._aws
        if pool.taken >= pool.most:
            words = f"{pool.most} requests are waiting already: try again in a second."
            await _say(connection, send, Refusal(HTTPStatus.SERVICE_UNAVAILABLE, words))
            return
        pool.taken += 1
        try:
            running = asyncio.get_running_loop().run_in_executor(
                pool.executor, _call, self._app, request
            )
            answer = await asyncio.shield(running)
        finally:
            pool.taken -= 1
        await _send(connection, send, answer)


def _call(app: Wsgi, request: Environ) -> _Answer:
    """Return the application's answer, whole unless it is large. Runs in a thread."""
    answer = _Answer()
    parts = app(request, answer.start)
    if not isinstance(parts, list):
        answer.parts = parts
        return answer
    try:
        answer.body = b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    return answer


# -- the body


class _BodyError(Exception):
    def __init__(self, status: HTTPStatus, words: str) -> None:
        super().__init__(words)
        self.refusal = Refusal(status, words)


async def _read(
    scope: dict[str, Any], receive: Receive, body: IO[bytes] | Any, connection: Connection
) -> int:
    """Write the request's body into `body`; return its length. Raises _BodyError, GoneError."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" not in headers and int(headers.get(b"content-length", 0)) == 0:
        return 0  # of a request that is whole already, nothing has to be asked for
    most = _largest(scope)
    if int(headers.get(b"content-length", 0)) > most:
        raise _too_large(most)
    limits = connection.limits
    loop = asyncio.get_running_loop()
    begun, length, pending = loop.time(), 0, bytearray()
    while True:
        deadline = begun + limits.body_grace + length / limits.body_rate
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise _BodyError(
                HTTPStatus.REQUEST_TIMEOUT, "The request's body came too slowly."
            ) from None
        if message["type"] != "http.request":
            raise GoneError
        length += len(message["body"])
        if length > most:
            raise _too_large(most)
        pending += message["body"]
        done = not message["more_body"]
        if done or len(pending) >= _WRITTEN:
            await _keep(body, bytes(pending), on_disk=length > _IN_MEMORY)
            pending.clear()
        if done:
            body.seek(0)
            return length


async def _keep(body: IO[bytes] | Any, data: bytes, *, on_disk: bool) -> None:
    """Write a part of a body; on another thread than the loop's if the disk may block."""
    try:
        if on_disk:
            await asyncio.to_thread(body.write, data)
        else:
            body.write(data)
    except OSError as error:
        words = f"The request's body cannot be kept on this machine's disk: {error.strerror}."
        raise _BodyError(HTTPStatus.SERVICE_UNAVAILABLE, words) from error


def _too_large(most: int) -> _BodyError:
    words = f"The request's body is larger than {most:,} bytes."
    return _BodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words)


def _largest(scope: dict[str, Any]) -> int:
    """Return the limit of a request's body in bytes, by its service."""
    if scope["path"].startswith(admission.OWN):
        return admission.LARGEST_OWN
    names = {b"authorization": "HTTP_AUTHORIZATION", b"x-amz-target": "HTTP_X_AMZ_TARGET"}
    known = {
        names[name]: value.decode("latin-1") for name, value in scope["headers"] if name in names
    }
    query = scope["query_string"].decode("latin-1")
    asked = identify({"REQUEST_METHOD": scope["method"], "QUERY_STRING": query, **known})
    is_object = asked.service == "s3" and not asked.name
    return admission.LARGEST_OBJECT if is_object else admission.LARGEST_BODY


# -- answers


async def _refuse(
    connection: Connection, scope: dict[str, Any], receive: Receive, send: Send, no: Refusal
) -> None:
    """Answer a refused request. Its body is discarded; the rest of a long one is not read."""
    length = int(dict(scope["headers"]).get(b"content-length", 0))
    if length <= _SWALLOWED:
        try:
            async with asyncio.timeout(connection.limits.refused):
                while length and (await receive()).get("more_body"):
                    pass
        except TimeoutError:
            log.debug("a refused request's body did not come")
    await _say(connection, send, no, closing=True)


async def _say(connection: Connection, send: Send, no: Refusal, *, closing: bool = False) -> None:
    headers = [("Content-Type", "text/plain; charset=utf-8")]
    if no.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", "1"))
    if closing:
        headers.append(("connection", "close"))
    answer = _Answer(no.status.value, headers, f"{no.words}\n".encode())
    await _send(connection, send, answer)


async def _send(connection: Connection, send: Send, answer: _Answer) -> None:
    """Send one answer: its head and the first piece of its body leave together."""
    names = {name.lower() for name, _ in answer.headers}
    headers = list(answer.headers)
    if "content-length" not in names and answer.status >= 200 and answer.status not in {204, 304}:
        headers.append(("Content-Length", str(len(answer.body))))
    if "date" not in names:
        headers.append(("Date", formatdate(usegmt=True)))
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    if answer.parts is not None:
        await _send_parts(connection, send, answer.status, encoded, answer.parts)
        return
    with connection.in_one_piece():
        await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
        first = answer.body[:_PIECE]
        rest = len(answer.body) > _PIECE
        await send({"type": "http.response.body", "body": first, "more_body": rest})
    view = memoryview(answer.body)
    for start in range(_PIECE, len(answer.body), _PIECE):
        last = start + _PIECE >= len(answer.body)
        piece = bytes(view[start : start + _PIECE])
        await send({"type": "http.response.body", "body": piece, "more_body": not last})


async def _send_parts(
    connection: Connection,
    send: Send,
    status: int,
    headers: list[tuple[bytes, bytes]],
    parts: Iterable[bytes],
) -> None:
    """Send an answer whose length its headers have. Raises GoneError: its body cannot be read."""
    pieces = iter(parts)
    try:
        piece = await asyncio.to_thread(next, pieces, b"")
        with connection.in_one_piece():
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        while piece := await asyncio.to_thread(next, pieces, b""):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    except DrydockError as error:
        log.error("an answer ends before its time", extra={"why": str(error)})  # noqa: TRY400
        raise GoneError from error
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
