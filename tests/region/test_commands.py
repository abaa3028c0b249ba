"""The commands as a user gives them, on a region that runs: the main job, mistakes, interruptions."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import BIN, Drydock, fetch
from tests.support.minutes import takes_minutes
from tests.support.region import is_alive
from tests.support.waiting import eventually

pytestmark = pytest.mark.region


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, needs_namespaces: None) -> Iterator[Drydock]:
    """The sample application, built by `up --quick`."""
    drydock = Drydock.prepare(tmp_path_factory.mktemp("up"))
    done = drydock("up", "--quick")
    assert done.returncode == 0, done.stderr
    yield drydock
    drydock("down")


@pytest.fixture
def own(tmp_path: Path, needs_namespaces: None) -> Iterator[Drydock]:
    """A folder of one test's own."""
    drydock = Drydock.prepare(tmp_path)
    yield drydock
    drydock("down")


def url(drydock: Drydock) -> str:
    return str(drydock.status()["urls"][0]["url"])


@takes_minutes
def test_up_twice_gives_the_same_url_and_changes_nothing(up: Drydock) -> None:
    before = {task["arn"] for task in up.status()["tasks"]}
    again = up("up", "--quick")
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines() == [url(up)]
    assert "made" not in again.stderr
    assert {task["arn"] for task in up.status()["tasks"]} == before


def test_status_has_what_its_json_promises(up: Drydock) -> None:
    status = up.status()
    assert status["endpoint"].startswith("http://127.0.0.1:")
    assert len(status["tasks"]) == 2
    addresses = {task["address"] for task in status["tasks"]}
    assert len(addresses) == 2
    for task in status["tasks"]:
        assert task["status"] == "RUNNING"
        assert task["pids"]
        assert all(is_alive(pid) for pid in task["pids"])
    assert {one["address"] for one in status["targets"] if one["state"] == "healthy"} == addresses
    assert [one["status"] for one in status["databases"]] == ["available"]


def test_a_killed_task_is_replaced(up: Drydock) -> None:
    first = up.status()["tasks"][0]
    os.kill(first["pids"][0], signal.SIGKILL)

    def replaced() -> bool:
        tasks = up.status()["tasks"]
        running = [one for one in tasks if one["status"] == "RUNNING"]
        return len(running) == 2 and first["arn"] not in {one["arn"] for one in tasks}

    eventually(replaced, "another task runs in its place")
    assert up("up", "--quick").returncode == 0


