"""The command line: exit codes, and that starting imports little."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tasklist.cli import main
from tasklist.debug import describe, ecs_task_id
from tasklist.settings import Settings


def test_a_wrong_setting_is_exit_2_and_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VTT_DBPORT", "x")
    assert main(["serve"]) == 2
    assert capsys.readouterr().err.startswith("tasklist: VTT_DBPORT is 'x'")


@pytest.mark.parametrize("arguments", [[], ["dance"], ["serve", "--fast"], ["updatedb", "extra"]])
def test_a_wrong_command_line_is_exit_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: tasklist" in capsys.readouterr().err


def test_help_names_commands_and_settings(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for word in ("serve", "updatedb", "VTT_DBPASSWORD", "conf.toml"):
        assert word in text


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("tasklist.cli", {"fastapi", "granian", "asyncpg", "sqlalchemy", "psycopg"}),
        ("tasklist.serve", {"alembic", "sqlalchemy", "psycopg"}),
        ("tasklist.updatedb", {"fastapi", "granian", "asyncpg"}),
    ],
)
def test_a_command_imports_only_its_own(module: str, unwanted: set[str]) -> None:
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert not unwanted & set(done.stdout.split())


def test_debug_hides_user_and_password() -> None:
    settings = Settings(db_user="somebody", db_password="hunter2")
    text = str(describe(settings, 0.0))
    assert "hunter2" not in text
    assert "somebody" not in text


def test_the_task_id_comes_from_the_address() -> None:
    assert ecs_task_id("http://169.254.170.2/v4/cd189a933e5849daa93386466019ab50-2495160603") == (
        "cd189a933e5849daa93386466019ab50"
    )
    assert ecs_task_id("") == ""
