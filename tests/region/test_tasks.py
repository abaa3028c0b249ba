"""One task from RunTask to STOPPED: what it runs, what it is told, how it ends."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.support.region import TestRegion, is_alive
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

PATIENT = "trap 'echo asked; exit 0' TERM; echo up; while :; do sleep 0.05; done"
"""A shell program that ends when it is asked to."""
STUBBORN = "trap '' TERM; echo up; while :; do sleep 0.05; done"
ORDER = ["createdAt", "pullStartedAt", "pullStoppedAt", "startedAt", "stoppingAt", "stoppedAt"]


def container(task: dict[str, Any], name: str = "app") -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in task["containers"] if one["name"] == name)
    return found


def wait_for_line(scenario: Scenario, arn: str, line: str, name: str = "app") -> None:
    eventually(lambda: line in scenario.output(arn, name), f"the line {line!r} of {arn}")


def test_a_command_and_an_environment_are_overridden_for_one_task(scenario: Scenario) -> None:
    definition = scenario.define(
        "shell:1",
        ["echo never"],
        environment=[{"name": "KEPT", "value": "kept"}, {"name": "CHANGED", "value": "no"}],
    )
    overrides = {
        "containerOverrides": [
            {
                "name": "app",
                "command": ["echo $KEPT $CHANGED $ADDED; exit 7"],
                "environment": [
                    {"name": "CHANGED", "value": "changed"},
                    {"name": "ADDED", "value": "added"},
                ],
            }
        ]
    }
    arn = scenario.run(definition, overrides=overrides)
    task = scenario.wait(arn, "STOPPED")
    assert scenario.output(arn) == ["kept changed added"]
    assert container(task)["exitCode"] == 7
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    plain = scenario.run(definition)
    scenario.wait(plain, "STOPPED")
    assert scenario.output(plain) == ["never"]


def test_times_are_set_when_something_was_seen_and_in_order(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("shell:1", [PATIENT]))
    while (task := scenario.task(arn))["lastStatus"] != "RUNNING":
        assert task["lastStatus"] in ("PROVISIONING", "PENDING")
        assert not {"startedAt", "stoppingAt", "stoppedAt"} & set(task)
        assert "exitCode" not in container(task)
    assert not {"stoppingAt", "stoppedAt"} & set(task)
    assert container(task)["lastStatus"] == "RUNNING"
    wait_for_line(scenario, arn, "up")
    scenario.stop(arn, "enough")
    seen = [
        status
        for status in scenario.statuses(arn, until="STOPPED")
        if status not in ("STOPPING", "DEACTIVATING")  # moments
    ]
    assert seen in (["RUNNING", "DEPROVISIONING", "STOPPED"], ["DEPROVISIONING", "STOPPED"],
                    ["RUNNING", "STOPPED"], ["STOPPED"])  # fmt: skip
    task = scenario.task(arn)
    times = [task[name] for name in ORDER]
    assert times == sorted(times)
    assert task["executionStoppedAt"] <= task["stoppedAt"]
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")


def test_sigterm_comes_first_and_the_task_may_end_by_itself(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("shell:1", [PATIENT]))
    wait_for_line(scenario, arn, "up")
    scenario.stop(arn)
    task = scenario.wait(arn, "STOPPED")
    assert scenario.output(arn) == ["up", "asked"]
    assert container(task)["exitCode"] == 0


def test_sigterm_goes_to_the_first_process_alone_as_in_a_container(scenario: Scenario) -> None:
    """A shell that does not pass it on: the classic that makes every deployment take stopTimeout."""
    program = (
        "sh -c 'trap \"echo child asked; exit\" TERM; echo up; while :; do sleep 0.05; done'; true"
    )
    arn = scenario.run(scenario.define("shell:1", [program], stopTimeout=2))
    wait_for_line(scenario, arn, "up")
    scenario.stop(arn)
    task = scenario.wait(arn, "STOPPED")
    assert scenario.output(arn) == ["up"]
    assert container(task)["exitCode"] == 137


def test_sigkill_follows_after_the_stop_timeout(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("shell:1", [STUBBORN], stopTimeout=2))
    wait_for_line(scenario, arn, "up")
    scenario.stop(arn)
    task = scenario.wait(arn, "STOPPED")
    assert container(task)["exitCode"] == 137
    assert 2 <= (task["stoppedAt"] - task["stoppingAt"]).total_seconds() < 10


def test_a_task_that_is_stopped_while_it_starts_ends(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("shell:1", [PATIENT]))
    scenario.stop(arn, "at once")
    task = scenario.wait(arn, "STOPPED")
    assert task["stoppedReason"] == "at once"
    assert scenario.pids(arn) == []


def test_its_children_end_with_a_task(scenario: Scenario, region: TestRegion) -> None:
    program = "setsid sleep 1000 & setsid sleep 1000 & echo up; wait"
    arn = scenario.run(scenario.define("shell:1", [program]))
    wait_for_line(scenario, arn, "up")
    (pid,) = scenario.pids(arn)
    family = scenario.processes(arn)
    assert len(family) == 3
    scenario.kill(arn)
    task = scenario.wait(arn, "STOPPED")
    assert container(task)["exitCode"] == 137
    eventually(lambda: not any(is_alive(one) for one in family), "all of them ended")
    assert pid in family


def test_a_task_has_no_capabilities_and_can_get_none(scenario: Scenario) -> None:
    arn = scenario.run(
        scenario.define("shell:1", ["grep -E '^(Cap|NoNewPrivs)' /proc/self/status"])
    )
    scenario.wait(arn, "STOPPED")
    found = dict(line.split(":\t") for line in scenario.output(arn))
    sets = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    assert {name: int(found[name], 16) for name in sets} == dict.fromkeys(sets, 0)
    assert found["NoNewPrivs"] == "1"


def test_a_task_runs_as_the_user_that_is_asked_for(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("shell:1", ["id -u; id -g"], user="1000:1001"))
    scenario.wait(arn, "STOPPED")
    assert scenario.output(arn) == ["1000", "1001"]


def test_a_task_has_a_home_where_it_may_write(scenario: Scenario) -> None:
    """Root's home belongs to the machine's root: an ordinary user's task could not even look there."""
    lines = "echo at home >~/file && cat ~/file && ls -A ~; stat -c %u ~"
    definition = scenario.define("shell:1", [lines])
    first, second = scenario.run(definition), scenario.run(definition)
    for arn in (first, second):
        scenario.wait(arn, "STOPPED")
        assert scenario.output(arn) == ["at home", "file", "0"]
    own = [{"name": "HOME", "value": "/var"}]
    named = scenario.run(scenario.define("shell:1", ["echo ~"], environment=own))
    scenario.wait(named, "STOPPED")
    assert scenario.output(named) == ["/var"]


