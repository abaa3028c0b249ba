"""ExecuteCommand and `drydock exec`: a program in a container that runs, at a terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.errors import OpsError
from drydock.ops import terminal
from tests.support.keyboard import Keyboard
from tests.support.region import is_alive
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region
DRYDOCK = str(Path(sys.executable).parent / "drydock")
WAIT = "while true; do sleep 0.2; done"


@pytest.fixture(scope="module")
def task(scenario: Scenario) -> Iterator[str]:
    """One that may be entered; its container has a variable, a user and a folder of its own."""
    definition = scenario.define(
        "shell:1",
        [WAIT],
        environment=[{"name": "COLOUR", "value": "green"}],
        user="4321",
        workingDirectory="/usr",
    )
    arn = scenario.run(definition, enableExecuteCommand=True)
    scenario.wait(arn, "RUNNING")
    yield arn
    scenario.stop(arn)


def settings() -> dict[str, str]:
    return {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("AWS_", "TF_VAR_")) and key != "TARGET"
    }


def execute(scenario: Scenario, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """`drydock exec`, with no terminal of its own."""
    return subprocess.run(
        [DRYDOCK, "exec", "--cluster", scenario.cluster, *words],
        cwd=scenario.region.workspace.root,
        env=settings(),
        input=given,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.fixture
def keyboard(scenario: Scenario, task: str) -> Iterator[Keyboard]:
    """A shell in the task."""
    words = [DRYDOCK, "exec", "--task", task]
    one = Keyboard(words, scenario.region.workspace.root, settings(), (30, 100))
    one.see("$ ")
    yield one
    one.close()


def ask(scenario: Scenario, task: str, command: str = "true", **more: Any) -> dict[str, Any]:
    given = {"cluster": scenario.cluster, "interactive": True, **more}
    answer: dict[str, Any] = scenario.region.client("ecs").execute_command(
        task=task, command=command, **given
    )
    return answer


def refusal(scenario: Scenario, task: str, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        ask(scenario, task, **given)
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_the_agent_runs_beside_the_container_and_the_answer_names_it(
    scenario: Scenario, task: str
) -> None:
    (container,) = scenario.task(task)["containers"]
    (agent,) = container["managedAgents"]
    assert (agent["name"], agent["lastStatus"]) == ("ExecuteCommandAgent", "RUNNING")
    assert agent["lastStartedAt"] is not None
    answer = ask(scenario, task)
    assert answer["taskArn"] == task
    assert answer["containerArn"] == container["containerArn"]
    assert answer["containerName"] == "app"
    assert answer["session"]["sessionId"].startswith("ecs-execute-command-")


def test_a_command_sees_the_tasks_world_and_its_exit_code_is_ours(
    scenario: Scenario, task: str
) -> None:
    script = "echo $COLOUR $(id -u) $PWD; ip -4 -o addr show scope global; exit 7"
    done = execute(scenario, "--task", task, "/bin/sh", "-c", script)
    assert done.returncode == 7, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "green 4321 /usr"
    assert f" {scenario.address(task)}/" in second


def test_what_is_piped_in_comes_to_its_end(scenario: Scenario, task: str) -> None:
    done = execute(scenario, "--task", task, "sort", given="b\na\nc")
    assert (done.returncode, done.stdout) == (0, "a\nb\nc\n"), done.stderr


def test_a_program_that_is_not_there_is_said(scenario: Scenario, task: str) -> None:
    done = execute(scenario, "--task", task, "/no/such")
    assert done.returncode == 1
    assert "No such file or directory" in done.stderr


def test_a_shell_at_a_terminal(scenario: Scenario, task: str, keyboard: Keyboard) -> None:
    """Size and its change, job control, Ctrl-C to the program alone, and the shell's exit code."""
    keyboard.press("PS1='ready'\"> \"; stty size; tty; echo $TERM\r")
    seen = keyboard.see("xterm")
    assert "30 100" in seen
    assert "/dev/pts/" in seen
    keyboard.see("ready> ")
    # said by who is interrupted: between two programs Ctrl-C would find nobody
    keyboard.press("sh -c 'echo sleeping$((1)); exec sleep 1000'\r")
    keyboard.see("sleeping1")
    keyboard.press("\x03")
    keyboard.see("ready> ")
    keyboard.resize(44, 77)
    os.kill(keyboard.process.pid, signal.SIGWINCH)
    keyboard.press("stty size\r")
    keyboard.see("44 77")
    keyboard.press("exit 5\r")
    assert keyboard.process.wait(60) == 5
    assert scenario.task(task)["lastStatus"] == "RUNNING"


