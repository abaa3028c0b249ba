"""The server over its life: starting, logging, an outage of its database, stopping."""

from __future__ import annotations

import collections
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.postgres import Postgres, free_port
from tests.support.tasklist import Tasklist, run_tasklist
from tests.support.tasklist_load import Load
from tests.support.waiting import eventually


@pytest.fixture
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL that this test may stop."""
    with Postgres(tmp_path_factory.mktemp("own-postgres")) as server:
        yield server


def wait_for_status(client: httpx.Client, path: str, status: int, seconds: float = 15) -> None:
    eventually(lambda: client.get(path).status_code == status, f"{path} answers {status}", seconds)


def test_an_outage_of_the_database_is_told_and_survived(database: Postgres, folder: Path) -> None:
    assert run_tasklist("updatedb", env=database.environment(), cwd=folder).returncode == 0
    with Tasklist(database.environment(), folder) as server, server.client() as client:
        assert client.get("/healthcheck/").text == "OK"
        database.stop()
        for method, path in [("GET", "/healthcheck/"), ("GET", "/api/task/"),
                             ("POST", "/api/task/"), ("DELETE", "/api/task/1/")]:  # fmt: skip
            answer = client.request(method, path, content=b"{}")
            assert answer.status_code == 503, (method, path)
            assert int(answer.headers["retry-after"]) > 0
            assert "try again" in answer.text
        assert client.get("/healthcheck/live").text == "OK"
        assert client.get("/").status_code == 200
        assert database.password not in "".join(server.lines)
        cause = server.wait_for_event("database_unavailable")["cause"]
        assert "Error" in cause
        database.start()
        wait_for_status(client, "/healthcheck/", 200)
        assert len(client.get("/api/task/").json()) == 3
        assert server.stop() == 0
        assert server.stderr == ""


def test_an_outage_under_load_is_200_or_503_and_nothing_else(
    database: Postgres, folder: Path
) -> None:
    assert run_tasklist("updatedb", env=database.environment(), cwd=folder).returncode == 0
    seen: collections.Counter[int] = collections.Counter()
    over = threading.Event()

    def ask(server: Tasklist, method: str) -> None:
        with server.client() as client:
            while not over.is_set():
                body = b'{"title": "x"}' if method == "POST" else None
                seen[client.request(method, "/api/task/", content=body).status_code] += 1

    with Tasklist(database.environment(), folder) as server, server.client() as client:
        clients = [threading.Thread(target=ask, args=(server, m)) for m in ("GET", "POST") * 3]
        for thread in clients:
            thread.start()
        try:
            for _ in range(2):
                before = seen[200]
                eventually(lambda: seen[200] > before + 50, "it answers")  # noqa: B023 - at once
                database.stop()
                wait_for_status(client, "/healthcheck/", 503)
                database.start()
                wait_for_status(client, "/healthcheck/", 200)
        finally:
            over.set()
            for thread in clients:
                thread.join(30)
        assert set(seen) == {200, 503}, seen
        assert server.events("unexpected_error") == []
        assert len(client.get("/api/task/").json()) >= 3


def test_it_starts_before_its_database(database: Postgres, folder: Path) -> None:
    database.stop()
    with Tasklist(database.environment(), folder) as server, server.client() as client:
        assert client.get("/api/task/").status_code == 503
        database.start()
        wait_for_status(client, "/api/task/", 503)
        assert run_tasklist("updatedb", env=database.environment(), cwd=folder).returncode == 0
        wait_for_status(client, "/api/task/", 200)


def test_a_database_without_tables_is_healthy_but_says_what_to_do(
    postgres: Postgres, folder: Path
) -> None:
    with Tasklist(postgres.environment("postgres"), folder) as server, server.client() as client:
        assert client.get("/healthcheck/").status_code == 200
        answer = client.get("/api/task/")
        assert answer.status_code == 503
        assert "tasklist updatedb" in answer.text


def test_lost_connections_never_break_the_server(
    client: httpx.Client, tasklist: Tasklist, postgres: Postgres
) -> None:
    """As at a failover, and as close to the next query as can be."""
    with postgres.connect() as connection:
        for _ in range(60):
            assert client.get("/api/task/").status_code in {200, 503}
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'tasklist'"
            )
            assert client.post("/api/task/", content=b"{}").status_code in {200, 503}
    wait_for_status(client, "/api/task/", 200)
    assert tasklist.events("unexpected_error") == []


def test_each_request_is_one_line_with_its_id(client: httpx.Client, tasklist: Tasklist) -> None:
    trace = "Root=1-67891233-abcdef012345678912345678"
    client.post(
        "/api/task/?secret=query",
        json={"title": "secret body"},
        headers={"x-amzn-trace-id": trace},
    )
    event = tasklist.wait_for_event("request", request_id=trace)
    assert event["method"] == "POST"
    assert event["path"] == "/api/task/"
    assert event["status"] == 200
    assert 0 < event["ms"] < 10_000
    assert "secret" not in str(event)
    client.get("/no%0A%22where")
    assert tasklist.wait_for_event("request", path='/no\n"where')["status"] == 404


def test_who_adds_at_the_same_time_gets_their_own_task(client: httpx.Client) -> None:
    """They may be written together; then too each answer is what that client sent."""

    def add(number: int) -> dict[str, Any]:
        sent = {"title": f"title {number}", "priority": number, "complete": number % 2 == 0}
        answer = client.post("/api/task/", json=sent)
        assert answer.status_code == 200
        return {"id": answer.json()["id"], **sent, "answer": answer.json()}

    with ThreadPoolExecutor(16) as pool:
        added = list(pool.map(add, range(200)))
    kept = {task["id"]: task for task in client.get("/api/task/").json()[3:]}
    assert len(kept) == 200
    for task in added:
        answer = task.pop("answer")
        assert answer == task == kept[task["id"]]


def test_metrics_count_what_was_asked(client: httpx.Client) -> None:
    def count() -> float:
        for line in client.get("/metrics").text.splitlines():
            if line.startswith(
                'tasklist_http_requests_total{method="PATCH",route="/api/task/{id}/",status="404"}'
            ):
                return float(line.split()[-1])
        return 0.0

    before = count()
    client.patch("/api/task/99/", content=b"{}")
    client.patch("/api/task/98/", content=b"{}")
    assert count() == before + 2
    metrics = client.get("/metrics").text
    assert 'tasklist_database_connections{state="idle"}' in metrics
    assert "/api/task/99/" not in metrics


def test_a_port_that_is_taken_is_one_sentence(postgres: Postgres, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        env = {**postgres.environment(), "VTT_LISTENPORT": port}
        done = run_tasklist("serve", env=env, cwd=folder)
    assert done.returncode == 1
    assert port in done.stderr
    assert "already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_file_is_read_and_the_environment_is_before_it(
    postgres: Postgres, folder: Path
) -> None:
    port = free_port()
    (folder / "conf.toml").write_text(
        f'"DbPassword" = "{postgres.password}"\nDbPort = {postgres.port}\n'
        f'"DbHost" = "wrong.invalid"\n"ListenPort" = "{port}"\nDbName = "postgres"\n'
    )
    env = {"VTT_DBHOST": "127.0.0.1", "VTT_LISTENPORT": ""}
    with Tasklist(env, folder) as server, server.client() as client:
        assert server.url == f"http://127.0.0.1:{port}"
        assert client.get("/healthcheck/").text == "OK"


def test_a_client_that_leaves_in_the_middle_is_no_error_of_ours(
    client: httpx.Client, tasklist: Tasklist
) -> None:
    host = httpx.URL(tasklist.url)
    with socket.create_connection((host.host, host.port or 80)) as connection:
        connection.sendall(
            b"POST /api/task/ HTTP/1.1\r\nHost: test\r\nX-Amzn-Trace-Id: leaver\r\n"
            b'Content-Length: 100\r\n\r\n{"title":'
        )
    assert tasklist.wait_for_event("request", request_id="leaver")["status"] == 400
    assert tasklist.events("unexpected_error") == []
    assert len(client.get("/api/task/").json()) == 3


@pytest.mark.parametrize("path", [b"/%ff", b"/api/task/%00/", b"/%0d%0aX:1", b"//", b"/\xff"])
def test_strange_paths_are_answered_and_logged(
    client: httpx.Client, tasklist: Tasklist, path: bytes
) -> None:
    host = httpx.URL(tasklist.url)
    with socket.create_connection((host.host, host.port or 80)) as connection:
        connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.split()[1] in {b"404", b"400"}, answer
    assert b"X:1" not in answer
    assert tasklist.events("unexpected_error") == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_under_load_cuts_no_request(
    postgres: Postgres, tasklist: Tasklist, folder: Path, number: int
) -> None:
    with Tasklist(postgres.environment(), folder) as server:
        load = Load(server.url, clients=12)
        deadline = time.monotonic() + 20
        while load.outcomes["answered"] < 300:
            assert time.monotonic() < deadline, load.outcomes
            time.sleep(0.01)
        assert server.stop(number) == 0
        load.join()
    assert set(load.outcomes) == {"answered", "told to close"}, load.outcomes
    assert server.stderr == ""


def test_an_answer_that_takes_long_is_finished_first(
    postgres: Postgres, tasklist: Tasklist, folder: Path
) -> None:
    with Tasklist(postgres.environment(), folder) as server, postgres.connect() as connection:
        answers: list[int] = []
        with connection.transaction():
            connection.execute("LOCK TABLE tasks")
            asking = threading.Thread(
                target=lambda: answers.append(httpx.get(server.url + "/api/task/").status_code)
            )
            asking.start()
            wait_until_blocked(postgres)
            server.process.send_signal(signal.SIGTERM)
            server.wait_for_event("draining")
        asking.join(20)
        assert answers == [200]
        assert server.process.wait(20) == 0


def wait_until_blocked(postgres: Postgres) -> None:
    query = """SELECT count(*) FROM pg_stat_activity
        WHERE application_name = 'tasklist' AND wait_event_type = 'Lock'"""
    with postgres.connect("postgres") as connection:
        eventually(
            lambda: connection.execute(query).fetchone() != (0,), "the query waits for the lock"
        )
