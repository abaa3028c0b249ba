from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from drydock.errors import OpsError
from drydock.ops.logs import Line
from drydock.ops.run_task import Result
from drydock.ops.services import Service
from drydock.ops.status import DatabaseStatus, ServiceStatus, Status, TaskStatus, Url

from .conftest import Run, World

ARN = "arn:aws:ecs:ap-southeast-2:123456789012:task/shop-app/0123456789abcdef"
TASK = TaskStatus(ARN, "shop-app", "service:app", "RUNNING", "RUNNING", "10.0.0.5", "", "", "", {})
GONE = TaskStatus(
    ARN[:-1] + "0", "shop-app", "service:app", "STOPPED", "STOPPED", "", "", "", "it crashed", {}
)
FOUND = Status(
    services=(ServiceStatus("shop-app", "app", "arn", "ACTIVE", 2, 1, 1, "shop:1", "", "hello"),),
    tasks=(TASK, GONE),
    urls=(Url("shop", 80, "http://shop.example"),),
    databases=(DatabaseStatus("db", "arn:db", "aurora-postgresql 16.8", "available", "h", 5432),),
)
SERVICE = Service("app", "arn", "arn/shop-app", "arn/definition")


@pytest.fixture
def running(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    world.running = True
    world.inside = {
        "urls": [{"load_balancer": "shop", "port": 80, "url": "http://127.0.0.1:8080"}],
        "tasks": [{"arn": ARN, "status": "RUNNING", "address": "10.0.0.5", "pids": [41, 42]}],
        "databases": [
            {
                "database": database,
                "instance": f"db-{number}",
                "role": role,
                "address": f"10.0.0.{number}",
                "pid": number,
                "version": "18.1",
                "note": "18 stands for 16",
            }
            for database, number, role in (
                ("arn:db", 1, "writer"),
                ("arn:db", 2, "reader"),
                ("arn:other", 3, "writer"),
            )
        ],
        "problems": [{"resource": "x", "error": "y"}],
    }
    monkeypatch.setattr("drydock.ops.status.read", lambda *_, **__: FOUND)
    monkeypatch.setattr("drydock.ops.services.find", lambda *_: SERVICE)
    monkeypatch.setattr("drydock.ops.run_task.order_of", lambda *_, **__: None)
    monkeypatch.setattr("drydock.ops.logs.of_service", lambda *_: [])
    return world


def test_the_json_has_process_ids_and_the_local_url(run: Run, running: World) -> None:
    document = json.loads(run("status", "--json").out)
    assert document["endpoint"] == "http://127.0.0.1:4599"
    assert [one["url"] for one in document["urls"]] == ["http://127.0.0.1:8080"]
    [task] = document["tasks"]
    assert task["arn"] == ARN
    assert (task["status"], task["address"], task["pids"]) == ("RUNNING", "10.0.0.5", [41, 42])
    assert [one["stopped_reason"] for one in document["stopped"]] == ["it crashed"]


def test_the_text_has_them_too(run: Run, running: World) -> None:
    ended = run("status")
    assert "http://127.0.0.1:8080" in ended.out
    [line] = [one for one in ended.out.splitlines() if "0123456789abcdef" in one]
    assert "10.0.0.5" in line
    assert "41,42" in line
    assert "it crashed" in ended.err


def test_it_says_how_tasks_are_limited(run: Run, running: World) -> None:
    assert "Memory is" not in run("status").err  # the data plane is still starting
    running.inside |= {"memory_limits": "cgroup", "cpu_capped": False, "limits_notes": []}
    document = json.loads(run("status", "--json").out)
    assert (document["memory_limits"], document["cpu_capped"]) == ("cgroup", False)
    assert "Memory is limited by cgroup; CPU is not capped." in run("status").err
    running.inside |= {"memory_limits": "sampling", "limits_notes": ["No cgroup: refused"]}
    assert json.loads(run("status", "--json").out)["limits_notes"] == ["No cgroup: refused"]
    ended = run("status")
    assert "Memory is sampled; CPU is not capped." in ended.err
    assert "No cgroup: refused" in ended.err
    running.inside["cpu_capped"] = True
    assert "CPU is capped." in run("status").err


def test_a_database_has_its_servers_and_what_is_not_as_on_aws(run: Run, running: World) -> None:
    [database] = json.loads(run("status", "--json").out)["databases"]
    assert database["servers"] == [
        {"instance": "db-1", "role": "writer", "address": "10.0.0.1", "pid": 1},
        {"instance": "db-2", "role": "reader", "address": "10.0.0.2", "pid": 2},
    ]
    assert database["notes"] == ["18 stands for 16"]
    assert run("status").err.count("db: 18 stands for 16") == 1


def test_without_a_region_there_is_no_status(run: Run) -> None:
    ended = run("status", "--json")
    assert (ended.code, ended.out) == (1, "")


def test_run_exits_with_the_tasks_code_and_shows_its_lines(
    run: Run, running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[list[str]] = []

    def order_of(_clients: object, _service: Service, command: list[str], **_: object) -> None:
        orders.append(list(command))

    def run_task(_clients: object, _order: object, **given: object) -> Result:
        show = given["show"]
        assert callable(show)
        show(Line(1, "app/app/0123", "a line"))
        return Result(ARN, 3, "Essential container in task exited")

    monkeypatch.setattr("drydock.ops.run_task.order_of", order_of)
    monkeypatch.setattr("drydock.ops.run_task.run", run_task)
    ended = run("run", "ls", "-la", "--json", "/")
    assert ended.code == 3
    assert ended.out == "a line\n"
    assert orders == [["ls", "-la", "--json", "/"]]
    monkeypatch.setattr("drydock.ops.run_task.run", lambda *_, **__: Result(ARN, 0, ""))
    assert run("update-db").code == 0
    assert orders[-1] == ["updatedb", "-s"]


def test_ctrl_c_in_run_says_that_the_task_was_stopped(
    run: Run, running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> Result:
        raise KeyboardInterrupt

    monkeypatch.setattr("drydock.ops.run_task.run", interrupted)
    ended = run("run", "sleep", "60")
    assert ended.code == 130
    assert "task was stopped" in ended.err


def test_an_environment_variable_needs_a_name_and_a_value(run: Run, running: World) -> None:
    assert run("run", "-e", "NAME", "env").code == 2


def test_logs_name_the_task_of_each_line(
    run: Run, running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [Line(1, "app/app/0123456789abcdef", "hello"), Line(2, "app/app/fedcba98", "there")]
    monkeypatch.setattr("drydock.ops.logs.tail", lambda *_, **__: iter(lines))
    assert run("logs").out == "01234567  hello\nfedcba98  there\n"


def test_ctrl_c_is_the_way_out_of_following(
    run: Run, running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tail(*_: object, **__: object) -> Iterator[Line]:
        yield Line(1, "app/app/0123456789abcdef", "hello")
        raise KeyboardInterrupt

    monkeypatch.setattr("drydock.ops.logs.tail", tail)
    ended = run("logs", "-f")
    assert (ended.code, ended.out) == (130, "01234567  hello\n")
    assert "Interrupted" not in ended.err


def test_an_error_of_the_api_is_ours(
    run: Run, running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> Status:
        raise OpsError("ListClusters failed", "no")

    monkeypatch.setattr("drydock.ops.status.read", refused)
    ended = run("status")
    assert ended.code == 1
    assert "ListClusters failed" in ended.err


def test_a_url_has_the_names_that_lead_to_it(run: Run, running: World) -> None:
    running.inside["urls"] = [
        {"load_balancer": "shop", "arn": "arn:shop", "port": 80, "url": "http://127.0.0.1:8080"},
        {"load_balancer": "shop", "arn": "arn:shop", "port": 443, "url": "https://127.0.0.1:8443"},
    ]
    running.inside["names"] = [
        {"load_balancer": "arn:shop", "name": "shop.example.test", "kind": "zone"},
        {"load_balancer": "arn:shop", "name": "shop-1.elb.amazonaws.com", "kind": "aws"},
        {"load_balancer": "arn:other", "name": "other.example.test", "kind": "zone"},
    ]
    running.inside["dns"] = "127.0.0.1:5399"
    document = json.loads(run("status", "--json").out)
    assert document["dns"] == "127.0.0.1:5399"
    assert [one["names"] for one in document["urls"]] == [
        ["http://shop.example.test:8080"],
        ["https://shop.example.test:8443"],
    ]
    shown = run("status").out
    assert "https://shop.example.test:8443" in shown
    assert "other.example.test" not in shown
