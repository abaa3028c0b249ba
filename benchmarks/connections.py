"""Is the API answered while thousands of connections are idle and hundreds of clients are slow?

2,000 idle connections (half of them have asked before) and 200 slow clients, which send a byte of a head or
of a body each half second: DescribeServices beside them, against without, in turns of one run. A client
that is let go by the server comes back. Goal: a 99th percentile of at most twice, and no error.
"""

from __future__ import annotations

import resource
import selectors
import socket
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.support import client, drydock, table, working_folder

IDLE, SLOW = 2_000, 200
REQUESTS, TURNS = 300, 4
RATIO = 2.0
_PAUSE = 0.5
_ASK = b"GET /_drydock/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
_HEAD = b"GET /_drydock/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
_BODY = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"


class Crowd:
    """Connections that ask for nothing, or for ever."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._ended = threading.Event()
        self._idle = [self._connect() for _ in range(IDLE)]
        for one in self._idle[: IDLE // 2]:
            one.sendall(_ASK)
            assert one.recv(65536).startswith(b"HTTP/1.1 200")
        self._slow = [self._slowly(number) for number in range(SLOW)]
        self.returned = 0
        self._thread = threading.Thread(target=self._trickle, daemon=True)
        self._thread.start()

    def _connect(self) -> socket.socket:
        return socket.create_connection(self._address, 20)

    def _slowly(self, number: int) -> socket.socket:
        one = self._connect()
        one.sendall(_BODY if number % 2 else _HEAD)
        return one

    def _trickle(self) -> None:
        while not self._ended.wait(_PAUSE):
            for number, one in enumerate(self._slow):
                try:
                    one.sendall(b"x")
                except OSError:
                    one.close()
                    self._slow[number] = self._slowly(number)
                    self.returned += 1

    def still_idle(self) -> int:
        """How many of the idle connections the server has not closed."""
        with selectors.DefaultSelector() as selector:
            for one in self._idle:
                selector.register(one, selectors.EVENT_READ)
            return len(self._idle) - len(selector.select(0))

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        for one in (*self._idle, *self._slow):
            one.close()


def latencies(ecs: Any) -> list[float]:
    """Milliseconds of each DescribeServices."""
    found = []
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        ecs.describe_services(cluster="app", services=["none"])
        found.append((time.perf_counter() - begun) * 1000)
    return found


def measured(folder: Path) -> tuple[list[float], list[float], int, int]:
    host, _, port = drydock(folder, "region", "status").split()[2].rpartition(":")
    address = (host.removeprefix("http://"), int(port))
    ecs = client(folder, "ecs")
    ecs.create_cluster(clusterName="app")
    latencies(ecs)  # the first are slower
    without, beside = [], []
    idle, returned = IDLE, 0
    for _ in range(TURNS):
        without += latencies(ecs)
        crowd = Crowd(address)
        try:
            beside += latencies(ecs)
            idle, returned = min(idle, crowd.still_idle()), returned + crowd.returned
        finally:
            crowd.close()
    return without, beside, idle, returned


def main() -> int:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < IDLE + SLOW + 200:
        raise SystemExit(f"this shell may open {most} files: ulimit -n {2 * IDLE}")
    with working_folder() as folder:
        drydock(folder, "region", "start")
        without, beside, idle, returned = measured(folder)
    percentiles = [statistics.quantiles(one, n=100) for one in (without, beside)]
    ratio = percentiles[1][98] / percentiles[0][98]
    table(
        ("DescribeServices, milliseconds", "p50", "p99", "goal"),
        (
            ("alone", f"{percentiles[0][49]:.1f}", f"{percentiles[0][98]:.1f}", ""),
            (
                f"beside {IDLE:,} idle connections and {SLOW} slow clients",
                f"{percentiles[1][49]:.1f}",
                f"{percentiles[1][98]:.1f}",
                "",
            ),
            ("ratio", "", f"{ratio:.2f}", f"<= {RATIO}"),
            ("idle connections that are kept", idle, "", IDLE),
            ("slow clients that were let go and came back", returned, "", ""),
        ),
    )
    return 0 if ratio <= RATIO and idle == IDLE else 3


if __name__ == "__main__":
    sys.exit(main())
