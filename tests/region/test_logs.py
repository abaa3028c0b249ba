"""What tasks write is in their log streams: all of it, in order, to the last line."""

from __future__ import annotations

import os
import time

import pytest

from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region


def all_events(scenario: Scenario, arn: str) -> list[dict[str, int | str]]:
    """Every event of a stream, page by page."""
    pages = scenario.region.client("logs").get_paginator("filter_log_events")
    return [
        event
        for page in pages.paginate(
            logGroupName=scenario.log_group, logStreamNames=[f"t/app/{arn.rsplit('/', 1)[-1]}"]
        )
        for event in page["events"]
    ]


def test_stdout_and_stderr_are_in_order(scenario: Scenario) -> None:
    program = "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done"
    arn = scenario.run(scenario.define("shell:1", [program]))
    scenario.wait(arn, "STOPPED")
    assert scenario.output(arn) == [f"{end} {n}" for n in range(1, 6) for end in ("out", "err")]


def test_the_last_line_before_death_is_there(scenario: Scenario) -> None:
    arns = [
        scenario.run(scenario.define("shell:1", [f"echo first; printf 'last words'; {end}"]))
        for end in ("exit 3", "kill -9 $$", "exec true")
    ]
    for arn in arns:
        scenario.wait(arn, "STOPPED")
        assert scenario.output(arn) == ["first", "last words"]


def test_five_thousand_lines_arrive_quickly(scenario: Scenario) -> None:
    arn = scenario.run(
        scenario.define(
            "shell:1", ["i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo line $i; done"]
        )
    )
    begun = time.monotonic()
    scenario.wait(arn, "STOPPED")
    took = time.monotonic() - begun
    events = all_events(scenario, arn)
    assert [event["message"] for event in events] == [f"line {n}" for n in range(1, 5001)]
    times = [event["timestamp"] for event in events]
    assert times == sorted(times)
    assert took < 30


def test_a_task_that_writes_all_the_time_leaves_the_api_quick(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("shell:1", ["while :; do echo again and again; done"]))
    scenario.wait_for_output(arn, 100)
    times = []
    for _ in range(20):
        begun = time.monotonic()
        scenario.task(arn)
        times.append(time.monotonic() - begun)
    scenario.kill(arn)
    scenario.wait(arn, "STOPPED")
    assert sorted(times)[len(times) // 2] < 5


def test_long_lines_and_odd_bytes(scenario: Scenario) -> None:
    program = (
        "import os\n"
        "os.write(1, b'x' * 40000 + b'\\n' + b'caf\\xc3\\xa9 \\xff\\n' + b'\\n' + b'with end\\r\\n')"
    )
    arn = scenario.run(scenario.define("psql:1", [program]))
    scenario.wait(arn, "STOPPED")
    lines = scenario.output(arn)
    assert "".join(lines[:3]) == "x" * 40000
    assert max(map(len, lines)) == 16 * 1024
    assert lines[3:] == ["café \ufffd", "", "with end"]


def test_a_group_that_is_deleted_meanwhile_does_not_stop_the_task(scenario: Scenario) -> None:
    logs = scenario.region.client("logs")
    logs.create_log_group(logGroupName="/ecs/short-lived")
    options = {
        "awslogs-group": "/ecs/short-lived",
        "awslogs-region": scenario.region.record.region,
        "awslogs-stream-prefix": "t",
    }
    program = "trap 'exit 0' TERM; while :; do echo on and on; sleep 0.05; done"
    arn = scenario.run(
        scenario.define(
            "shell:1", [program], logConfiguration={"logDriver": "awslogs", "options": options}
        )
    )
    eventually(lambda: logs.filter_log_events(logGroupName="/ecs/short-lived")["events"], "a line")
    logs.delete_log_group(logGroupName="/ecs/short-lived")
    eventually(lambda: "lines are lost" in scenario.region.log, "the region's log tells of it")
    assert scenario.task(arn)["lastStatus"] == "RUNNING"
    logs.create_log_group(logGroupName="/ecs/short-lived")
    stream = f"t/app/{arn.rsplit('/', maxsplit=1)[-1]}"
    logs.create_log_stream(logGroupName="/ecs/short-lived", logStreamName=stream)
    eventually(
        lambda: "lines are stored again" in scenario.region.log, "the lines are stored again"
    )
    assert scenario.region.log.count("lines are lost") == 1
    scenario.stop(arn)
    assert scenario.wait(arn, "STOPPED")["containers"][0]["exitCode"] == 0


def test_a_task_without_a_log_configuration(scenario: Scenario) -> None:
    container = scenario.container("app", "shell:1", ["echo unheard"])
    del container["logConfiguration"]
    arn = scenario.run(scenario.define_containers(container))
    task = scenario.wait(arn, "STOPPED")
    assert task["containers"][0]["exitCode"] == 0
    assert "unheard" not in scenario.region.log
    assert scenario.output(arn) == []


def test_what_a_child_writes_after_its_parent_died_is_kept(scenario: Scenario) -> None:
    program = "(trap '' HUP TERM; echo from the child) & wait; echo from the parent; kill -9 $$"
    arn = scenario.run(scenario.define("shell:1", [program]))
    scenario.wait(arn, "STOPPED")
    assert scenario.output(arn) == ["from the child", "from the parent"]
    assert os.getpid() not in scenario.pids(arn)
