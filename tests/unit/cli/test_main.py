from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from drydock import errors
from drydock.cli import output
from drydock.cli.failures import Interrupted, Terminated
from drydock.cli.main import with_system_programs
from drydock.errors import DrydockError, TaskFailed

from .conftest import Run, World


def every_error() -> list[type[DrydockError]]:
    return [
        one
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, DrydockError)
    ]


@pytest.mark.parametrize("kind", every_error())
def test_each_error_ends_with_its_code_its_cause_and_what_to_do(
    run: Run, world: World, kind: type[DrydockError]
) -> None:
    world.running = True
    world.fails["apply"] = kind("the subject", "the cause", "the remedy")
    ended = run("apply")
    assert ended.code == kind.exit_code
    assert "Error: the subject: the cause" in ended.err
    assert "Next: the remedy" in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""


def test_a_task_that_failed_lends_its_exit_code(run: Run, world: World) -> None:
    world.running = True
    world.fails["apply"] = TaskFailed("x", exit_code=42)
    assert run("apply").code == 42


def test_a_fault_of_ours_leaves_its_traceback_in_a_private_file(
    run: Run, world: World, tmp_path: Path
) -> None:
    world.running = True
    world.fails["apply"] = ZeroDivisionError("division by zero")
    ended = run("apply")
    assert ended.code == 1
    [file] = (tmp_path / ".drydock" / "errors").iterdir()
    assert str(file) in ended.err
    assert "Traceback" not in ended.err
    assert "ZeroDivisionError" in ended.err
    text = file.read_text()
    assert "Traceback (most recent call last)" in text
    assert file.stat().st_mode & 0o077 == 0


def test_ctrl_c_ends_with_130_and_says_what_to_do_next(run: Run, world: World) -> None:
    world.running = True
    world.fails["apply"] = KeyboardInterrupt()
    ended = run("apply")
    assert ended.code == 130
    assert "Interrupted." in ended.err


def test_sigterm_ends_with_143() -> None:
    assert Interrupted(Terminated()).exit_code == 143


@pytest.mark.parametrize(
    "words", [("nonsense",), ("plan", "--nonsense"), ("run",), ("logs", "--since", "soon")]
)
def test_wrong_usage_exits_2(run: Run, world: World, words: tuple[str, ...]) -> None:
    assert run(*words).code == 2
    assert world.done == []


def test_the_version_is_a_result(run: Run) -> None:
    ended = run("--version")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("drydock ")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from drydock.cli import main;"
        "print(sorted({'boto3', 'pydantic', 'moto', 'drydock.config'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_system_folders_are_added_once() -> None:
    assert with_system_programs("/usr/bin:/usr/sbin").split(":")[:2] == ["/usr/bin", "/usr/sbin"]
    assert with_system_programs("/usr/bin:/usr/sbin").count("/usr/sbin") == 1


@pytest.mark.parametrize("no_color", [False, True])
def test_no_color_without_a_terminal_and_never_with_no_color(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, no_color: bool
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    output.failure(DrydockError("[x]", "with [brackets] and a very long line " * 10))
    said = capsys.readouterr().err
    assert "\x1b[3" not in said
    assert said.count("\n") == 1
    assert "[brackets]" in said


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    code = (
        "from drydock.cli import output, region; import sys\n"
        "def flood(*_):\n"
        "    for _ in range(100000): output.result('x' * 100)\n"
        "region.env_lines = flood\n"
        "from drydock.region.host import launcher; launcher.require = lambda _: None\n"
        "from drydock.cli.main import main; sys.argv = ['drydock', 'env']; main()\n"
    )
    done = subprocess.run(
        ["bash", "-c", '"$0" -c "$1" | head -n 1; echo "${PIPESTATUS[0]}"', sys.executable, code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "141"
