"""What does the region cost per request?

The sample application through the region's load balancer, against the same HAProxy (program and
configuration) in front of the same application on plain loopback, no namespaces, its log lines taken
by a reader that throws them away: alternating runs, median of 5. Goals: a ratio of 0.8, and 2,000
requests per second for GET /api/task/ with 32 connections.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.support import BIN, drydock, load, spread, table, url_of, wait_for, working_folder
from drydock.region.balancer.fleet import Fleet
from drydock.region.balancer.spec import (
    Forward,
    HealthCheck,
    Listener,
    LoadBalancer,
    Target,
    TargetGroup,
)
from tests.support.postgres import Postgres, free_port
from tests.support.spawner import LocalSpawner

RATIO_GOAL = 0.8
RATE_GOAL = 2000
RUNS = 5
PATHS = ("/api/task/", "/healthcheck/live")

READER = """
import os, time
while os.read(0, 1 << 20):
    time.sleep(0.04)
"""
"""Takes the application's log lines, as the region does, and does nothing with them."""


@contextmanager
def by_hand() -> Iterator[str]:
    """PostgreSQL, two `tasklist serve` and an HAProxy, started by hand → its URL."""
    folder = Path(tempfile.mkdtemp(prefix="drydock-by-hand-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        (folder / "db").mkdir()
        server = stack.enter_context(Postgres(folder / "db", durable=True))
        ports = [free_port(), free_port()]
        environment = {
            **os.environ,
            **server.environment(),
            "VTT_LISTENHOST": "127.0.0.1",
        }
        subprocess.run([BIN / "tasklist", "updatedb"], env=environment, check=True, cwd=folder)
        for port in ports:
            _run(
                stack,
                [str(BIN / "tasklist"), "serve"],
                {**environment, "VTT_LISTENPORT": str(port)},
            )
            wait_for(f"http://127.0.0.1:{port}/healthcheck/")
        url = stack.enter_context(_balanced(folder, ports))
        wait_for(url + "/healthcheck/")
        yield url


@contextmanager
def _balanced(folder: Path, ports: list[int]) -> Iterator[str]:
    """The region's own HAProxy, configured as in the region, in front of loopback ports."""
    spawner = LocalSpawner()
    targets = tuple(Target("127.0.0.1", port) for port in ports)
    check = HealthCheck(path="/healthcheck/", interval=1.5)
    spec = LoadBalancer(
        listeners=(Listener("front", 80, Forward.to("app")),),
        target_groups=(TargetGroup("app", targets, health_check=check),),
    )
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as front:
        balancer = Fleet(spawner, folder, "by-hand")
        try:
            balancer.apply(spec, {"front": [front]})
            url = f"http://127.0.0.1:{front.getsockname()[1]}"
            while not all(one.state == "healthy" for one in balancer.health().values()):
                time.sleep(0.05)
            yield url
        finally:
            balancer.stop()
            spawner.close()


def _run(stack: ExitStack, command: list[str], environment: dict[str, str]) -> None:
    reader = subprocess.Popen([sys.executable, "-c", READER], stdin=subprocess.PIPE)
    child = subprocess.Popen(command, env=environment, stdout=reader.stdin)
    assert reader.stdin is not None
    reader.stdin.close()
    stack.callback(reader.wait)
    stack.callback(child.wait)
    stack.callback(child.terminate)


def main() -> int:
    rows, good = [], True
    with working_folder() as folder, by_hand() as plain:
        drydock(folder, "up", "--quick")
        region = url_of(folder)
        for path in PATHS:
            ours, theirs = [], []
            for _ in range(RUNS):
                ours.append(load(region + path))
                theirs.append(load(plain + path))
            ratio = statistics.median(ours) / statistics.median(theirs)
            rows.append(
                (path, spread(ours, 0), spread(theirs, 0), f"{ratio:.2f}", f">= {RATIO_GOAL}")
            )
            good = good and ratio >= RATIO_GOAL
            good = good and (path != "/api/task/" or statistics.median(ours) >= RATE_GOAL)
    head = ("requests per second, 32 connections", "the region", "by hand", "ratio", "goal")
    table(head, rows)
    print(f"\nGET /api/task/ shall be at least {RATE_GOAL} per second.")
    return 0 if good else 3


if __name__ == "__main__":
    sys.exit(main())
