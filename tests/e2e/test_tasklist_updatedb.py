"""`tasklist updatedb`: what it makes, what it keeps, what it says when it cannot."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.postgres import Postgres, free_port
from tests.support.tasklist import COMMAND, clean_environment, run_tasklist
from tests.support.waiting import eventually


def titles(postgres: Postgres, name: str) -> list[str]:
    with postgres.connect(name) as connection:
        rows = connection.execute("SELECT title FROM tasks ORDER BY id").fetchall()
    return [row[0] for row in rows]


SEED = ["1st Task", "2nd Task", "3rd Task"]


def test_the_first_run_makes_database_table_and_seed(
    postgres: Postgres, own_database: str, folder: Path
) -> None:
    done = run_tasklist("updatedb", env=postgres.environment(own_database), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "migrated to revision" in done.stdout
    assert titles(postgres, own_database) == SEED


def test_the_second_run_keeps_everything(
    postgres: Postgres, own_database: str, folder: Path
) -> None:
    env = postgres.environment(own_database)
    assert run_tasklist("updatedb", env=env, cwd=folder).returncode == 0
    with postgres.connect(own_database) as connection:
        connection.execute("DELETE FROM tasks WHERE id < 3")
        connection.execute("INSERT INTO tasks (completed, priority, title) VALUES (true, 9, 'my')")
    done = run_tasklist("updatedb", "--skip-create-db", env=env, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "up to date" in done.stdout
    assert titles(postgres, own_database) == ["3rd Task", "my"]


def test_reset_asks_first(postgres: Postgres, own_database: str, folder: Path) -> None:
    env = postgres.environment(own_database)
    assert run_tasklist("updatedb", env=env, cwd=folder).returncode == 0
    with postgres.connect(own_database) as connection:
        connection.execute("UPDATE tasks SET title = 'mine'")
    refused = run_tasklist("updatedb", "--reset", env=env, cwd=folder)
    assert refused.returncode == 2
    assert "-y" in refused.stderr
    assert titles(postgres, own_database) == ["mine"] * 3
    assert run_tasklist("updatedb", "--reset", "-y", env=env, cwd=folder).returncode == 0
    assert titles(postgres, own_database) == SEED


def test_the_originals_table_is_taken_over_with_its_rows(
    postgres: Postgres, own_database: str, folder: Path
) -> None:
    with postgres.connect("postgres") as connection:
        connection.execute(f'CREATE DATABASE "{own_database}"'.encode())
    with postgres.connect(own_database) as connection:
        connection.execute(
            "CREATE TABLE tasks (id SERIAL PRIMARY KEY, completed boolean NOT NULL,"
            " priority integer NOT NULL, title text NOT NULL)"
        )
        connection.execute("INSERT INTO tasks (completed, priority, title) VALUES (true, 1, 'old')")
    env = postgres.environment(own_database)
    assert run_tasklist("updatedb", "-s", env=env, cwd=folder).returncode == 0
    assert titles(postgres, own_database) == ["old"]


def test_several_at_once_make_one_seed(postgres: Postgres, own_database: str, folder: Path) -> None:
    env = postgres.environment(own_database)
    running = [
        subprocess.Popen(
            [*COMMAND, "updatedb"],
            env=clean_environment(env),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(3)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outputs
    assert titles(postgres, own_database) == SEED
    assert sum("created" in output for output in outputs) == 1


LOCK_KEY = int.from_bytes(b"tasklist", "big")


@contextmanager
def another_at_work(postgres: Postgres, name: str) -> Iterator[subprocess.Popen[str]]:
    """An updatedb that waits, since somebody else holds the lock until the block ends."""
    with postgres.connect(name) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
        with subprocess.Popen(
            [*COMMAND, "updatedb", "-s"],
            env=clean_environment(postgres.environment(name)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as waiting:
            query = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory'"
            eventually(lambda: connection.execute(query).fetchone(), "it waits for the lock")
            yield waiting
            connection.close()
            waiting.wait(30)


def test_it_waits_for_another_updatedb(postgres: Postgres, own_database: str, folder: Path) -> None:
    env = postgres.environment(own_database)
    assert run_tasklist("updatedb", env=env, cwd=folder).returncode == 0
    with another_at_work(postgres, own_database) as waiting:
        assert waiting.poll() is None
    assert waiting.returncode == 0


def test_sigterm_ends_it_and_changes_nothing(
    postgres: Postgres, own_database: str, folder: Path
) -> None:
    env = postgres.environment(own_database)
    assert run_tasklist("updatedb", env=env, cwd=folder).returncode == 0
    with another_at_work(postgres, own_database) as waiting:
        waiting.terminate()
        assert waiting.wait(20) == 128 + signal.SIGTERM
    assert titles(postgres, own_database) == SEED


@pytest.mark.parametrize("arguments", [("updatedb",), ("updatedb", "-s")])
def test_an_unreachable_database_is_one_sentence(folder: Path, arguments: tuple[str, ...]) -> None:
    port = str(free_port())
    env = {"VTT_DBHOST": "127.0.0.1", "VTT_DBPORT": port, "VTT_DBPASSWORD": "topsecret"}
    done = run_tasklist(*arguments, env=env, cwd=folder)
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "topsecret" not in done.stderr + done.stdout


def test_a_wrong_password_is_not_repeated(postgres: Postgres, folder: Path) -> None:
    env = {**postgres.environment(), "VTT_DBPASSWORD": "postgres"}
    done = run_tasklist("updatedb", env=env, cwd=folder)
    assert done.returncode == 1
    assert "authentication failed" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_missing_database_without_leave_to_create_it(
    postgres: Postgres, own_database: str, folder: Path
) -> None:
    env = postgres.environment(own_database)
    done = run_tasklist("updatedb", "-s", env=env, cwd=folder)
    assert done.returncode == 1
    assert "does not exist" in done.stderr
