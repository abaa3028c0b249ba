"""A local region for tests, in a folder of its own, with small programs as images."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config as BotoConfig

from drydock.config import load
from drydock.errors import NamespacesUnavailable
from drydock.paths import Workspace
from drydock.region.host import launcher
from tests.support.waiting import eventually

WEB = """
import http.server, json, os, signal, sys, threading
name = sys.argv[1] if len(sys.argv) > 1 else "web"
state = {"well": "UNHEALTHY" not in os.environ}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path in ("/sick", "/well"):
            state["well"] = self.path == "/well"
        checked = self.path.startswith("/healthcheck")
        code = 500 if self.path.startswith("/fail") or checked and not state["well"] else 200
        headers = {key.lower(): value for key, value in self.headers.items()}
        body = json.dumps({"name": name, "pid": os.getpid(), "path": self.path,
                           "address": self.connection.getsockname()[0],
                           "client": self.client_address[0], "headers": headers}).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, form, *args):
        print(form % args, flush=True)
server = http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "3000"))), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print("serving", name, flush=True)
server.serve_forever()
print("bye", flush=True)
"""

SETTINGS = """
[region]
time_scale = {time_scale}

[images."shell:*"]
entrypoint = ["/bin/sh", "-c"]
write = ["{shared}"]

[images."web:*"]
entrypoint = ["{python}", "{folder}/web.py"]
environment = {{ FROM_IMAGE = "yes" }}

[images."psql:*"]
entrypoint = ["{python}", "-c"]
read = ["{shared}"]

[images."worded:*"]
entrypoint = ["/bin/sh", "-c", 'echo $COLOUR $SHAPE $PWD "$1"', "sh"]
command = ["from the image"]
working_dir = "/usr"
environment = {{ COLOUR = "red", SHAPE = "round" }}

[images."*.dkr.ecr.*/shell:*"]
entrypoint = ["/bin/sh", "-c"]

[images."bare:*"]
read = ["{shared}"]
environment = {{ BARE = "yes" }}

[images."missing-program:*"]
entrypoint = ["/no/such/program"]
"""


@dataclass
class TestRegion:
    """A running region, and clients of it."""

    __test__ = False

    workspace: Workspace
    record: launcher.RegionRecord

    def client(self, service: str) -> Any:
        """Return a boto3 client, typed by the caller's annotation."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.record.endpoint,
            region_name=self.record.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=BotoConfig(retries={"max_attempts": 1}, read_timeout=20),
        )

    def inspect(self) -> dict[str, Any]:
        return launcher.inspect(self.record)

    def namespaces(self) -> set[str]:
        """Return the network namespaces that the region's processes are in or hold open."""
        return own_namespaces(descendants(self.record.pid))

    def restart(self) -> None:
        launcher.stop(self.workspace)
        self.record = start(self.workspace)

    def kill_daemon(self) -> None:
        """Send SIGKILL to the daemon, after what was requested is saved."""
        eventually(self.workspace.state.exists, "the state is saved")
        eventually(lambda: not self.inspect()["unsaved"], "nothing is unsaved")
        os.kill(self.record.daemon_pid, signal.SIGKILL)
        eventually(lambda: launcher.running(self.workspace) is None, "the region is gone")

    @property
    def log(self) -> str:
        return self.workspace.log.read_text()


def prepare(folder: Path, time_scale: float = 30) -> Workspace:
    """Write the settings and programs of a region into a folder."""
    (folder / "web.py").write_text(WEB)
    # files that tests and tasks exchange are beside the region's folder
    shared = folder.parent if folder.parent != Path(tempfile.gettempdir()) else folder
    settings = SETTINGS.format(
        python=sys.executable, folder=folder, shared=shared, time_scale=time_scale
    )
    (folder / "drydock.toml").write_text(settings)
    return Workspace(folder)


def start(workspace: Workspace) -> launcher.RegionRecord:
    return launcher.start(workspace, load(workspace.root))


def why_not() -> str:
    """Return why this machine cannot run a region; empty if it can."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = prepare(Path(folder))
        try:
            start(workspace)
        except NamespacesUnavailable as error:
            return str(error)
        launcher.stop(workspace)
    return ""


def is_alive(pid: int) -> bool:
    """Return whether a process of the host runs (a zombie does not)."""
    try:
        state = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def network_namespaces(pids: Iterable[int] | None = None) -> set[str]:
    """Return the network namespaces that processes (`pids`, or all of them) are in or hold open."""
    if pids is None:
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    found = set()
    for pid in pids:
        process = Path("/proc") / str(pid)
        try:
            links = [process / "ns" / "net", *(process / "fd").iterdir()]
        except OSError:
            continue  # it ended, or is not ours
        found |= {name for link in links if (name := _target(link)).startswith("net:[")}
    return found


def own_namespaces(pids: Iterable[int]) -> set[str]:
    """Return the namespaces that a region created: all but this process's own."""
    return network_namespaces(pids) - {_target(Path("/proc/self/ns/net"))}


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def descendants(pid: int) -> set[int]:
    """Return a process and all its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, queue = {pid}, [pid]
    while queue:
        for child in parents.get(queue.pop(), []):
            found.add(child)
            queue.append(child)
    return found
