"""Files of ours are private, told apart, and one process at a time runs a stack."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drydock.errors import StackError
from drydock.paths import Workspace
from drydock.stack.files import StackFiles, read_json, turn, write_private
from drydock.stack.target import Target

LOCAL = Target.local("http://127.0.0.1:4566")
AWS = Target("aws", "eu-west-1", "210987654321")


@pytest.fixture
def files(tmp_path: Path) -> StackFiles:
    made = StackFiles.of(Workspace(tmp_path), tmp_path / "infra", LOCAL)
    made.create()
    return made


def test_stacks_and_targets_are_kept_apart(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    one = StackFiles.of(workspace, tmp_path / "a" / "infra", LOCAL)
    two = StackFiles.of(workspace, tmp_path / "b" / "infra", LOCAL)
    three = StackFiles.of(workspace, tmp_path / "a" / "infra", AWS)
    assert len({files.data_dir for files in (one, two, three)}) == 3
    assert one.plan_record == three.plan_record != two.plan_record
    assert one.state("r1") != one.state("r2")


def test_a_slug_is_fit_for_a_bucket(tmp_path: Path) -> None:
    name = "My Stack_" + "x" * 90
    slug = StackFiles.of(Workspace(tmp_path), tmp_path / name, LOCAL).slug
    assert len(f"drydock-state-{slug}") <= 63
    assert slug.replace("-", "").isalnum()
    assert slug == slug.lower()


def test_a_private_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "record"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_record_that_is_none_is_read_as_none(tmp_path: Path) -> None:
    path = tmp_path / "record"
    assert read_json(path) is None
    path.write_text("{")
    assert read_json(path) is None
    path.write_text("[]")
    assert read_json(path) is None


def test_a_second_run_is_refused_and_told_of_the_first(files: StackFiles) -> None:
    with turn(files, "apply"):
        with pytest.raises(StackError, match="another `apply` runs") as caught, turn(files, "plan"):
            pass
        assert str(os.getpid()) in caught.value.cause
    with turn(files, "plan") as mine:
        assert mine.former is None


def test_a_run_that_ended_badly_but_ended_leaves_no_mark(files: StackFiles) -> None:
    with pytest.raises(KeyboardInterrupt), turn(files, "apply"):
        raise KeyboardInterrupt
    with turn(files, "plan") as mine:
        assert mine.former is None


def test_a_run_that_was_cut_short_is_told_to_the_next(files: StackFiles) -> None:
    with turn(files, "apply") as mine:
        mine.cut_short = True
    with turn(files, "init") as mine:
        assert mine.former is not None
    with turn(files, "plan") as mine:
        assert mine.former is not None, "init takes no lock, so it settles nothing"
        assert mine.former["step"] == "apply"
        mine.had_lock = True
    with turn(files, "plan") as mine:
        assert mine.former is None


def test_a_killed_run_is_told_to_the_next_and_holds_nothing(files: StackFiles) -> None:
    program = (
        "import sys, os, signal\n"
        "from pathlib import Path\n"
        "from drydock.paths import Workspace\n"
        "from drydock.stack.files import StackFiles, turn\n"
        "from drydock.stack.target import Target\n"
        "root = Path(sys.argv[1])\n"
        "files = StackFiles.of(Workspace(root), root / 'infra', Target.local('http://x'))\n"
        "with turn(files, 'destroy'):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = files.common.parent.parent
    argv = [sys.executable, "-c", program, str(root)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(argv, check=False, env=env).returncode == -signal.SIGKILL
    with turn(files, "plan") as mine:
        assert mine.former is not None
        assert mine.former["step"] == "destroy"
