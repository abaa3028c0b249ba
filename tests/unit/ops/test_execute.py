"""Which container a session goes into, and what the AWS CLI is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest

from drydock.aws.clients import Clients
from drydock.errors import OpsError, UsageError
from drydock.ops import execute, terminal
from drydock.ops.execute import AGENT, Target


def container(name: str, agent: str = "") -> dict[str, Any]:
    agents = {"managedAgents": [{"name": AGENT, "lastStatus": agent}]} if agent else {}
    return {"name": name, **agents}


def task(number: int, *containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "taskArn": f"arn:aws:ecs:x:1:task/c/{number}",
        "clusterArn": "arn:aws:ecs:x:1:cluster/c",
        "lastStatus": "RUNNING",
        "startedAt": f"2026-01-0{number}",
        "enableExecuteCommand": True,
        "containers": list(containers),
        **more,
    }


def test_the_newest_task_that_can_be_entered_and_its_first_agent() -> None:
    tasks = [
        task(1, container("a", "RUNNING")),
        task(2, container("a", "STOPPED"), container("b", "RUNNING")),
        task(3, container("a"), enableExecuteCommand=False),
        task(4, container("a", "RUNNING"), lastStatus="STOPPED"),
    ]
    found = execute.choose(tasks)
    assert found == Target("arn:aws:ecs:x:1:cluster/c", "arn:aws:ecs:x:1:task/c/2", "b")
    assert execute.choose(tasks, "a").container == "a"


def test_what_cannot_be_entered_is_refused_with_a_way_out() -> None:
    with pytest.raises(UsageError, match="has a, b"):
        execute.choose([task(1, container("a", "RUNNING"), container("b", "RUNNING"))], "c")
    with pytest.raises(UsageError, match="not enabled") as caught:
        execute.choose([task(1, container("a"), enableExecuteCommand=False)])
    assert "enable_execute_command" in caught.value.remedy


def test_the_aws_cli_gets_one_command_line() -> None:
    words = execute.aws_words("eu-west-1", Target("c", "t", "app"), ["sh", "-c", "echo 'a b'"])
    assert words[:5] == ["aws", "ecs", "execute-command", "--region", "eu-west-1"]
    assert words[-2:] == ["--command", """sh -c 'echo '"'"'a b'"'"''"""]
    assert "--interactive" in words


def test_without_the_plugin_nothing_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "aws"
    program.write_text("#!/bin/sh\nexit 9\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    target = Target("c", "t", "app")
    aws = Clients(boto3.Session("key", "secret", region_name="eu-west-1"))
    with pytest.raises(OpsError, match="session-manager-plugin is not on the path"):
        execute.by_the_aws_cli(aws, target, ["sh"])
    (tmp_path / "session-manager-plugin").symlink_to(program)
    assert execute.by_the_aws_cli(aws, target, ["sh"]) == 9


def test_a_session_of_aws_is_not_opened_here() -> None:
    with pytest.raises(OpsError, match="local region"):
        terminal.attach("wss://ssmmessages.x.amazonaws.com/v1", "t")
