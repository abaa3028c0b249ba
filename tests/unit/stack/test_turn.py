"""One command at a time is at work on a stack, and a run that it did not see the end of is found."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drydock.errors import StackError
from drydock.stack.run_lock import turn
from drydock.stack.runfiles import RunFiles
from drydock.stack.runner import request

FOLDER = Path("/a stack")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "running.json"


def begin(file: Path, step: str = "apply") -> RunFiles:
    return RunFiles.begin(file.parent / "runs", request(step, ["true"], cwd=file.parent))


def test_a_second_command_is_refused_with_the_way_to_watch_the_first(file: Path) -> None:
    with turn(file, "apply", FOLDER) as first:
        first.starts(begin(file))
        with (
            pytest.raises(StackError, match="at work on /a stack: `apply` since") as caught,
            turn(file, "plan", FOLDER),
        ):
            pass
        assert caught.value.remedy == "watch it: drydock attach '/a stack'"
    with turn(file, "plan", FOLDER) as mine:
        assert mine.former is None


def test_a_run_that_ended_badly_but_ended_leaves_no_mark(file: Path) -> None:
    def end() -> None:
        with turn(file, "apply", FOLDER) as mine:
            mine.starts(begin(file))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        end()
    with turn(file, "plan", FOLDER) as mine:
        assert mine.former is None


def test_a_run_that_was_cut_short_is_known_until_one_had_the_lock(file: Path) -> None:
    with turn(file, "apply", FOLDER) as mine:
        mine.starts(begin(file))
        mine.cut_short = True
    since = None
    with turn(file, "init", FOLDER) as mine:
        assert mine.former is not None
        assert mine.run is None, "its end was seen"
        since = mine.former["since"]
        mine.starts(begin(file, "init"))
    with turn(file, "plan", FOLDER) as mine:
        assert mine.former is not None, "init takes no lock, so it settles nothing"
        assert (mine.former["step"], mine.former["since"]) == ("apply", since)
        mine.starts(begin(file, "plan"))
        mine.had_lock = True
    with turn(file, "plan", FOLDER) as mine:
        assert mine.former is None


KILLED = """
import os, signal, sys
from pathlib import Path
from drydock.stack.runfiles import RunFiles
from drydock.stack.run_lock import turn
with turn(Path(sys.argv[1]), "destroy", Path("/a stack")) as mine:
    mine.starts(RunFiles(Path(sys.argv[2])))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_a_kill_its_run_is_found_until_it_is_settled(file: Path) -> None:
    run = begin(file, "destroy")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    argv = [sys.executable, "-c", KILLED, str(file), str(run.folder)]
    assert subprocess.run(argv, check=False, env=env).returncode == -signal.SIGKILL
    with turn(file, "plan", FOLDER) as mine:
        assert mine.run == run
    with turn(file, "plan", FOLDER) as mine:
        assert mine.run == run, "a command that learnt nothing forgets nothing"
        mine.seen()
    with turn(file, "plan", FOLDER) as mine:
        assert mine.run is None
        assert mine.former is not None, "its lock may still be there"
        mine.settle()
    with turn(file, "plan", FOLDER) as mine:
        assert mine.former is None


def test_a_record_of_runs_that_were_removed_names_no_run(file: Path) -> None:
    file.write_text(json.dumps({"step": "apply", "since": "2026", "run": str(file.parent / "no")}))
    with turn(file, "plan", FOLDER) as mine:
        assert mine.run is None
        assert mine.former is not None
