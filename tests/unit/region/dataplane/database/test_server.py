"""A server's process: started, asked, killed, stopped."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import psycopg
import pytest

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database.server import PostgresServer
from drydock.region.dataplane.database.spec import ServerExit, StopMode
from drydock.region.dataplane.processes.protocol import ProcessSpec

from .conftest import MakeServer, UserSpawner


def _kill(server: PostgresServer) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)


def _processes() -> list[str]:
    lines = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            lines.append((entry / "cmdline").read_text() + (entry / "environ").read_text())
        except OSError:
            continue
    return lines


def test_start_answers_and_stop_ends(make_server: MakeServer, spawner: UserSpawner) -> None:
    ends: SimpleQueue[ServerExit] = SimpleQueue()
    server = make_server(on_exit=ends.put, netns=0)
    assert server.probe().reason == "its process does not run"
    server.start()
    assert server.running
    assert server.probe().answered
    spec = spawner.specs[-1]
    assert (spec.uid, spec.gid, spec.netns, spec.own_pids) == (1000, 1000, 0, True)
    server.stop()
    assert server.pid is None
    end = ends.get(timeout=5)
    assert (end.name, end.exit_code, end.asked) == ("db", 0, True)
    server.stop()


def test_start_twice_is_one_server(make_server: MakeServer, spawner: UserSpawner) -> None:
    server = make_server()
    server.start()
    pid = server.pid
    server.start()
    assert server.pid == pid
    assert len(spawner.specs) == 1


def test_start_without_data(make_server: MakeServer) -> None:
    with pytest.raises(DatabaseFailed, match="no data yet"):
        make_server(empty=True).start()


def test_kill_9_loses_nothing_that_was_committed(make_server: MakeServer) -> None:
    ends: SimpleQueue[ServerExit] = SimpleQueue()
    server = make_server(on_exit=ends.put)
    server.start()
    connection = server.connect("postgres")
    connection.execute("CREATE TABLE kept (id int)")
    connection.execute("INSERT INTO kept VALUES (42)")
    connection.execute("BEGIN")
    connection.execute("INSERT INTO kept VALUES (43)")
    _kill(server)
    end = ends.get(timeout=5)
    connection.close()
    assert (end.exit_code, end.asked) == (137, False)
    assert not server.running
    assert (server.folder.data / "postmaster.pid").exists()
    server.start()
    with server.connect("postgres") as connection:
        assert connection.execute("SELECT id FROM kept").fetchall() == [(42,)]


def test_a_killed_server_leaves_no_file_outside_its_folder(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    maps = Path(f"/proc/{server.pid}/maps").read_text()
    assert str(server.folder.data / "pg_dynshmem") in maps
    assert "/dev/shm" not in maps


def test_a_second_server_on_the_same_data_is_refused(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_server("db"), make_server("db")
    first.start()
    locked = second.folder.locked
    monkeypatch.setattr(type(second.folder), "locked", lambda _self: locked(timeout=0.1))
    with pytest.raises(DatabaseFailed, match="another server"):
        second.start()
    assert first.probe().answered
    first.stop()
    second.start()
    assert second.probe().answered


def test_a_stale_pid_file_with_the_id_of_a_live_process(make_server: MakeServer) -> None:
    server = make_server()
    (server.folder.data / "postmaster.pid").write_text(f"{os.getpid()}\n")
    server.start()
    assert server.probe().answered


def test_a_server_that_works_in_the_data_is_left_alone(
    make_server: MakeServer, spawner: UserSpawner
) -> None:
    server = make_server()
    by_hand = _sleeper(spawner, server.folder.data)
    (server.folder.data / "postmaster.pid").write_text(f"{by_hand}\n")
    with pytest.raises(DatabaseFailed, match=f"process {by_hand}"):
        server.start()
    assert (server.folder.data / "postmaster.pid").exists()


def _sleeper(spawner: UserSpawner, folder: Path) -> int:
    return spawner.spawn(ProcessSpec(["/bin/sleep", "60"], {}, cwd=str(folder))).pid


def test_a_port_that_is_taken(make_server: MakeServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = make_server(port=taken.getsockname()[1])
        with pytest.raises(DatabaseFailed, match="Address already in use"):
            server.start()
    assert not server.running
    server.start()
    assert server.probe().answered


def test_parameters_reach_the_server(make_server: MakeServer) -> None:
    server = make_server(parameters={"work_mem": "7MB", "app.motto": "it's a 'quote' \\ here"})
    server.start()
    with server.connect() as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("7MB",)
        assert connection.execute("SHOW app.motto").fetchone() == ("it's a 'quote' \\ here",)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"work_mem": "lots"}, 'invalid value for parameter "work_mem": "lots"'),
        ({"no_such": "1"}, 'unrecognized configuration parameter "no_such"'),
    ],
)
def test_a_wrong_parameter_is_named(
    make_server: MakeServer, parameters: dict[str, str], words: str
) -> None:
    server = make_server(parameters=parameters)
    with pytest.raises(DatabaseFailed) as caught:
        server.start()
    assert words in caught.value.cause
    assert not server.running


def test_connections_are_made_in_the_namespace_and_work_outside(make_server: MakeServer) -> None:
    where: list[str] = []

    @contextmanager
    def enter() -> Iterator[None]:
        where.append(threading.current_thread().name)
        yield
        where.append("out")

    server = make_server(enter=enter)
    server.start()
    where.clear()
    connection = server.connect()
    assert where == [threading.current_thread().name, "out"]
    answers: list[object] = []
    thread = threading.Thread(
        target=lambda: answers.append(connection.execute("SELECT 1").fetchone())
    )
    thread.start()
    thread.join(10)
    connection.close()
    assert answers == [(1,)]


def test_a_server_that_hangs_does_not_answer(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    try:
        probe = server.probe(timeout=2)
        assert not probe.answered
        assert "timeout" in probe.reason
        assert server.running
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_a_stop_that_clients_hold_up_goes_on_without_them(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    with server.connect() as connection:
        began = time.monotonic()
        server.stop(StopMode.SMART, grace=0.3)
        assert time.monotonic() - began < 5
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert not server.running


def test_the_password_is_in_no_process_list_and_no_log(make_server: MakeServer) -> None:
    server = make_server(parameters={"log_statement": "all", "log_connections": "on"})
    server.start()
    assert server.probe().answered
    password = server.folder.password()
    assert not any(password in line for line in _processes())
    log = server.folder.log.read_text()
    assert password not in log
    assert "connection authorized: user=rdsadmin" in log
    assert "SELECT 1" not in log


def test_the_environment_of_the_daemon_decides_nothing(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("PGSSLMODE", "require"), ("PGOPTIONS", "-c work_mem=1"), ("PGPORT", "1")):
        monkeypatch.setenv(name, value)
    server = make_server()
    server.start()
    assert server.probe().answered
