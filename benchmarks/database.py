"""How quick is a database to make, to follow, to resume and to fail over; what does it cost to run?

    python -m benchmarks.database [--seconds 8]

Everything is asked from a task inside the VPC. The ratio is to the same PostgreSQL, started by hand on
loopback with the same settings.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.support import table
from drydock.region.dataplane.database.settings import postgresql_conf
from drydock.region.dataplane.database.versions import choose, find
from drydock.region.dataplane.runtime.consumption import family, proportional_memory
from drydock.region.host import launcher
from tests.support import region as support
from tests.support.database import PASSWORD, Cluster
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

CREATE, READER, RESUME, RATIO, MEMORY = 2.0, 3.0, 1.5, 0.9, 120.0
_MAJOR = 15
_PAIRS = 7
_TPS = re.compile(r"tps = ([\d.]+)")
_WAITER = """
import pathlib, sys, time, psycopg
folder = pathlib.Path(sys.argv[1])
while not (folder / "host").exists():
    time.sleep(0.005)
host, word = (folder / "host").read_text().split()
while True:
    try:
        psycopg.connect(host=host, user="postgres", password=word, dbname="app",
                        connect_timeout=10).execute("select 1")
        break
    except psycopg.Error:
        time.sleep(0.01)
(folder / "answered").write_text(str(time.time()))
"""
_LOAD = """
import pathlib, sys, time, psycopg
folder, host, word, seconds = pathlib.Path(sys.argv[1]), *sys.argv[2:]
end, number, lost, longest = time.time() + float(seconds), 0, 0.0, 0.0
connection, acknowledged = None, []
while time.time() < end:
    try:
        if connection is None or connection.closed:
            connection = psycopg.connect(host=host, user="postgres", password=word, dbname="app",
                                         connect_timeout=2, autocommit=True)
        number += 1
        connection.execute("insert into acknowledged values (%s)", (number,))
    except psycopg.Error:
        lost, connection = lost or time.time(), None
        time.sleep(0.01)
        continue
    acknowledged.append(number)
    if lost:
        longest, lost = max(longest, time.time() - lost), 0.0
connection = psycopg.connect(host=host, user="postgres", password=word, dbname="app")
there = {row[0] for row in connection.execute("select n from acknowledged")}
(folder / "load").write_text(f"{len(acknowledged)} {len(set(acknowledged) - there)} {longest}")
"""
_RUN = """
import pathlib, subprocess, sys
file, *words = sys.argv[1:]
code = subprocess.call(words)
pathlib.Path(file).touch()
sys.exit(code)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8, help="of each pgbench")
    seconds: int = parser.parse_args().seconds
    with _place() as (place, folder):
        create, cluster = _create(place, folder)
        pairs = _pgbench(cluster, folder, seconds)  # without a reader, as the one by hand has none
        reader = _reader(cluster)
        time.sleep(2)
        memory = _memory(cluster)
        acknowledged, lost, gap = _failover(cluster, folder, seconds)
        cluster.delete()
        resume, servers = _resume(place, folder)
    ratios = sorted(inside / by_hand for inside, by_hand in pairs)
    ratio = statistics.median(ratios)
    rows = [
        ("CreateDBCluster + CreateDBInstance to the first answer", f"{create:.2f} s", f"<= {CREATE} s"),
        ("a reader, until it is available", f"{reader:.2f} s", f"<= {READER} s"),
        ("resume from pause to the first answer", f"{resume:.2f} s", f"<= {RESUME} s"),
        ("servers while paused", str(servers), "0"),
        ("memory of an idle writer and reader", f"{memory:.0f} MB", f"<= {MEMORY:.0f} MB"),
        ("pgbench TPC-B inside the VPC", _tps([one for one, _ in pairs]), ""),
        ("the same by hand on loopback", _tps([one for _, one in pairs]), ""),
        ("their ratio", f"{ratio:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})", f">= {RATIO}"),
        ("failover under load: acknowledged", str(acknowledged), ""),
        ("… of which lost", str(lost), "0"),
        ("… seconds without a writer", f"{gap:.2f} s", ""),
    ]  # fmt: skip
    table(("a database", "measured", "goal"), rows)
    met = create <= CREATE and reader <= READER and resume <= RESUME and ratio >= RATIO
    return 0 if met and memory <= MEMORY and not lost and not servers else 3


@contextlib.contextmanager
def _place() -> Iterator[tuple[Scenario, Path]]:
    folder = Path(tempfile.mkdtemp(prefix="drydock-bench-"))
    workspace = support.prepare(folder)
    record = support.start(workspace)
    try:
        yield Scenario.build(TestRegion(workspace, record), "bench"), folder
    finally:
        launcher.stop(workspace)
        shutil.rmtree(folder)


def _waiter(place: Scenario, folder: Path) -> None:
    """A task that asks as soon as it is told whom."""
    for name in ("host", "answered"):
        (folder / name).unlink(missing_ok=True)
    arn = place.run(place.define("psql:1", [_WAITER, str(folder)]))
    place.wait(arn, "RUNNING")
    time.sleep(0.5)


def _answered(folder: Path) -> float:
    file = folder / "answered"
    return float(eventually(lambda: file.exists() and file.read_text(), "an answer", 60, 0.01))


def _tell(folder: Path, host: str) -> None:
    (folder / "host.new").write_text(f"{host} {PASSWORD}")
    (folder / "host.new").replace(folder / "host")


def _create(place: Scenario, folder: Path) -> tuple[float, Cluster]:
    _waiter(place, folder)
    begun = time.time()
    cluster = Cluster.create(place, "bench-db", EngineVersion=f"{_MAJOR}.10")
    _tell(folder, cluster.describe()["Endpoint"])
    took = _answered(folder) - begun
    cluster.wait_available()
    return took, cluster


