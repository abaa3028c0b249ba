"""The local region and a run of Terraform in it: neither pulls the ground from under the other unasked."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from drydock.paths import Workspace
from drydock.region.host import launcher
from drydock.stack.runfiles import RunFiles
from drydock.stack.underway import under_way
from tests.support.commands import BIN, Drydock
from tests.support.minutes import takes_minutes
from tests.support.region import why_not
from tests.support.waiting import eventually

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(600)]

TINY = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
  backend "s3" {}
}
provider "aws" {
  default_tags {
    tags = { Application = "tiny" }
  }
}
resource "aws_ssm_parameter" "first" {
  name  = "/tiny/first"
  type  = "String"
  value = "1"
}
resource "aws_iam_role" "r" {
  name               = "tiny"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}
resource "terraform_data" "slow" {
  input = [aws_ssm_parameter.first.arn, aws_iam_role.r.arn]
  provisioner "local-exec" {
    command = "echo has-begun; while kill -0 $PPID && [ ! -e GATE ]; do sleep 0.05; done"
  }
}
resource "aws_ssm_parameter" "last" {
  name       = "/tiny/last"
  type       = "String"
  value      = "2"
  depends_on = [terraform_data.slow]
}
"""


@dataclass
class Tiny:
    """A folder with a region and a tiny stack whose apply waits in the middle until it is let go."""

    drydock: Drydock
    stack: Path

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.drydock.folder)

    @property
    def run(self) -> RunFiles:
        [run] = under_way(self.workspace)
        return run

    @property
    def errored(self) -> Path:
        return self.stack / "errored.tfstate"

    def let_go(self) -> None:
        (self.drydock.folder / "gate").touch()

    def say(self, *words: str, code: int = 0, out: bool = False) -> str:
        """Run a command that ends with `code` → what it said."""
        done = self.drydock(*words, timeout=180)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if out else done.stdout + done.stderr

    def paste(self, command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a printed command as a user who pastes it into a shell."""
        return subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.drydock.folder,
            env={**self.drydock.env, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @contextmanager
    def applying(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """A command in the middle of its apply; its group has other processes than ours."""
        output = (self.drydock.folder / "said").open("w+")
        with output:
            process = subprocess.Popen(
                [str(BIN / "drydock"), *(words or ("apply", "tiny"))],
                cwd=self.drydock.folder,
                env=self.drydock.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                text=True,
                start_new_session=True,
            )
            try:
                eventually(lambda: "Executing: " in self.said, "the apply is in the middle", 60)
                yield process
            finally:
                self.let_go()
                if process.poll() is None:
                    process.kill()
                process.wait(30)
                for run in under_way(self.workspace):
                    eventually(lambda: not run.is_alive(), "the run has ended", 60)  # noqa: B023

    @property
    def said(self) -> str:
        """By the command of `applying`."""
        return (self.drydock.folder / "said").read_text()

    def clear(self) -> None:
        """Nothing of the stack is there, nor its state."""
        (self.drydock.folder / "gate").unlink(missing_ok=True)
        self.errored.unlink(missing_ok=True)
        self.drydock.env.pop("TF_CLI_ARGS_plan", None)
        ssm, iam = self.client("ssm"), self.client("iam")
        names = self.outcome()
        if names:
            ssm.delete_parameters(Names=names)
        for role in iam.list_roles()["Roles"]:
            if role["RoleName"] == "tiny":
                iam.delete_role(RoleName="tiny")
        s3 = self.client("s3")
        for key in ("terraform.tfstate", "terraform.tfstate.tflock"):
            s3.delete_object(Bucket=self.bucket, Key=key)

    def client(self, service: str) -> Any:
        record = launcher.require(self.workspace)
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=record.endpoint,
            region_name="ap-southeast-2",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )

    @property
    def bucket(self) -> str:
        """Of the state."""
        [bucket] = self.client("s3").list_buckets()["Buckets"]
        return str(bucket["Name"])

    def outcome(self) -> list[str]:
        """The names of the parameters that there are."""
        told = self.client("ssm").describe_parameters()["Parameters"]
        return sorted(one["Name"] for one in told)

    def is_whole(self) -> None:
        """Nothing to do, nothing twice, nothing locked."""
        assert self.outcome() == ["/tiny/first", "/tiny/last"]
        told = json.loads(self.say("plan", "tiny", "--json", out=True))
        assert (told["no_changes"], told["existing"]) == (True, [])


@pytest.fixture(scope="module")
def initialised(
    terraform: object, aws_provider: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tiny]:
    """One region for these tests; those that end it leave it to the next to start it."""
    if reason := why_not():
        pytest.skip(f"no region on this machine: {reason}")
    folder = tmp_path_factory.mktemp("ended")
    stack = folder / "tiny"
    stack.mkdir()
    (stack / "main.tf").write_text(TINY.replace("GATE", str(folder / "gate")))
    made = Tiny(Drydock.prepare(folder), stack)
    made.say("region", "start")
    made.say("init", "tiny")
    yield made
    launcher.stop(made.workspace)


@pytest.fixture
def tiny(initialised: Tiny) -> Tiny:
    """Planned, and not applied; nothing of a former test is there."""
    made = initialised
    if launcher.running(made.workspace) is None:
        made.say("region", "start")
    made.clear()
    made.say("plan", "tiny")
    return made


@takes_minutes
def test_a_region_does_not_stop_beneath_an_apply_unless_it_is_told_to_wait(tiny: Tiny) -> None:
    with tiny.applying() as process:
        run = tiny.run
        for words in (("region", "stop"), ("down",), ("down", "--purge", "-y")):
            said = tiny.say(*words, code=1)
            assert f"it would interrupt {run.describe()} on {tiny.stack}" in said
            assert "--force" in said
        assert f"Under way in {tiny.stack}: {run.describe()}" in tiny.say("status")
        waiting = subprocess.Popen(
            [str(BIN / "drydock"), "region", "stop", "--wait"],
            cwd=tiny.drydock.folder,
            env=tiny.drydock.env,
            stderr=subprocess.PIPE,
            text=True,
        )
        with waiting:
            assert waiting.stderr is not None
            assert waiting.stderr.readline().startswith("waiting for `apply`")
            assert run.is_alive()
            assert launcher.running(tiny.workspace)
            tiny.let_go()
            assert waiting.wait(90) == 0
        assert process.wait(60) == 0
    assert "Apply complete! Resources: 4 added" in tiny.said
    assert launcher.running(tiny.workspace) is None
    tiny.say("region", "start")
    tiny.is_whole()


@takes_minutes
def test_a_forced_stop_interrupts_it_first_and_nothing_is_lost(tiny: Tiny) -> None:
    with tiny.applying() as process:
        said = tiny.say("region", "stop", "--force")
        assert "interrupting `apply`" in said
        assert process.wait(60) == 1
    assert launcher.running(tiny.workspace) is None
    assert not tiny.errored.exists(), "the state was saved while the API still answered"
    tiny.say("region", "start")
    said = tiny.say("plan", "tiny")
    assert "there already" not in said
    assert "/tiny/first" in tiny.outcome()
    tiny.say("apply", "tiny")
    tiny.is_whole()


@takes_minutes
def test_a_killed_region_is_noticed_and_the_state_is_taken_up(tiny: Tiny) -> None:
    record = launcher.require(tiny.workspace)
    with tiny.applying() as process:
        os.kill(record.daemon_pid, signal.SIGKILL)
        assert process.wait(120) == 1
    assert "The local region is gone: interrupting Terraform." in tiny.said
    last = tiny.said.partition("Error: apply of the stack")[2]
    assert f"left it in {tiny.errored}" in last
    assert "drydock region start" in last
    assert "aws_ssm_parameter" in tiny.errored.read_text()
    eventually(lambda: launcher.running(tiny.workspace) is None, "the region is gone")
    tiny.say("region", "start")
    said = tiny.say("plan", "tiny")
    assert "taken up: the state with" in said
    assert "there already" not in said
    assert not tiny.errored.exists()
    tiny.say("apply", "tiny")
    tiny.is_whole()


@takes_minutes
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_up_after_a_killed_up_shows_the_rest_and_goes_on(tiny: Tiny, number: int) -> None:
    with tiny.applying("up", "tiny") as process:
        process.send_signal(number)
        assert process.wait(30) == -number
        tiny.let_go()
        said = tiny.say("up", "tiny")
    assert "`apply` since" in said
    assert "Apply complete! Resources: 4 added" in said
    assert "plan done in" in said
    assert "No changes" in said
    tiny.is_whole()


def test_a_pipe_that_is_closed_early_does_not_end_an_apply(tiny: Tiny) -> None:
    tiny.let_go()
    done = tiny.paste("drydock apply tiny | head -1")
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr
    tiny.is_whole()


@takes_minutes
def test_the_unlock_that_is_printed_works_when_it_is_pasted(tiny: Tiny) -> None:
    s3 = tiny.client("s3")
    held = {"ID": "8f3c9c1e-6a3e-9c0f-1111-0a1b2c3d4e5f", "Who": "ann@laptop", "Info": ""}
    lock = {"Bucket": tiny.bucket, "Key": "terraform.tfstate.tflock"}
    s3.put_object(**lock, Body=json.dumps({**held, "Operation": "OperationTypeApply"}).encode())
    tiny.drydock.env["TF_CLI_ARGS_plan"] = "-lock-timeout=0s"
    said = tiny.say("plan", "tiny", code=1)
    command = said.partition("(a killed run), ")[2].splitlines()[0]
    assert shlex.split(command)[:2] == ["drydock", "unlock"]
    done = tiny.paste(command, typed="y\n")
    assert done.returncode == 0, done.stderr
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(**lock)
    tiny.say("plan", "tiny")


@takes_minutes
def test_a_lost_state_is_noticed_at_plan_and_swept_by_destroy(tiny: Tiny) -> None:
    tiny.let_go()
    tiny.say("apply", "tiny")
    other = tiny.client("ssm")
    other.put_parameter(Name="/other", Type="String", Value="x")
    s3 = tiny.client("s3")
    s3.delete_object(Bucket=tiny.bucket, Key="terraform.tfstate")
    said = tiny.say("plan", "tiny")
    for one in ("aws_ssm_parameter.first (/tiny/first)", "aws_iam_role.r (tiny)"):
        assert f"there already, though not in the state: {one}" in said
    assert f"drydock destroy {tiny.stack}" in said
    refused = tiny.say("up", "tiny", code=1)
    assert "is there already, though not in its state" in refused
    assert tiny.outcome() == ["/other", "/tiny/first", "/tiny/last"]
    imported = said.partition("Take each over (")[2].partition(")")[0]
    assert tiny.paste(imported).returncode == 0
    s3.delete_object(Bucket=tiny.bucket, Key="terraform.tfstate")

    said = tiny.say("destroy", "tiny", "-y")
    assert "nothing is left that carries Application=tiny" in said
    assert tiny.outcome() == ["/other"]
    iam = tiny.client("iam")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName="tiny")
    assert "there already" not in tiny.say("plan", "tiny")
