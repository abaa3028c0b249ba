"""Does a kill lose what was acknowledged, and what does it cost to save before each answer?

`--kills N` (200) kills of the daemon under a mixed load of API changes, `--database-kills N` (20) with a
database that is written to and snapshots that are taken. Goals: 0 lost; p50 of three changes at most 1.3
times that of moto's own server, which saves nothing, in the same run.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import psycopg

from benchmarks.support import BIN, drydock, table, working_folder
from drydock.config import load
from drydock.paths import Workspace
from drydock.region.host import launcher
from tests.support.acknowledged import Acknowledged

GOAL = 1.3
ROUNDS = 5
CALLS = 150

_DEFINITION: dict[str, Any] = {
    "requiresCompatibilities": ["FARGATE"],
    "networkMode": "awsvpc",
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [{"name": "app", "image": "web:1"}],
}
CHANGES: dict[str, tuple[str, Callable[[Any, str], object]]] = {
    "put-parameter": (
        "ssm",
        lambda client, name: client.put_parameter(Name=name, Value="v", Type="String"),
    ),
    "create-security-group": (
        "ec2",
        lambda client, name: client.create_security_group(GroupName=name, Description="d"),
    ),
    "register-task-definition": (
        "ecs",
        lambda client, name: client.register_task_definition(family=name, **_DEFINITION),
    ),
}


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--database-kills", type=int, default=20)
    wanted = arguments.parse_args()
    slow = cost()
    lost = kills(wanted.kills) + database_kills(wanted.database_kills)
    return 3 if lost or slow > GOAL else 0


@contextmanager
def moto_server() -> Iterator[str]:
    """moto's own server on a free port → its endpoint."""
    code = "from moto.server import ThreadedMotoServer as S; s = S('127.0.0.1', 0, verbose=False); "
    code += "s.start(); print(s.get_host_and_port()[1], flush=True); input()"
    process = subprocess.Popen(
        [str(BIN / "python"), "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    assert process.stdin
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(30)


def client(endpoint: str, service: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=endpoint,
        region_name="ap-southeast-2",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )


def cost() -> float:
    """The price of a saved change beside moto's unsaved one → the highest ratio of medians."""
    times: dict[tuple[str, str], list[float]] = {}
    with working_folder() as folder, moto_server() as plain:
        ours = drydock(folder, "region", "start").split()[0]
        for number in range(ROUNDS + 1):  # the first one warms both up
            for change, (service, call) in CHANGES.items():
                for who, endpoint in (("region", ours), ("moto", plain)):
                    taken = timed(client(endpoint, service), call, f"n{number}-")
                    if number:
                        times.setdefault((change, who), []).extend(taken)
    rows, ratios = [], []
    for change in CHANGES:
        region, moto = times[change, "region"], times[change, "moto"]
        ratios.append(statistics.median(region) / statistics.median(moto))
        rows.append((change, *figures(region), *figures(moto), f"{ratios[-1]:.2f}"))
    table(("ms a change", "p50", "p99", "moto's p50", "p99", f"ratio (<= {GOAL})"), rows)
    return max(ratios)


def timed(one: Any, call: Callable[[Any, str], object], prefix: str) -> list[float]:
    found = []
    for number in range(CALLS):
        begun = time.perf_counter()
        call(one, f"{prefix}{number}")
        found.append(1000 * (time.perf_counter() - begun))
    return found


def figures(times: list[float]) -> tuple[str, str]:
    return f"{statistics.median(times):.1f}", f"{statistics.quantiles(times, n=100)[98]:.1f}"


def kills(number: int) -> int:
    """Kill the daemon so often under a load → how many acknowledged changes were lost."""
    chance = random.Random(13)
    lost, starts = 0, []
    with working_folder() as folder:
        region = _Region(folder)
        made = Acknowledged(lambda: region.endpoint)
        made.prepare()
        for _ in range(number):
            with made.load():
                time.sleep(chance.uniform(0.05, 0.8))
                region.kill()
            begun = time.monotonic()
            region.start()
            starts.append(time.monotonic() - begun)
            missing = made.lost()
            lost += sum(len(names) for names in missing.values())
            if missing:
                print(missing)
                made.names = {key: made.names[key] - missing.get(key, set()) for key in made.names}
            made.next_round()
        rows = [(number, made.total + lost, lost, f"{statistics.median(starts):.2f}")]
    table(("kills", "acknowledged changes", "lost", "start, s"), rows)
    return lost


class _Region:
    """The region of a working folder, which is killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._workspace = Workspace(folder)
        self.start()

    def start(self) -> None:
        record = launcher.start(self._workspace, load(self._workspace.root))
        self.endpoint = record.endpoint
        self._daemon = record.daemon_pid

    def kill(self) -> None:
        os.kill(self._daemon, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while launcher.running(self._workspace) is not None:
            assert time.monotonic() < deadline, "the region does not end"
            time.sleep(0.01)


def database_kills(number: int) -> int:
    """The same with rows of a database and snapshots of it → how many were lost."""
    chance = random.Random(7)
    rows, snapshots, lost = 0, 0, 0
    with working_folder() as folder:
        region = _Region(folder)
        rds = client(region.endpoint, "rds")
        rds.create_db_cluster(
            DBClusterIdentifier="db",
            Engine="aurora-postgresql",
            MasterUsername="owner",
            MasterUserPassword="plain-word",
            DatabaseName="app",
        )
        rds.create_db_instance(
            DBInstanceIdentifier="db-1",
            DBClusterIdentifier="db",
            DBInstanceClass="db.t4g.medium",
            Engine="aurora-postgresql",
        )
        for turn in range(number):
            with _connected(folder) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS acknowledged (id int)")
                end = time.monotonic() + chance.uniform(0.2, 1.5)
                while time.monotonic() < end:
                    connection.execute("INSERT INTO acknowledged VALUES (%s)", (rows,))
                    rows += 1
                client(region.endpoint, "rds").create_db_cluster_snapshot(
                    DBClusterIdentifier="db", DBClusterSnapshotIdentifier=f"s{turn}"
                )
                snapshots += 1
                region.kill()
            region.start()
            with _connected(folder) as connection:
                found = connection.execute("SELECT count(*) FROM acknowledged").fetchone()
                lost += rows - (found or (0,))[0]
            pages = client(region.endpoint, "rds").get_paginator("describe_db_cluster_snapshots")
            kept = [
                one["DBClusterSnapshotIdentifier"]
                for page in pages.paginate(SnapshotType="manual")
                for one in page["DBClusterSnapshots"]
            ]
            lost += snapshots - len(set(kept))
    table(
        ("kills", "acknowledged rows", "acknowledged snapshots", "lost"),
        [(number, rows, snapshots, lost)],
    )
    return lost


@contextmanager
def _connected(folder: Path) -> Iterator[psycopg.Connection]:
    """A connection that commits each statement, once the database takes one."""
    deadline = time.monotonic() + 120
    while True:
        try:
            found = drydock(folder, "db", "--dsn", "db").strip()
            connection = psycopg.connect(found, autocommit=True, connect_timeout=5)
            break
        except (SystemExit, psycopg.OperationalError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
    try:
        yield connection
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