def test_a_task_sees_no_process_but_its_own(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("shell:1", ["echo $$; ls -d /proc/[0-9]* | wc -l"]))
    scenario.wait(arn, "STOPPED")
    pid, visible = scenario.output(arn)
    assert pid == "1"
    assert int(visible) <= 4  # the shell, ls, wc


def test_what_an_image_says_and_what_a_definition_says(scenario: Scenario) -> None:
    arn = scenario.run(
        scenario.define(
            "worded:1",
            ["from the definition"],
            environment=[{"name": "COLOUR", "value": "green"}],
            workingDirectory="/tmp",
        )
    )
    scenario.wait(arn, "STOPPED")
    assert scenario.output(arn) == ["green round /tmp from the definition"]
    own = scenario.run(scenario.define("worded:1", []))
    scenario.wait(own, "STOPPED")
    assert scenario.output(own) == ["red round /usr from the image"]
    other = scenario.run(scenario.define("worded:1", ["x"], entryPoint=["/bin/echo", "other"]))
    scenario.wait(other, "STOPPED")
    assert scenario.output(other) == ["other x"]


def test_two_containers_share_an_interface_and_one_may_end(scenario: Scenario) -> None:
    definition = scenario.define_containers(
        scenario.container("app", "web:1", [], environment=[{"name": "PORT", "value": "8000"}]),
        scenario.container(
            "helper",
            "psql:1",
            [
                "import time, urllib.request\n"
                "for _ in range(100):\n"
                "    try:\n"
                "        print(urllib.request.urlopen('http://127.0.0.1:8000/').status); break\n"
                "    except OSError:\n"
                "        time.sleep(0.05)\n"
                "raise SystemExit(3)"
            ],
            essential=False,
        ),
    )
    arn = scenario.run(definition)
    wait_for_line(scenario, arn, "200", "helper")
    eventually(
        lambda: container(scenario.task(arn), "helper")["lastStatus"] == "STOPPED",
        "the helper's end is seen",
    )
    task = scenario.task(arn)
    assert task["lastStatus"] == "RUNNING"
    assert container(task, "helper")["exitCode"] == 3
    assert container(task)["lastStatus"] == "RUNNING"
    scenario.stop(arn)
    task = scenario.wait(arn, "STOPPED")
    assert container(task)["exitCode"] == 0
    assert container(task, "helper")["exitCode"] == 3


def test_the_end_of_an_essential_container_ends_the_others(scenario: Scenario) -> None:
    definition = scenario.define_containers(
        scenario.container("app", "shell:1", ["sleep 0.3; exit 5"]),
        scenario.container("side", "shell:1", [PATIENT], essential=False),
    )
    arn = scenario.run(definition)
    task = scenario.wait(arn, "STOPPED")
    assert container(task)["exitCode"] == 5
    assert container(task, "side")["exitCode"] == 0
    assert scenario.output(arn, "side") == ["up", "asked"]
    assert task["stopCode"] == "EssentialContainerExited"


def test_ten_tasks_at_once(scenario: Scenario, region: TestRegion) -> None:
    definition = scenario.define("shell:1", ["echo $0 here"])
    arns = [
        task["taskArn"]
        for task in region.client("ecs").run_task(
            cluster=scenario.cluster,
            taskDefinition=definition,
            launchType="FARGATE",
            count=10,
            networkConfiguration=scenario.network,
        )["tasks"]
    ]
    tasks = [scenario.wait(arn, "STOPPED") for arn in arns]
    assert [container(task)["exitCode"] for task in tasks] == [0] * 10
    assert all(len(scenario.output(arn)) == 1 for arn in arns)
    zones = [task["availabilityZone"] for task in tasks]
    assert zones.count(zones[0]) == 5


def test_tasks_share_one_session_and_so_the_schedulers_share(scenario: Scenario) -> None:
    """A session each means a share of the processor each: a tenth of all requests, measured."""
    definition = scenario.define("shell:1", [PATIENT])
    arns = [scenario.run(definition) for _ in range(2)]
    for arn in arns:
        scenario.wait_for_output(arn, 1)
    pids = [scenario.pids(arn)[0] for arn in arns]
    assert len({os.getsid(pid) for pid in pids}) == 1
    assert len({os.getpgid(pid) for pid in pids}) == 2
    for arn in arns:
        scenario.stop(arn)
