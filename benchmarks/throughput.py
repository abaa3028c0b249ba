"""What does the region cost per request?

The sample application through the region's load balancer, against the same HAProxy in front of the
same application on plain loopback, no namespaces: alternating runs, median of 5. Goals: a ratio of
0.8, and 2,000 requests per second for GET /api/task/ with 32 connections.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.support import BIN, drydock, load, spread, table, url_of, wait_for, working_folder
from drydock.region.balancer.program import haproxy_program
from tests.support.postgres import Postgres, free_port

RATIO_GOAL = 0.8
RATE_GOAL = 2000
RUNS = 5
PATHS = ("/api/task/", "/healthcheck/live")

BY_HAND = """
global
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend front
  bind 127.0.0.1:{port}
  default_backend app
backend app
  option httpchk GET /healthcheck/
  server a 127.0.0.1:{first} check inter 1500
  server b 127.0.0.1:{second} check inter 1500
"""


@contextmanager
def by_hand() -> Iterator[str]:
    """PostgreSQL, two `tasklist serve` and an HAProxy written by hand → its URL."""
    folder = Path(tempfile.mkdtemp(prefix="drydock-by-hand-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        (folder / "db").mkdir()
        server = stack.enter_context(Postgres(folder / "db", durable=True))
        ports = [free_port(), free_port(), free_port()]
        environment = {
            **os.environ,
            **server.environment(),
            "VTT_LISTENHOST": "127.0.0.1",
        }
        subprocess.run([BIN / "tasklist", "updatedb"], env=environment, check=True, cwd=folder)
        for port in ports[:2]:
            _run(
                stack,
                [str(BIN / "tasklist"), "serve"],
                {**environment, "VTT_LISTENPORT": str(port)},
            )
            wait_for(f"http://127.0.0.1:{port}/healthcheck/")
        config = folder / "haproxy.cfg"
        config.write_text(BY_HAND.format(first=ports[0], second=ports[1], port=ports[2]))
        _run(stack, [haproxy_program(), "-db", "-f", str(config)], environment)
        url = f"http://127.0.0.1:{ports[2]}"
        wait_for(url + "/healthcheck/")
        yield url


def _run(stack: ExitStack, command: list[str], environment: dict[str, str]) -> None:
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
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
