"""The outer ASGI layer: log line, metrics, headers of every answer, HEAD, draining."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from itertools import count
from typing import Any

from tasklist.logs import JsonLog
from tasklist.metrics import Metrics

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_EVERY_ANSWER = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
_CLOSE = (b"connection", b"close")
# random only once: asking the kernel at each request costs more than answering some requests
_PROCESS, _COUNT = secrets.token_hex(6), count(1)
_SERVER_ERROR = b"The server made a mistake; its log says which.\n"


class Front:
    """The ASGI application that the server runs. While `draining`, each answer closes its connection."""

    def __init__(self, app: AsgiApp, log: JsonLog, metrics: Metrics) -> None:
        self._app = app
        self._log = log
        self.metrics = metrics
        self.draining = False
        self.last_request = 0.0

    @property
    def in_flight(self) -> int:
        return self.metrics.in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self.last_request = time.perf_counter()
        self.metrics.in_flight += 1
        answer = _Answer(send, head=scope["method"] == "HEAD", front=self)
        method, request_id = scope["method"], _request_id(scope)
        if answer.head:
            scope["method"] = "GET"  # the same answer, whose body is left out
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:  # noqa: BLE001 - the last resort: it is logged, the client told
            self._log.exception("unexpected_error", error, request_id=request_id)
            await answer.fail()
        finally:
            seconds = time.perf_counter() - started
            self.metrics.in_flight -= 1
            route = getattr(scope.get("route"), "path", "unmatched")
            self.metrics.observe(method, route, answer.status, seconds)
            self._log.request(request_id, method, scope["path"], answer.status, seconds * 1000)


class _Answer:
    """One answer on its way out. Its status is 499, as in nginx's logs, if the client left first."""

    __slots__ = ("_front", "_send", "head", "status")

    def __init__(self, send: Send, *, head: bool, front: Front) -> None:
        self._send = send
        self._front = front
        self.head = head
        self.status = 499

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *_EVERY_ANSWER]
            if self._front.draining:
                message["headers"].append(_CLOSE)
        elif self.head:
            message = {"type": message["type"], "body": b"", "more_body": False}
        await self._send(message)

    async def fail(self) -> None:
        if self.status != 499:
            return  # the answer has begun; there is no taking it back
        length = str(len(_SERVER_ERROR)).encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", length)]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": _SERVER_ERROR})


def _request_id(scope: Scope) -> str:
    """Return the load balancer's id of this request, or a generated one."""
    for name, value in scope["headers"]:
        if name == b"x-amzn-trace-id":
            trace: str = value[:256].decode("latin-1")
            return trace
    return f"{_PROCESS}-{next(_COUNT)}"
