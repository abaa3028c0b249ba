"""Small HTTP servers on the loopback that stand for targets, and a client."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from drydock.region.dataplane.balancer.spec import Target


class Server(ThreadingHTTPServer):
    """Answers /health with `health_status`, /slow after `release`, and all else with what it was sent."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: str = "127.0.0.1") -> None:
        super().__init__((address, 0), Handler)
        self.health_status = 200
        self.checks = 0
        self.served = 0
        self.slow_began = threading.Event()
        self.release = threading.Event()
        self.check_headers: dict[str, str] = {}
        self._connections: set[socket.socket] = set()
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def target(self) -> Target:
        host, port = self.server_address[:2]
        return Target(str(host), int(port))

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news here."""

    def die(self) -> None:
        """As a process that is killed: the port refuses, connections are cut."""
        self.release.set()
        self.shutdown()
        self.server_close()
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._thread.join(5)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        if self.path.startswith("/health"):
            self.server.checks += 1
            self.server.check_headers = dict(self.headers)
            self._answer(self.server.health_status, b"ok")
            return
        if self.path == "/slow":
            self.server.slow_began.set()
            self.server.release.wait(20)
        if self.path == "/own-503":
            self._answer(503, b"mine")
            return
        if self.path == "/crash":
            self.close_connection = True
            return
        self.server.served += 1
        seen = {name.lower(): value for name, value in self.headers.items()}
        body = {"port": self.server.target.port, "path": self.path, "headers": seen}
        _, _, cookie = self.path.partition("/set-cookie/")
        self._answer(
            200, json.dumps(body).encode(), f"Set-Cookie: {cookie}=1\r\n" if cookie else ""
        )

    def _answer(self, status: int, body: bytes, more: str = "") -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nServer: target\r\n{more}\r\n"
        # one write: a check that closes early must not meet half an answer
        self.wfile.write(head.encode() + body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.cookies = response.headers.get_all("Set-Cookie") or []
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def get(
    port: int, path: str = "/", headers: dict[str, str] | None = None, timeout: float = 20
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers=headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def eventually(what: Callable[[], Any], deadline: float = 10.0) -> Any:
    """Wait until `what()` is true → what it was; fails with its last value."""
    end = time.monotonic() + deadline
    while not (value := what()):
        assert time.monotonic() < end, f"not true after {deadline} s: {value!r}"
        time.sleep(0.01)
    return value


def listening() -> socket.socket:
    """A listening socket on a free port of the loopback, as the porter hands them over."""
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    made.listen(1024)
    return made


class Load:
    """Keep-alive clients that ask on and on until stopped, and count what went wrong."""

    def __init__(self, port: int, clients: int = 4) -> None:
        self._port = port
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.done = 0
        self.failures: list[str] = []
        self.ports: dict[int, int] = {}
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        while not self._stop.is_set():
            try:
                connection.request("GET", "/work")
                answer = Answer(connection.getresponse())
                failure = "" if answer.status == 200 else f"status {answer.status}"
            except (OSError, http.client.HTTPException) as error:
                failure = repr(error)
                connection.close()
            with self._lock:
                self.done += 1
                if failure:
                    self.failures.append(failure)
                elif answer.headers.get("server") == "target":
                    port = answer.json["port"]
                    self.ports[port] = self.ports.get(port, 0) + 1
        connection.close()

    def more(self, requests: int) -> None:
        """Wait until that many more are done."""
        goal = self.done + requests
        eventually(lambda: self.done >= goal)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(20)