def test_who_goes_away_takes_the_program_along(
    scenario: Scenario, task: str, keyboard: Keyboard
) -> None:
    before = scenario.processes(task)
    keyboard.press("echo pid$((1)); trap '' HUP; while true; do sleep 0.1; done\r")
    keyboard.see("pid1")
    inside = _joined(task, scenario) - before
    assert inside
    keyboard.process.kill()
    eventually(lambda: not any(is_alive(one) for one in inside), "the program has ended")
    assert all(is_alive(one) for one in scenario.pids(task))


def _joined(task: str, scenario: Scenario) -> set[int]:
    """The host's ids of all processes in the PID namespace of a task's container."""
    (first,) = scenario.pids(task)
    wanted = (Path("/proc") / str(first) / "ns/pid").readlink()
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if (entry / "ns/pid").readlink() == wanted:
                    found.add(int(entry.name))
            except OSError:
                continue
    return found


def test_a_session_ends_with_its_task(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("shell:1", [WAIT]), enableExecuteCommand=True)
    scenario.wait(arn, "RUNNING")
    ended: list[subprocess.CompletedProcess[str]] = []
    thread = threading.Thread(
        target=lambda: ended.append(execute(scenario, "--task", arn, "sleep", "1000"))
    )
    thread.start()
    eventually(lambda: len(_joined(arn, scenario)) > 2, "the command runs")
    scenario.kill(arn)
    thread.join(60)
    assert ended[0].returncode == 137
    stopped = scenario.wait(arn, "STOPPED")
    (agent,) = stopped["containers"][0]["managedAgents"]
    assert agent["lastStatus"] == "STOPPED"


def test_a_token_opens_one_session_once(scenario: Scenario, task: str) -> None:
    session = ask(scenario, task, "true")["session"]
    with pytest.raises(OpsError, match="unknown"):
        terminal.attach(session["streamUrl"], "guessed")
    path = Path(session["streamUrl"].removeprefix("unix://"))
    assert path.stat().st_mode & 0o077 == 0
    code = "import sys; from drydock.ops import terminal; sys.exit(terminal.attach(*sys.argv[1:]))"
    words = [sys.executable, "-c", code, session["streamUrl"], session["tokenValue"]]
    first, second = (
        subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        for _ in range(2)
    )
    assert first.returncode == 0, first.stderr
    assert "used already" in second.stderr


def test_refusals_in_the_words_of_ecs(scenario: Scenario, task: str) -> None:
    assert "Interactive is the only mode" in refusal(scenario, task, interactive=False)
    assert "task was not found" in refusal(scenario, "0" * 32)
    assert refusal(scenario, task, cluster="nowhere").startswith("ClusterNotFoundException")
    assert "not one of the task's" in refusal(scenario, task, container="other")
    assert "cannot be blank" in refusal(scenario, task, command=" ")
    closed = scenario.run(scenario.define("shell:1", [WAIT]))
    assert "managedAgents" not in scenario.wait(closed, "RUNNING")["containers"][0]
    said = refusal(scenario, closed)
    assert said.startswith("InvalidParameterException: The execute command failed because execute")
    done = execute(scenario, "--task", closed)
    assert done.returncode == 2
    assert "ExecuteCommand was not enabled" in done.stderr
    scenario.stop(closed)


def test_with_several_containers_one_must_be_named(scenario: Scenario) -> None:
    parts = [scenario.container(name, "shell:1", [WAIT]) for name in ("app", "side")]
    arn = scenario.run(scenario.define_containers(*parts), enableExecuteCommand=True)
    scenario.wait(arn, "RUNNING")
    assert "app, side" in refusal(scenario, arn)
    words = ("--task", arn, "--container", "side", "printenv", "ECS_CONTAINER_METADATA_URI_V4")
    done = execute(scenario, *words)
    named = {one["name"]: one["runtimeId"] for one in scenario.task(arn)["containers"]}
    assert done.stdout.strip().endswith(named["side"]), done.stderr
    scenario.stop(arn)
