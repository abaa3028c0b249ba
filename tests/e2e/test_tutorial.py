"""The tutorial, done as it is written: its commands that need no AWS account, and its table "Break it"."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from drydock.errors import TerraformMissing
from drydock.stack import find_provider, find_terraform
from tests.support import region
from tests.support.commands import BIN, Drydock
from tests.support.fences import ROOT, commands, table
from tests.support.minutes import with_test_all
from tests.support.waiting import eventually

TUTORIAL = ROOT / "docs" / "tutorial.md"
# From here on an account is needed.
FIRST_ON_AWS = "drydock bootstrap"
COPIED = ("Makefile", "scripts", "infra", "src", "pyproject.toml", "env.template")

pytestmark = [
    pytest.mark.region,
    pytest.mark.terraform,
    pytest.mark.timeout(1500),
    with_test_all("takes five minutes"),
]


@pytest.fixture(scope="module")
def drydock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drydock]:
    """A clone, as the tutorial begins with; its .venv is this one."""
    if reason := region.why_not():
        pytest.skip(f"no region on this machine: {reason}")
    try:
        terraform = find_terraform(os.environ)
    except TerraformMissing as error:
        pytest.skip(str(error))
    if find_provider(terraform, os.environ, ROOT / "infra").kind == "registry":
        pytest.skip("no filesystem mirror on this machine has the AWS provider")
    folder = tmp_path_factory.mktemp("tutorial")
    drydock = Drydock.prepare(folder)
    skipped = shutil.ignore_patterns("terraform.plan*", ".terraform*", "__pycache__", ".drydock")
    for name in (*COPIED, *(path.name for path in ROOT.glob("requirements*.lock"))):
        of = ROOT / name
        if of.is_dir():
            shutil.copytree(of, folder / name, ignore=skipped)
        else:
            shutil.copy2(of, folder / name)
    (folder / ".venv").symlink_to(BIN.parent)
    with (folder / "drydock.toml").open("a") as settings:
        [zone] = re.findall(r"```toml\n(.*?)```", TUTORIAL.read_text(), re.DOTALL)
        settings.write(f"\n{zone}")
    yield drydock
    drydock("down")


def shell(drydock: Drydock, command: str, timeout: float = 700) -> subprocess.CompletedProcess[str]:
    """As it is typed, with this installation's `drydock` on the path."""
    env = drydock.env | {"PATH": f"{BIN}:{drydock.env['PATH']}"}
    return subprocess.run(
        ["bash", "-c", command],
        cwd=drydock.folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def put_right(drydock: Drydock) -> None:
    done = shell(drydock, "make up")
    assert done.returncode == 0, done.stderr[-4000:]


def kill_a_task(drydock: Drydock, _do: str) -> None:
    before = drydock.status()["tasks"]
    os.kill(int(before[0]["pids"][0]), signal.SIGKILL)
    old = {one["address"] for one in before}

    def replaced() -> bool:
        now = {one["address"] for one in drydock.status()["tasks"] if one["status"] == "RUNNING"}
        return len(now) == 2 and now != old

    eventually(replaced, "a new task with a new address", 60)


def revoke_a_rule(drydock: Drydock, _do: str) -> None:
    ec2 = drydock.client("ec2")
    named: Any = [{"Name": "group-name", "Values": ["tasklist-task"]}]
    [group] = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
    ec2.revoke_security_group_ingress(
        GroupId=group["GroupId"], IpPermissions=group["IpPermissions"]
    )
    done = drydock("verify")
    assert done.returncode == 3
    assert group["GroupId"] in done.stdout + done.stderr
    eventually(lambda: not healthy(drydock), "no target is healthy", 60)


def a_wrong_health_check(drydock: Drydock, do: str) -> None:
    running = {one["arn"] for one in drydock.status()["tasks"]}
    done = shell(drydock, do)
    assert done.returncode == 0, done.stderr[-4000:]
    eventually(lambda: not healthy(drydock), "no target is healthy", 60)
    gone = running.__sub__
    eventually(
        lambda: gone({one["arn"] for one in drydock.status()["tasks"]}), "ECS replaces tasks", 120
    )


def a_command_that_fails(drydock: Drydock, do: str) -> None:
    done = shell(drydock, do)
    assert done.returncode == 2
    assert "unrecognized arguments: --nonsense" in done.stdout + done.stderr


def production(drydock: Drydock, do: str) -> None:
    done = shell(drydock, do)
    assert done.returncode == 0, done.stderr[-4000:]
    said = done.stdout + done.stderr
    assert "replaced" in said
    assert "a month" in said
    refused = shell(drydock, "make apply")
    assert refused.returncode != 0
    assert "--allow-replace" in refused.stderr


def kill_make_up(_drydock: Drydock, _do: str) -> None:
    text = (ROOT / "tests" / "stack" / "test_outliving.py").read_text()
    assert re.search(r"^def test_\w+", text, re.MULTILINE), "it is shown there, with a small stack"


ROWS: dict[str, Callable[[Drydock, str], None]] = {
    "`kill -9` a pid": kill_a_task,
    "revoke the tasks' ingress rule": revoke_a_rule,
    "`TF_VAR_container=": a_wrong_health_check,
    "`kill -9` of `make up`": kill_make_up,
    "`drydock run": a_command_that_fails,
    "`TF_VAR_production=true": production,
}


def healthy(drydock: Drydock) -> list[Any]:
    elbv2 = drydock.client("elbv2")
    return [
        one
        for group in elbv2.describe_target_groups()["TargetGroups"]
        for one in elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
            "TargetHealthDescriptions"
        ]
        if one["TargetHealth"]["State"] == "healthy"
    ]


def test_each_row_of_the_table_has_a_test() -> None:
    does = [do for do, _see in table(TUTORIAL, "do")]
    assert len(does) == len(ROWS)
    assert [next(one for one in ROWS if do.startswith(one)) for do in does] == list(ROWS)


def test_its_commands_do_what_they_say(drydock: Drydock) -> None:
    shown = commands(TUTORIAL)
    local = shown[: shown.index(FIRST_ON_AWS)]
    assert local
    for command in local:
        done = shell(drydock, command)
        assert done.returncode == 0, f"{command}\n{done.stderr[-4000:]}"
    [url] = {one["url"] for one in drydock.status()["urls"] if one["url"].startswith("https:")}
    assert "tasklist.example.test" in done.stderr, url
    put_right(drydock)


@pytest.mark.parametrize("start", ROWS)
def test_what_is_broken_shows_as_it_is_written(drydock: Drydock, start: str) -> None:
    put_right(drydock)
    [do] = [do for do, _see in table(TUTORIAL, "do") if do.startswith(start)]
    [typed] = re.findall(r"^`([^`]+)`", do) or [""]
    ROWS[start](drydock, typed)
