"""How fast is the sample application?

One `tasklist serve` with a worker for each core (or `--workers N`) and a PostgreSQL that keeps what
it was told (fsync on), both on these cores, 32 connections of wrk, which takes its share of them
too. What the machine can do is told by pgbench in the same run, in turns with the application:
prepared statements on the same table, as many connections as the application's workers have
together, as many threads as workers, and the same way in (TCP on loopback, scram, no TLS).

The goal of the list compares with a plain `SELECT` of its rows. The application's own statement, in
which PostgreSQL writes the JSON too, is told beside it. The application asks PostgreSQL less often
than it is asked: who reads, or adds, at the same time shares one statement. pgbench shares none.

Goals: GET /api/task/ 4,000 per
second, p99 below 30 ms and 0.25 of pgbench's selects; POST 2,500 and 0.35 of its inserts;
/healthcheck/live 15,000; a list of 1,000 tasks 800; from start to the first 200 within 0.8 s;
90 MB of resident memory.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.support import BIN, Load, count, spread, table, wait_for
from tasklist.database import connections_of
from tasklist.settings import Settings
from tasklist.tasks import ALL
from tests.support.postgres import Postgres, binaries, free_port

RUNS = 3
SECONDS = 5
STARTS = 5
MANY = 1_000

SELECT = "SELECT id, priority, title, completed FROM tasks ORDER BY id;"
INSERT = "INSERT INTO tasks (priority, title, completed) VALUES (1, 'a task', false) RETURNING id;"
POST = """
wrk.method = "POST"
wrk.body = '{"title": "a task", "priority": 1, "complete": false}'
wrk.headers["Content-Type"] = "application/json"
"""


@dataclass(frozen=True)
class Question:
    """A request, its goals, and the statement of pgbench that it is compared with."""

    name: str
    path: str
    rate: float
    script: str = ""
    statement: str = ""
    ratio: float = 0.0
    own: str = ""
    """The statement that the application itself sends, where it is another one."""
    p99: float = 0.0
    """Milliseconds; 0: no goal."""


class Server:
    """`tasklist serve` on a database."""

    def __init__(self, postgres: Postgres, folder: Path, workers: int) -> None:
        self.workers = workers
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("VTT_")},
            **postgres.environment(),
            "VTT_LISTENPORT": str(free_port()),
            "VTT_WORKERS": str(workers),
        }
        self.url = f"http://127.0.0.1:{self.environment['VTT_LISTENPORT']}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def migrate(self) -> None:
        subprocess.run(
            [BIN / "tasklist", "updatedb"], env=self.environment, cwd=self._folder, check=True
        )

    def start(self) -> float:
        """Start it → seconds until the first 200."""
        begun = time.monotonic()
        self._process = subprocess.Popen(
            [BIN / "tasklist", "serve"],
            env=self.environment,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )
        wait_for(self.url + "/healthcheck/live")
        return time.monotonic() - begun

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
            self._process = None

    @property
    def memory(self) -> float:
        """Resident, of the process that has most, in MB of 1,000,000 bytes."""
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return max(_resident(one) for one in [str(pid), *children])


def _resident(pid: str) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024 / 1e6


def pgbench(postgres: Postgres, folder: Path, statement: str, workers: int) -> float:
    """Transactions per second of one prepared statement on as many connections as the pools have."""
    connections = workers * connections_of(Settings(workers=workers))
    script = folder / "statement.sql"
    script.write_text(statement)
    done = subprocess.run(
        [
            *(binaries() / "pgbench", "-n", "-M", "prepared", "-f", script),
            *("-c", str(connections), "-j", str(workers), "-T", str(SECONDS)),
            *("-h", postgres.host, "-p", str(postgres.port), "-U", postgres.user, "app"),
        ],
        env={**os.environ, "PGPASSWORD": postgres.password},
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    assert found, done.stdout
    return float(found[1])


def ask(server: Server, folder: Path, question: Question) -> Load:
    script = folder / "request.lua"
    script.write_text(question.script)
    found = count(server.url + question.path, SECONDS, script=script)
    if found.failed:
        raise SystemExit(f"{question.name}: {found.failed} of {found.requests} requests failed")
    return found


def answer(
    server: Server, postgres: Postgres, folder: Path, question: Question
) -> tuple[tuple[str, ...], bool]:
    """The row of a question, and whether its goals are met."""
    loads: list[Load] = []
    ratios: list[float] = []
    own: list[float] = []
    for _ in range(RUNS):
        loads.append(ask(server, folder, question))
        for statement, into in ((question.statement, ratios), (question.own, own)):
            if statement:
                most = pgbench(postgres, folder, statement, server.workers)
                into.append(loads[-1].rate / most)
    rates, slow = [one.rate for one in loads], statistics.median(one.p99 for one in loads)
    good = statistics.median(rates) >= question.rate
    good = good and (not ratios or statistics.median(ratios) >= question.ratio)
    good = good and (not question.p99 or slow < question.p99)
    compared = f"{spread(ratios)}, goal {question.ratio}" if ratios else ""
    compared += f"; to its own statement {spread(own)}" if own else ""
    limit = f", goal < {question.p99:.0f}" if question.p99 else ""
    rate = f"{spread(rates, 0)}, goal {question.rate:.0f}"
    return (question.name, rate, f"{slow:.1f}{limit}", compared), good


def fill(postgres: Postgres, tasks: int) -> None:
    """The list has so many tasks and no other."""
    with postgres.connect() as connection:
        connection.execute("TRUNCATE tasks RESTART IDENTITY")
        connection.execute(
            "INSERT INTO tasks (completed, priority, title)"
            " SELECT false, n, 'Task number ' || n FROM generate_series(1, %s) n",
            [tasks],
        )


QUESTIONS = (
    (3, Question("GET /api/task/, 3 tasks", "/api/task/", 4000, "", SELECT, 0.25, ALL + ";", 30)),
    (3, Question("POST /api/task/", "/api/task/", 2500, POST, INSERT, 0.35)),
    (3, Question("GET /healthcheck/live", "/healthcheck/live", 15000)),
    (MANY, Question(f"GET /api/task/, {MANY:,} tasks", "/api/task/", 800)),
)


def main() -> int:
    options = argparse.ArgumentParser(description="How fast is the sample application?")
    options.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    workers = options.parse_args().workers
    rows, good = [], True
    with tempfile.TemporaryDirectory(prefix="drydock-bench-") as name:
        folder = Path(name)
        with Postgres(folder, durable=True) as postgres:
            server = Server(postgres, folder, workers)
            server.migrate()
            starts = []
            for _ in range(STARTS):
                starts.append(server.start())
                server.stop()
            server.start()
            try:
                for tasks, question in QUESTIONS:
                    fill(postgres, tasks)
                    row, met = answer(server, postgres, folder, question)
                    rows.append(row)
                    good = good and met
                memory = server.memory
            finally:
                server.stop()
    table(
        (f"32 connections, {workers} workers", "per second", "p99 (ms)", "ratio to pgbench"), rows
    )
    print(
        f"\nstart to the first 200: {spread(starts)} s (goal 0.8); resident: {memory:.0f} MB a worker (90)"
    )
    return 0 if good and statistics.median(starts) <= 0.8 and memory <= 90 else 3


if __name__ == "__main__":
    sys.exit(main())
