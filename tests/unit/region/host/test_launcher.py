"""Asking a region, from outside of it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from drydock.errors import RegionNotRunning
from drydock.region.host import launcher

FIELDS = {"region": "r", "account_id": "1", "log": "region.log", "id": "i", "started_at": "now"}


class _Status(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"urls": []}'
        self.send_response(200 if self.path == "/_drydock/status" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Status) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join(10)


def test_a_users_proxy_is_not_asked(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    record = launcher.RegionRecord(endpoint=endpoint, pid=1, daemon_pid=2, **FIELDS)
    assert launcher.inspect(record) == {"urls": []}


def test_a_region_that_does_not_answer_is_named() -> None:
    record = launcher.RegionRecord(endpoint="http://127.0.0.1:9", pid=1, daemon_pid=2, **FIELDS)
    with pytest.raises(RegionNotRunning, match=r"127\.0\.0\.1:9"):
        launcher.inspect(record)
