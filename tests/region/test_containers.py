"""Several containers of one task: their order, their health, what they share and what limits them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

LASTING = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"


def part(task: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in task["containers"] if one["name"] == name)
    return found


def on(name: str, condition: str) -> dict[str, Any]:
    return {"dependsOn": [{"containerName": name, "condition": condition}]}


def check(command: str, **more: Any) -> dict[str, Any]:
    return {"healthCheck": {"command": ["CMD-SHELL", command], "interval": 5, **more}}


def until(scenario: Scenario, arn: str, name: str, health: str) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        task = scenario.task(arn)
        return task if part(task, name)["healthStatus"] == health else {}

    return eventually(look, f"{name} of {arn} {health}")


def test_an_app_waits_for_its_sidecar_to_be_healthy_and_ends_before_it(
    scenario: Scenario, tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    definition = scenario.define_containers(
        scenario.container("app", "shell:1", [LASTING], **on("side", "HEALTHY")),
        scenario.container("side", "shell:1", [LASTING], **check(f"test -e {ready}")),
    )
    arn = scenario.run(definition)
    scenario.wait_for_output(arn, 1, "side")
    early = scenario.task(arn)
    assert early["lastStatus"] == part(early, "app")["lastStatus"] == "PENDING"
    assert part(early, "side")["lastStatus"] == "RUNNING"
    assert part(early, "side")["healthStatus"] == early["healthStatus"] == "UNKNOWN"
    ready.touch()
    task = scenario.wait(arn, "RUNNING")
    assert part(task, "side")["healthStatus"] == task["healthStatus"] == "HEALTHY"
    assert part(task, "app")["healthStatus"] == "UNKNOWN"
    scenario.wait_for_output(arn, 1)
    scenario.stop(arn)
    scenario.wait(arn, "STOPPED")
    byes = {
        event["logStreamName"].split("/")[1]: event["timestamp"]
        for event in scenario.region.client("logs").filter_log_events(
            logGroupName=scenario.log_group, filterPattern="bye"
        )["events"]
        if event["logStreamName"].endswith(arn.rsplit("/", 1)[-1])
    }
    assert byes["app"] <= byes["side"]


def test_a_container_that_becomes_unhealthy_runs_on_in_a_task_of_its_own(
    scenario: Scenario, tmp_path: Path
) -> None:
    well = tmp_path / "well"
    well.touch()
    look = check(f"test -e {well} && test $(cat /proc/1/comm) = sh", retries=2)
    arn = scenario.run(scenario.define("shell:1", [LASTING], **look))
    task = until(scenario, arn, "app", "HEALTHY")
    assert task["healthStatus"] == "HEALTHY"
    well.unlink()
    task = until(scenario, arn, "app", "UNHEALTHY")
    assert (task["healthStatus"], task["lastStatus"]) == ("UNHEALTHY", "RUNNING")
    well.touch()
    until(scenario, arn, "app", "HEALTHY")
    scenario.stop(arn)


def test_a_check_that_hangs_fails_and_leaves_nothing_behind(scenario: Scenario) -> None:
    look = {"healthCheck": {"command": ["CMD", "/bin/sleep", "777"], "timeout": 2, "retries": 1}}
    look["healthCheck"]["interval"] = 5
    arn = scenario.run(scenario.define("shell:1", [LASTING], **look))
    until(scenario, arn, "app", "UNHEALTHY")
    scenario.stop(arn)
    scenario.wait(arn, "STOPPED")
    everyone = [
        (entry / "cmdline").read_bytes()
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and (entry / "cmdline").exists()
    ]
    assert b"/bin/sleep\x00777\x00" not in everyone


def test_an_init_container_comes_first_and_its_end_is_no_end_of_the_task(
    scenario: Scenario,
) -> None:
    definition = scenario.define_containers(
        scenario.container("app", "shell:1", [LASTING], **on("init", "SUCCESS")),
        scenario.container("init", "shell:1", ["sleep 0.3; echo done"], essential=False),
    )
    arn = scenario.run(definition)
    task = scenario.wait(arn, "RUNNING")
    assert (part(task, "init")["lastStatus"], part(task, "init")["exitCode"]) == ("STOPPED", 0)
    assert scenario.wait_for_output(arn, 1, "init") == ["done"]
    assert part(task, "app")["lastStatus"] == "RUNNING"
    scenario.stop(arn)


def test_a_dependency_that_fails_ends_the_task_before_its_app_began(scenario: Scenario) -> None:
    definition = scenario.define_containers(
        scenario.container("app", "shell:1", ["echo never"], **on("init", "SUCCESS")),
        scenario.container("init", "shell:1", ["exit 4"], essential=False),
        scenario.container("other", "shell:1", [LASTING], essential=False, stopTimeout=2),
    )
    arn = scenario.run(definition)
    task = scenario.wait(arn, "STOPPED")
    assert task["stopCode"] == "TaskFailedToStart"
    assert "did not exit successfully" in task["stoppedReason"]
    assert "[init] for target [app]" in part(task, "app")["reason"]
    assert part(task, "init")["exitCode"] == 4
    assert "exitCode" not in part(task, "app")
    assert "startedAt" not in task
    assert scenario.output(arn) == []


def test_a_dependency_that_takes_too_long_has_timed_out(scenario: Scenario) -> None:
    definition = scenario.define_containers(
        scenario.container("app", "shell:1", ["echo never"], **on("init", "COMPLETE")),
        scenario.container("init", "shell:1", [LASTING], essential=False, startTimeout=2),
    )
    task = scenario.wait(scenario.run(definition), "STOPPED")
    assert "has timed out" in task["stoppedReason"]


def test_a_cycle_is_refused(scenario: Scenario) -> None:
    with pytest.raises(ClientError, match="cycle: app -> side -> app"):
        scenario.define_containers(
            scenario.container("app", "shell:1", ["x"], **on("side", "START")),
            scenario.container("side", "shell:1", ["x"], **on("app", "START")),
        )
