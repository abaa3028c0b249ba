"""An apply outlives the command that began it, and the next command takes up what it left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drydock.aws.target import Target
from drydock.errors import PlanMissing, RegionNotRunning, StackError
from drydock.stack import Stack, reading
from drydock.stack.runfiles import KILL, RunFiles
from drydock.stack.underway import interrupt, under_way
from tests.stack.conftest import Rehearsal, serving
from tests.support.minutes import takes_minutes
from tests.support.waiting import eventually

pytestmark = pytest.mark.terraform
Rehearse = Callable[[str], Rehearsal]

# It waits in the middle until the file GATE is there, or Terraform ends.
GATED = """
terraform {
  backend "s3" {}
}
resource "terraform_data" "first" {
  input = "one"
}
resource "terraform_data" "slow" {
  input = terraform_data.first.id
  provisioner "local-exec" {
    command = "echo has-begun; while kill -0 $PPID && [ ! -e GATE ]; do sleep 0.05; done"
  }
}
resource "terraform_data" "last" {
  input = terraform_data.slow.id
}
"""
CALLER = """
import signal, sys
from pathlib import Path
from drydock.paths import Workspace
from drydock.aws.target import Target
from drydock.stack import Stack
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
stack = Stack(Path(sys.argv[1]), Target.local(sys.argv[3], region_id="r1"), Workspace(Path(sys.argv[2])))
getattr(stack, sys.argv[4])()
"""


@dataclass
class Gated:
    """A stack whose apply waits until it is let go."""

    made: Rehearsal
    gate: Path

    @classmethod
    def plan(cls, rehearse: Rehearse, tmp_path: Path) -> Gated:
        gate = tmp_path / "gate"
        made = rehearse(GATED.replace("GATE", str(gate)))
        made.stack.init()
        made.stack.plan()
        return cls(made, gate)

    @contextmanager
    def caller(self, step: str = "apply") -> Iterator[subprocess.Popen[str]]:
        """Another command, in the middle of its apply."""
        made = self.made
        arguments = (str(made.folder), str(made.workspace.root), made.stack.target.endpoint, step)
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with subprocess.Popen(
            [sys.executable, "-c", CALLER, *arguments], stdout=subprocess.PIPE, env=env, text=True
        ) as caller:
            assert caller.stdout is not None
            try:
                while not caller.stdout.readline().rstrip().endswith("has-begun"):
                    assert caller.poll() is None
                yield caller
            finally:
                caller.kill()
                self.gate.touch()

    @property
    def run(self) -> RunFiles:
        [run] = under_way(self.made.workspace)
        return run

    def names(self) -> list[str]:
        """What the state holds."""
        found = reading.resources(reading.state(self.made.stack))
        return sorted(one["address"].rpartition(".")[2] for one in found)


@pytest.fixture
def gated(rehearse: Rehearse, tmp_path: Path) -> Gated:
    return Gated.plan(rehearse, tmp_path)


@takes_minutes
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_the_next_command_shows_the_rest_of_an_apply_and_goes_on(gated: Gated, number: int) -> None:
    made = gated.made
    with gated.caller() as caller:
        caller.send_signal(number)
        assert caller.wait(30) == -number
        assert gated.run.is_alive()
        with pytest.raises(StackError, match="a run is under way") as refused:
            made.stack.unlock("x")
        assert f"drydock attach {made.folder}" in refused.value.remedy

        def let_go(line: str) -> None:
            made.lines.append(line)
            if "is under way" in line:
                gated.gate.touch()

        made.lines.clear()
        stack = Stack(made.folder, made.stack.target, made.workspace, on_line=let_go)
        stack.apply()
    assert "`apply` since" in made.lines[0]
    assert "Apply complete! Resources: 3 added" in made.said
    assert "terraform_data.first: Creating" not in made.said, "that was shown before"
    assert gated.names() == ["first", "last", "slow"]
    with pytest.raises(PlanMissing, match="it has been applied"):
        stack.apply()
    assert stack.plan().no_changes


@takes_minutes
def test_an_apply_that_ended_unseen_is_told_of_with_its_exit_code(gated: Gated) -> None:
    made = gated.made
    with gated.caller() as caller:
        caller.kill()
        caller.wait(30)
        run = gated.run
        gated.gate.touch()
        eventually(lambda: not run.is_alive(), "the apply has ended", 30)
    made.lines.clear()
    assert made.stack.plan().no_changes
    assert "was left alone and is over" in made.lines[0]
    assert "`apply` ended with exit code 0" in made.lines
    assert any("Apply complete! Resources: 3 added" in line for line in made.lines)


@takes_minutes
def test_a_reader_that_has_had_enough_does_not_end_an_apply(gated: Gated) -> None:
    with gated.caller() as caller:
        assert caller.stdout is not None
        caller.stdout.close()
        gated.gate.touch()
        assert caller.wait(60) == 0
    assert gated.names() == ["first", "last", "slow"]


@takes_minutes
def test_while_one_applies_another_is_refused_and_may_watch(gated: Gated) -> None:
    made = gated.made
    with gated.caller() as caller:
        with pytest.raises(StackError, match="another command is at work") as refused:
            made.stack.plan()
        assert refused.value.remedy == f"watch it: drydock attach {made.folder}"
        gated.gate.touch()
        assert caller.wait(60) == 0
    assert made.stack.plan().no_changes


@takes_minutes
def test_an_interruption_by_another_saves_the_state(gated: Gated) -> None:
    with gated.caller() as caller:
        caller.kill()
        caller.wait(30)
        assert interrupt(gated.run, 60, lambda: None)
    assert "first" in gated.names()
    assert reading.holder(gated.made.stack) is None, "the lock was released"


@takes_minutes
def test_the_lock_of_a_killed_run_is_released_by_the_next_and_no_other(
    gated: Gated, s3: Any
) -> None:
    made = gated.made
    with gated.caller() as caller:
        run = gated.run
        caller.kill()
        caller.wait(30)
        run.send(KILL)
        eventually(lambda: not run.is_alive(), "the run is over")
    held = reading.holder(made.stack)
    assert held is not None
    gated.gate.touch()
    made.lines.clear()
    assert not made.stack.plan().no_changes
    assert any("no exit code" in line for line in made.lines)
    assert any("the lock is of `apply`, which was cut short" in line for line in made.lines)
    assert reading.holder(made.stack) is None


def test_what_could_not_be_saved_when_the_region_went_is_taken_up(
    rehearse: Rehearse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path / "log") as moto:
        made = rehearse(GATED.replace("GATE", str(tmp_path / "gate")))
        target = Target.local(moto.url, region_id="r1")

        def on_line(line: str) -> None:
            made.lines.append(line)
            if line.endswith("has-begun"):
                moto.kill()

        stack = Stack(made.folder, target, made.workspace, on_line=on_line)
        stack.init()
        stack.plan()
        with pytest.raises(RegionNotRunning, match="was cut off") as lost:
            stack.apply()
        errored = made.folder / "errored.tfstate"
        assert str(errored) in lost.value.cause
        assert "drydock region start" in lost.value.remedy
        saved = json.loads(errored.read_text())
        assert saved["resources"]
        port = int(moto.url.rpartition(":")[2])
    (tmp_path / "gate").touch()
    with serving(tmp_path / "log", port):
        # moto keeps nothing: a region would have the bucket, and the lock that could not be released.
        stack.init()
        made.lines.clear()
        stack.plan()
        assert any("taken up: the state with" in line for line in made.lines)
        assert not errored.exists()
        assert list(stack.files.home.glob("errored-*.tfstate"))
        assert reading.state(stack)["resources"] == saved["resources"]
