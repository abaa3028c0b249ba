"""Asking a region, from outside of it."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.errors import RegionNotRunning
from drydock.paths import Workspace
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


@pytest.mark.parametrize("module", ["drydock.region.host.porter", "drydock.region.porter"])
def test_a_porter_is_known_by_its_module_of_today_and_of_before(
    module: str, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path)
    workspace.lock.parent.mkdir(parents=True)
    waits = "import sys; print('up', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", waits, module, str(workspace.root)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as porter:
        assert porter.stdout is not None
        assert porter.stdout.readline() == b"up\n"  # until then its command line may be empty
        workspace.lock.write_text(str(porter.pid))
        assert launcher._porter(workspace) == porter.pid
        porter.communicate(timeout=30)
    assert launcher._porter(workspace) is None