def _reader(cluster: Cluster) -> float:
    begun = time.time()
    cluster.add_instance(1)
    cluster.wait_available(number=1)
    return time.time() - begun


def _memory(cluster: Cluster) -> float:
    pids = [one for number in (0, 1) for one in family(int(cluster.server(number)["pid"]))]
    return proportional_memory(pids) / 1e6


def _pgbench(cluster: Cluster, folder: Path, seconds: int) -> list[tuple[float, float]]:
    """Transactions per second inside the VPC and by hand, in turns: the disk is not always as quick."""
    eventually(lambda: _backed_up(cluster), "the first automated backup, which copies it all", 120)
    host = cluster.describe()["Endpoint"]
    inside = _words(host, 5432, "app")
    _in_task(cluster, folder, *inside, "-i", "-s", "10", "-q")
    with _by_hand() as by_hand:
        _do([*by_hand, "-i", "-s", "10", "-q"])
        return [
            (
                _rate(_in_task(cluster, folder, *inside, *_test(seconds))),
                _rate(_do([*by_hand, *_test(seconds)])),
            )
            for _ in range(_PAIRS)
        ]


def _backed_up(cluster: Cluster) -> bool:
    rds = cluster.scenario.region.client("rds")
    found = rds.describe_db_cluster_snapshots(
        DBClusterIdentifier=cluster.name, SnapshotType="automated"
    )["DBClusterSnapshots"]
    return bool(found) and all(one["Status"] == "available" for one in found)


def _in_task(cluster: Cluster, folder: Path, *words: str) -> str:
    """What a task's program prints. Whether it has ended is seen by a file: an API that is asked all
    the time would take its share of the machine, and by hand nobody asks."""
    place, ended = cluster.scenario, folder / "ended"
    ended.unlink(missing_ok=True)
    environment = [{"name": "PGPASSWORD", "value": PASSWORD}, {"name": "PGSSLMODE", "value": "disable"}]  # fmt: skip
    arn = place.run(place.define("psql:1", [_RUN, str(ended), *words], environment=environment))
    eventually(ended.exists, "the program has ended", 300)
    place.wait(arn, "STOPPED")
    return "\n".join(place.output(arn))


@contextlib.contextmanager
def _by_hand() -> Iterator[list[str]]:
    """A server of the same programs and settings, as an ordinary user where we are root → pgbench."""
    folder = Path(tempfile.mkdtemp(prefix="drydock-bench-pg-"))
    program = choose(_MAJOR, find()).program
    prefix: list[str] = []
    if os.getuid() == 0:
        prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        os.chown(folder, 65534, 65534)
    data = str(folder / "data")
    _do([*prefix, program("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"])
    wal = folder / "wal"
    wal.mkdir()
    if prefix:
        os.chown(wal, 65534, 65534)
    settings = postgresql_conf(_MAJOR, "by-hand", "127.0.0.1", 54329, {}, archives=True)
    (folder / "data" / "postgresql.conf").write_text(
        settings.replace("../socket", str(folder)), encoding="utf-8"
    )
    _do([*prefix, program("pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "start"])  # fmt: skip
    try:
        yield _words("127.0.0.1", 54329, "postgres")
    finally:
        _do([*prefix, program("pg_ctl"), "-D", data, "-m", "fast", "-w", "stop"])
        shutil.rmtree(folder)


def _tps(rates: list[float]) -> str:
    return f"{statistics.median(rates):.0f} tps ({min(rates):.0f} to {max(rates):.0f})"


def _words(host: str, port: int, database: str) -> list[str]:
    return [choose(_MAJOR, find()).program("pgbench"), "-h", host, "-p", str(port), "-U", "postgres", database]  # fmt: skip


def _test(seconds: int) -> list[str]:
    return ["-c", "8", "-j", "2", "-T", str(seconds)]


def _rate(output: str) -> float:
    found = _TPS.search(output)
    if found is None:
        raise SystemExit(f"pgbench told no rate:\n{output}")
    return float(found[1])


def _do(words: list[str]) -> str:
    done = subprocess.run(words, check=False, text=True, capture_output=True, cwd="/")
    if done.returncode != 0:
        raise SystemExit(f"{words[0]}: {done.stderr}{done.stdout}")
    return done.stdout


def _failover(cluster: Cluster, folder: Path, seconds: int) -> tuple[int, int, float]:
    """The writer is killed in the middle of it."""
    place, host = cluster.scenario, cluster.describe()["Endpoint"]
    cluster.ask("create table acknowledged (n int primary key)")
    arn = place.run(
        place.define("psql:1", [_LOAD, str(folder), host, PASSWORD, str(max(10, seconds))])
    )
    place.wait(arn, "RUNNING")
    time.sleep(3)
    cluster.kill(0)
    place.wait(arn, "STOPPED", 120)
    acknowledged, lost, longest = (folder / "load").read_text().split()
    return int(acknowledged), int(lost), float(longest)


def _resume(place: Scenario, folder: Path) -> tuple[float, int]:
    cluster = Cluster.create(
        place,
        "bench-zero",
        instance_class="db.serverless",
        EngineVersion=f"{_MAJOR}.10",
        ServerlessV2ScalingConfiguration={"MinCapacity": 0, "MaxCapacity": 2},
    )
    cluster.wait_available()
    _waiter(place, folder)
    eventually(lambda: not cluster.server(), "it is paused", 60)
    time.sleep(1)
    servers = sum(1 for one in place.region.inspect()["databases"])
    begun = time.time()
    _tell(folder, cluster.describe()["Endpoint"])
    took = _answered(folder) - begun
    cluster.delete()
    return took, servers


if __name__ == "__main__":
    sys.exit(main())
