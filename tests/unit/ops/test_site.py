from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from drydock.errors import WaitTimedOut
from drydock.ops import site


@contextmanager
def server(*codes: int) -> Iterator[str]:
    """Answers with `codes` in turn, the last one for ever."""
    left = list(codes)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}/"
        finally:
            http.shutdown()
            thread.join()


def test_waits_until_the_site_answers_200() -> None:
    with server(503, 502, 200) as url:
        site.wait_until_up(url, timeout=10, every=0.01)


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with server(200) as url:
        assert site.answer(url) == 200


def test_a_timeout_tells_the_last_answer() -> None:
    with server(503) as url, pytest.raises(WaitTimedOut, match="last answer was: 503"):
        site.wait_until_up(url, timeout=0.1, every=0.02)


def test_a_refused_connection_is_told_in_the_systems_words() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        answer = site.answer(f"http://127.0.0.1:{reserved.getsockname()[1]}/")
    assert "refused" in str(answer)
