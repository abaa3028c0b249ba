"""One Terraform at a time runs on a stack, and one that was cut short is known to the next."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drydock.errors import StackError
from drydock.stack.turn import turn
from tests.support.region import is_alive
from tests.support.waiting import eventually


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "running.json"


def test_a_second_run_is_refused_and_told_of_the_first(file: Path) -> None:
    with turn(file, "apply"):
        with pytest.raises(StackError, match="another `apply` runs") as caught, turn(file, "plan"):
            pass
        assert str(os.getpid()) in caught.value.cause
    with turn(file, "plan") as mine:
        assert mine.former is None


def test_a_run_that_ended_badly_but_ended_leaves_no_mark(file: Path) -> None:
    with pytest.raises(KeyboardInterrupt), turn(file, "apply"):
        raise KeyboardInterrupt
    with turn(file, "plan") as mine:
        assert mine.former is None


def test_a_run_that_was_cut_short_is_told_to_the_next(file: Path) -> None:
    with turn(file, "apply") as mine:
        mine.cut_short = True
    with turn(file, "init") as mine:
        assert mine.former is not None
    with turn(file, "plan") as mine:
        assert mine.former is not None, "init takes no lock, so it settles nothing"
        assert mine.former["step"] == "apply"
        mine.had_lock = True
    with turn(file, "plan") as mine:
        assert mine.former is None


KILLED = """
import os, signal, subprocess, sys
from pathlib import Path
from drydock.stack.turn import turn
with turn(Path(sys.argv[1]), "destroy") as mine:
    child = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL)
    mine.runs(child.pid)
    print(child.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_a_kill_its_terraform_is_waited_for_and_then_told_of(file: Path) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    argv = [sys.executable, "-c", KILLED, str(file)]
    killed = subprocess.run(argv, check=False, env=env, stdout=subprocess.PIPE, text=True)
    assert killed.returncode == -signal.SIGKILL
    terraform = int(killed.stdout)
    try:
        with pytest.raises(StackError, match=f"`destroy` runs .* {terraform},"), turn(file, "plan"):
            pass
    finally:
        os.kill(terraform, signal.SIGKILL)
    eventually(lambda: not is_alive(terraform), "the child has ended")
    with turn(file, "plan") as mine:
        assert mine.former is not None
        assert mine.former["step"] == "destroy"


def test_another_process_with_the_same_number_holds_nothing(file: Path) -> None:
    with turn(file, "apply") as mine:
        mine.runs(os.getpid())
        mine.record["born"] = "1"
        file.write_text(json.dumps(mine.record))
        mine.cut_short = True
    with turn(file, "plan") as mine:
        assert mine.former is not None
