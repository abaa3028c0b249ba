from __future__ import annotations

from dataclasses import replace

import pytest

from drydock.aws.clients import Clients
from drydock.errors import OpsError, TaskFailed, UsageError, WaitGivenUp, WaitTimedOut
from drydock.ops import run_task

from .fakes import ARN, DEFINITION, SERVICE, FakeTime, Moment, clients

ORDER = run_task.order_for(SERVICE, DEFINITION, ["updatedb", "-s"])


def run(api: Clients, timeout: float = 60) -> tuple[run_task.Result, list[str]]:
    time, shown = FakeTime(), list[str]()
    result = run_task.run(
        api,
        ORDER,
        show=lambda line: shown.append(line.text),
        timeout=timeout,
        clock=time.clock,
        sleep=time.sleep,
    )
    return result, shown


def test_the_order_has_the_services_network_and_replaces_the_command() -> None:
    order = run_task.order_for(
        SERVICE, DEFINITION, ["sh", "-c", "x"], environment={"B": "2", "A": "1"}
    )
    assert order.container == "app"
    assert order.request["networkConfiguration"] == SERVICE.network
    assert order.request["taskDefinition"] == SERVICE.task_definition
    assert order.request["launchType"] == "FARGATE"
    assert order.request["overrides"]["containerOverrides"] == [
        {
            "name": "app",
            "command": ["sh", "-c", "x"],
            "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        }
    ]
    assert [one.stream(ARN) for one in order.streams] == ["app/app/0123456789abcdef"]


def test_a_strategy_goes_instead_of_a_launch_type() -> None:
    service = replace(SERVICE, capacity_providers=({"capacityProvider": "FARGATE_SPOT"},))
    request = run_task.order_for(service, DEFINITION, ["x"]).request
    assert "launchType" not in request
    assert request["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT"}]


def test_a_container_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="sidecar, app"):
        run_task.order_for(SERVICE, DEFINITION, ["x"], container="web")


def test_every_line_is_shown_once_in_order_and_the_exit_code_is_the_containers() -> None:
    api, ecs = clients(
        [
            Moment("PROVISIONING"),
            Moment("RUNNING", ("one", "two", "three")),
            Moment("RUNNING", ("four",)),
            Moment("STOPPED", ("five",), 3, "Essential container in task exited"),
        ],
        late=["six", "seven, the last words"],
    )
    result, shown = run(api)
    assert shown == ["one", "two", "three", "four", "five", "six", "seven, the last words"]
    assert (result.exit_code, result.arn) == (3, ARN)
    assert ecs.stopped == []


def test_a_task_that_never_started_says_why() -> None:
    api, _ = clients([Moment("STOPPED", (), None, "CannotPullContainerError: no such image")])
    with pytest.raises(TaskFailed, match="before it started: CannotPullContainerError") as caught:
        run(api)
    assert caught.value.exit_code == 1


def test_a_refused_run_names_the_reason() -> None:
    api, _ = clients([Moment("RUNNING")], failures=[{"reason": "RESOURCE:ENI"}])
    with pytest.raises(OpsError, match="RESOURCE:ENI"):
        run(api)


def test_ctrl_c_stops_the_task_and_shows_its_last_words() -> None:
    api, ecs = clients(
        [Moment("RUNNING", ("one",))],
        interrupt_at=3,
        after_stop=[Moment("DEPROVISIONING", ("bye",)), Moment("STOPPED", (), 143)],
    )
    shown: list[str] = []
    time = FakeTime()
    with pytest.raises(KeyboardInterrupt):
        run_task.run(
            api,
            ORDER,
            show=lambda line: shown.append(line.text),
            timeout=60,
            clock=time.clock,
            sleep=time.sleep,
        )
    assert ecs.stopped == ["drydock run: interrupted"]
    assert "bye" in shown


def test_a_task_that_runs_too_long_is_stopped() -> None:
    api, ecs = clients([Moment("RUNNING")], after_stop=[Moment("STOPPED", (), 143)])
    with pytest.raises(WaitTimedOut, match="RUNNING after 30 s"):
        run(api, timeout=30)
    assert ecs.stopped == ["drydock run: out of time"]


def test_a_task_that_cannot_start_is_given_up_with_the_regions_words() -> None:
    api, ecs = clients([Moment("PENDING")])
    api.in_vain = lambda *names: "the disk is full" if "0123456789abcdef" in names else ""
    with pytest.raises(WaitGivenUp, match="stays PENDING: the disk is full"):
        run(api)
    assert ecs.stopped == ["drydock run: given up"]


def test_a_task_that_runs_is_not_given_up() -> None:
    api, _ = clients([Moment("RUNNING"), Moment("STOPPED", (), 0)])
    api.in_vain = lambda *_names: "the disk is full"
    assert run(api)[0].exit_code == 0
