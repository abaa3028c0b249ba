"""Clients that send requests to the sample application without pause."""

from __future__ import annotations

import collections
import socket
import threading

import httpx

GET = b"GET /api/task/ HTTP/1.1\r\nHost: test\r\n\r\n"


class Load:
    """Clients that repeat a request over kept connections until the port is closed."""

    def __init__(self, url: str, clients: int, request: bytes = GET) -> None:
        self.outcomes: collections.Counter[str] = collections.Counter()
        self._request = request
        host = httpx.URL(url)
        self._address = (host.host, host.port or 80)
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection = socket.create_connection(self._address, timeout=20)
            except ConnectionRefusedError:
                return
            except OSError:  # the connection was not made: nothing was asked on it
                continue
            with connection:
                self._ask(connection)

    def _ask(self, connection: socket.socket) -> None:
        while True:
            answer = b""
            try:
                connection.sendall(self._request)
                while b"\r\n\r\n" not in answer or not answer.endswith((b"]", b"}")):
                    part = connection.recv(65536)
                    if not part:
                        self.outcomes["cut" if answer else "closed unanswered"] += 1
                        return
                    answer += part
            except OSError as error:
                self.outcomes[repr(error)] += 1
                return
            self.outcomes["answered" if answer.startswith(b"HTTP/1.1 200") else "refused"] += 1
            if b"connection: close" in answer.lower():
                self.outcomes["told to close"] += 1
                return

    def join(self) -> None:
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()