def images(drydock: Drydock) -> set[str]:
    """Of the tasks that run."""
    ecs = drydock.client("ecs")
    cluster = drydock.status()["services"][0]["cluster"]
    arns = ecs.list_tasks(cluster=cluster)["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    return {one["containers"][0]["image"] for one in tasks}


@takes_minutes
def test_deploy_puts_another_image_in_place_and_says_so(up: Drydock) -> None:
    done = up("deploy", "tasklist:next")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("deployed tasklist:next")
    assert "has reached a steady state" in done.stderr
    assert "TF_VAR_container_image=tasklist:next" in done.stderr
    assert images(up) == {"tasklist:next"}
    before = {task["arn"] for task in up.status()["tasks"]}
    again = up("deploy")
    assert again.returncode == 0, again.stderr
    assert before.isdisjoint(task["arn"] for task in up.status()["tasks"])
    assert images(up) == {"tasklist:next"}


@takes_minutes
def test_deploy_of_what_cannot_start_is_rolled_back_and_says_why(up: Drydock) -> None:
    before = images(up)
    done = up("deploy", "nobody:1", timeout=120)
    assert done.returncode == 1
    error = done.stderr[done.stderr.index("\nError: ") :]
    assert "deployment failed: tasks failed to start" in error, "ECS's reason"
    assert error.count("CannotPullContainerError") == 1, "the tasks', once"
    assert "Scaling activity" not in error
    assert "rolling back" in done.stderr
    assert "Next: see the tasks' last lines" in done.stderr
    assert images(up) == before
    assert fetch(f"{url(up)}/api/task/")
    wrong = up("deploy", "tasklist:next", "--container", "nobody")
    assert (wrong.returncode, "name one of them" in wrong.stderr) == (2, True)


@takes_minutes
def test_update_db_again_keeps_what_the_tables_hold(up: Drydock) -> None:
    made = fetch(f"{url(up)}/api/task/", {"title": "keep me", "priority": 1, "complete": False})
    for _ in range(2):
        done = up("update-db")
        assert done.returncode == 0, done.stderr
        assert "database app" in done.stdout
    assert made["id"] in {task["id"] for task in fetch(f"{url(up)}/api/task/")}


def test_an_unknown_command_ends_with_the_programs_own_code_and_words(up: Drydock) -> None:
    done = up("run", "no-such-command")
    assert done.returncode == 2
    assert "no-such-command" in done.stdout
    assert "exited with 2" in done.stderr
    assert "Traceback" not in done.stderr


def test_logs_show_every_task(up: Drydock) -> None:
    fetch(f"{url(up)}/api/task/")
    ids = {task["arn"].rsplit("/", 1)[-1][:8] for task in up.status()["tasks"]}
    lines = up("logs").stdout.splitlines()
    assert ids <= {line.split()[0] for line in lines}


def test_a_region_that_already_runs_is_named(up: Drydock) -> None:
    done = up("region", "start")
    assert done.returncode == 1
    assert "runs already" in done.stderr
    assert up("region", "status").returncode == 0


def test_env_lets_a_shell_talk_to_the_region(up: Drydock) -> None:
    script = f'eval "$({BIN}/drydock env)"; {BIN}/aws ecs list-tasks --cluster tasklist-app --output text'
    import subprocess

    env = {**up.env, "AWS_PROFILE": "no-such-profile"}
    done = subprocess.run(
        ["sh", "-c", script], cwd=up.folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("TASKARNS") == 2


def test_without_terraform_up_says_why_and_goes_on(
    up: Drydock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    programs = tmp_path_factory.mktemp("programs")
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in Path(folder).iterdir() if Path(folder).is_dir() else ():
            if program.name not in {"terraform", "tofu"} and os.access(program, os.X_OK):
                link = programs / program.name
                if not link.exists():
                    link.symlink_to(program)
    shutil.copytree(Path(__file__).parents[2] / "infra", up.folder / "infra", dirs_exist_ok=True)
    done = up("up", env={"PATH": str(programs)})
    assert done.returncode == 0, done.stderr
    assert "on the path" in done.stderr
    assert "--quick" in done.stderr
    assert done.stdout.splitlines() == [url(up)]


@takes_minutes
def test_ctrl_c_in_the_middle_of_up_loses_nothing(own: Drydock) -> None:
    done = own.interrupted_at("up", "--quick", line="made database cluster")
    assert done.returncode == 130, done.stderr
    assert "It was at `build`" in done.stderr
    assert "Traceback" not in done.stderr
    again = own("up", "--quick")
    assert again.returncode == 0, again.stderr
    assert "made VPC" not in again.stderr
    assert "made ECS service" in again.stderr


def test_an_unknown_image_is_named_and_a_known_one_mends_it(own: Drydock) -> None:
    done = own("up", "--quick", env={"TF_VAR_container_image": "nobody/knows:1"})
    assert done.returncode == 1
    assert "CannotPullContainerError" in done.stderr
    assert "nobody/knows:1" in done.stderr
    assert own("up", "--quick").returncode == 0


def test_a_port_that_is_taken_is_passed_over(own: Drydock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (own.folder / "drydock.toml").open("a") as settings:
            settings.write(f"[region]\nport = {port}\n")
        done = own("region", "start")
    assert done.returncode == 0, done.stderr
    endpoint = done.stdout.strip()
    assert endpoint.startswith("http://127.0.0.1:")
    assert not endpoint.endswith(f":{port}")
    assert own.status()["endpoint"] == endpoint
    assert f"export AWS_ENDPOINT_URL={endpoint}" in own("env").stdout


def test_a_broken_stack_is_told_in_terraforms_words(own: Drydock) -> None:
    if shutil.which("terraform") is None and shutil.which("tofu") is None:
        pytest.skip("neither terraform nor tofu is on the path")
    stack = own.folder / "broken"
    stack.mkdir()
    (stack / "main.tf").write_text('resource "nothing" {\n')
    done = own("up", "broken")
    assert done.returncode == 1
    assert "main.tf" in done.stderr
    assert "Traceback" not in done.stderr
    assert own("region", "status").returncode == 0


def test_destroy_and_down_leave_nothing(own: Drydock) -> None:
    assert own("up", "--quick").returncode == 0
    pids = [pid for task in own.status()["tasks"] for pid in task["pids"]]
    done = own("destroy", "-y")
    assert done.returncode == 0, done.stderr
    status = own.status()
    assert [status[part] for part in ("services", "tasks", "databases", "urls")] == [[], [], [], []]
    eventually(lambda: not any(is_alive(pid) for pid in pids), "the tasks' processes ended")
    assert own("down", "--purge", "-y").returncode == 0
    assert not (own.folder / ".drydock" / "region").exists()
