"""The server in two worker processes: as one to its clients, whatever happens to a worker."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.test_tasklist_conformity import (  # noqa: F401 - they run here on two workers
    test_answers_as_the_table_says,
    test_debug_has_no_secret,
    test_head_is_get_without_the_body,
    test_what_was_changed_is_what_is_read,
)
from tests.support.postgres import Postgres
from tests.support.tasklist import Tasklist, run_tasklist
from tests.support.tasklist_load import Load
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def two(postgres: Postgres) -> dict[str, str]:
    """Settings for two workers."""
    return {**postgres.environment(), "VTT_WORKERS": "2"}


@pytest.fixture(scope="module")
def tasklist(two: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tasklist]:
    """Instead of the one that other tests have."""
    folder = tmp_path_factory.mktemp("workers")
    assert run_tasklist("updatedb", env=two, cwd=folder).returncode == 0
    with Tasklist(two, folder) as server:
        httpx.get(server.url)
        eventually(lambda: "_bucket" in httpx.get(server.url + "/metrics").text, "it is counted")
        yield server


def pids(server: Tasklist) -> set[int]:
    """Its workers that live, by the kernel's word."""
    parent = server.process.pid
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return {int(pid) for pid in found}


def listening(server: Tasklist) -> int:
    """How many sockets listen at its port, by the kernel's word."""
    port = int(server.url.rpartition(":")[2])
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    found = [line.split()[1:4] for line in lines]
    return sum(where.endswith(f":{port:04X}") and state == "0A" for where, _, state in found)


def metrics_folder(worker: int) -> Path:
    """Where a worker's metrics are, by the memory that it has mapped."""
    found = re.search(r"(/\S+/tasklist-metrics-[^/]+)/", Path(f"/proc/{worker}/maps").read_text())
    assert found
    return Path(found[1])


def metric(server: Tasklist, name: str) -> float:
    text = httpx.get(server.url + "/metrics").text
    found = re.search(rf"^{re.escape(name)} ([\d.e+]+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def wait_for_two(server: Tasklist) -> None:
    eventually(lambda: metric(server, "tasklist_workers") == 2, "both workers are counted")


def test_the_metrics_are_the_sum_over_the_workers(tasklist: Tasklist) -> None:
    name = 'tasklist_http_requests_total{method="GET",route="/healthcheck/live",status="200"}'
    wait_for_two(tasklist)
    before = metric(tasklist, name)
    for _ in range(40):  # each on a connection of its own, so that both workers have some
        assert httpx.get(tasklist.url + "/healthcheck/live").status_code == 200
    # a request is counted just after its answer, which the other worker may be asked before
    eventually(lambda: metric(tasklist, name) == before + 40, "all are counted")
    buckets = 'tasklist_http_request_seconds_count{method="GET",route="/healthcheck/live"}'
    eventually(lambda: metric(tasklist, buckets) == before + 40, "and timed")
    answer = httpx.get(tasklist.url + "/debug").json()
    assert answer["Workers"] == 2


def test_the_workers_have_no_more_connections_than_one_alone(
    two: dict[str, str], postgres: Postgres, folder: Path, tasklist: Tasklist
) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tasklist'"
    with postgres.connect("postgres") as connection:

        def connections() -> int:
            row = connection.execute(query).fetchone()
            assert row is not None
            return int(row[0])

        others = connections()
        with Tasklist(two, folder) as server:
            eventually(lambda: listening(server) == 2, "both workers listen")
            load = Load(server.url, clients=24, request=POST)
            eventually(lambda: load.outcomes["answered"] > 300, "it answers")
            eventually(lambda: connections() - others >= 2, "both workers have connections")
            assert connections() - others <= 10
            assert server.stop() == 0
            load.join()


POST = b'POST /api/task/ HTTP/1.1\r\nHost: test\r\nContent-Length: 13\r\n\r\n{"title":"x"}'


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_two_workers_under_load_cuts_no_request(
    two: dict[str, str], tasklist: Tasklist, folder: Path, number: int
) -> None:
    with Tasklist(two, folder) as server:
        load = Load(server.url, clients=12)
        eventually(lambda: load.outcomes["answered"] > 300, "it answers")
        workers = pids(server)
        assert len(workers) == 2
        folder_of_metrics = metrics_folder(min(workers))
        assert server.stop(number) == 0
        assert not folder_of_metrics.exists()
        load.join()
    assert set(load.outcomes) == {"answered", "told to close"}, load.outcomes
    assert server.stderr == ""
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    assert len(server.events("draining")) == 2


def test_a_killed_worker_is_replaced_and_what_it_counted_stays(
    two: dict[str, str], tasklist: Tasklist, folder: Path
) -> None:
    name = 'tasklist_http_requests_total{method="GET",route="/healthcheck/live",status="200"}'
    with Tasklist(two, folder) as server:
        wait_for_two(server)
        # by then both are old enough not to be given up
        eventually(lambda: httpx.get(server.url + "/debug").json()["Uptime"] > 1.5, "it is old")
        for _ in range(20):
            httpx.get(server.url + "/healthcheck/live")
        eventually(lambda: metric(server, name) == 20, "all are counted")
        killed = min(pids(server))
        os.kill(killed, signal.SIGKILL)
        lost = server.wait_for_event("worker_lost")
        assert (lost["worker"], lost["exit"], lost["replaced"]) == (killed, -9, True)
        eventually(lambda: len(server.events("listening")) == 3, "the new one listens")
        wait_for_two(server)
        for _ in range(20):
            assert httpx.get(server.url + "/api/task/").status_code == 200
        assert metric(server, name) == 20
        assert killed not in pids(server)
        assert len(pids(server)) == 2
        assert server.stop() == 0


def test_no_worker_survives_its_parent(
    two: dict[str, str], tasklist: Tasklist, folder: Path
) -> None:
    with Tasklist(two, folder) as server:
        workers = pids(server)
        assert len(workers) == 2
        wait_for_two(server)
        counted = metrics_folder(min(workers))
        server.process.kill()
        try:
            eventually(
                lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "the workers end"
            )
        finally:
            shutil.rmtree(counted)  # nobody was left to do it


def test_a_taken_port_is_one_sentence(
    two: dict[str, str], tasklist: Tasklist, folder: Path
) -> None:
    port = str(httpx.URL(tasklist.url).port)
    done = run_tasklist("serve", env={**two, "VTT_LISTENPORT": port}, cwd=folder)
    assert done.returncode == 1
    assert "already in use" in done.stderr
    assert "Traceback" not in done.stderr
