from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from drydock.cli.up import visits
from drydock.errors import (
    OpsError,
    ProviderMissing,
    TerraformFailed,
    TerraformMissing,
    WaitTimedOut,
)
from drydock.ops.run_task import Result
from drydock.ops.services import Service
from drydock.ops.status import Status, Url
from drydock.paths import Workspace
from drydock.stack.plan import PlanSummary
from drydock.stack.quick import record

from .conftest import Run, World

URL = "http://127.0.0.1:8080"
OUTPUTS = {"ecs_cluster_name": "shop-app", "standalone_task_sg": "sg-1"}
SERVICE = Service("app", "arn", "arn/shop-app", "arn/definition")


@pytest.fixture
def site(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A stack with one load balancer, whose service, task and site do what they should."""
    world.outputs = dict(OUTPUTS)
    world.inside = {"urls": [{"load_balancer": "shop", "port": 80, "url": URL}], "tasks": []}
    exit_codes = {"migrate": 0}

    def fake(step: str, result: Any) -> Callable[..., Any]:
        def call(*_: Any, **__: Any) -> Any:
            world.do(step)
            return result

        return call

    monkeypatch.setattr("drydock.ops.services.find", fake("find service", SERVICE))
    monkeypatch.setattr("drydock.ops.run_task.order_of", lambda *_, **__: None)
    monkeypatch.setattr(
        "drydock.ops.run_task.run", fake("migrate", Result("arn", exit_codes["migrate"], ""))
    )
    monkeypatch.setattr(
        "drydock.ops.status.read",
        lambda *_, **__: Status(urls=(Url("shop", 80, "http://shop.example"),)),
    )
    monkeypatch.setattr("drydock.ops.site.wait_until_up", fake("site", None))
    build = "drydock.stack.quick.build"
    monkeypatch.setattr(f"{build}.build", fake("build", OUTPUTS))
    monkeypatch.setattr(f"{build}.outputs", lambda *_: OUTPUTS)
    monkeypatch.setattr(f"{build}.exists", lambda *_: False)
    return world


def steps(world: World) -> list[str]:
    quiet = ("stack ", "output", "find service")
    return [one for one in world.done if not one.startswith(quiet)]


def test_the_whole_story_and_its_result_is_the_url(run: Run, site: World) -> None:
    ended = run("up")
    assert ended.code == 0
    assert steps(site) == ["start", "init", "plan", "apply", "migrate", "site"]
    assert ended.out == f"{URL}\n"
    for name in ("region", "init", "plan", "apply", "migrate", "site", "total"):
        assert f"  {name}" in ended.err


def test_each_listener_is_visited_under_its_name_and_a_redirect_between_them_is_fine() -> None:
    urls = [
        {"url": "http://127.0.0.1:8080", "names": ["http://shop.test:8080"]},
        {"url": "https://127.0.0.1:8443", "names": ["https://shop.test:8443"]},
        {"url": "http://127.0.0.1:9000", "names": []},
    ]
    first, second, third = visits(urls, "/ca.pem")
    assert (first.url, first.name, first.authority) == (urls[0]["url"], "shop.test", "/ca.pem")
    assert set(first.siblings) == {
        "https://127.0.0.1:8443",
        "https://shop.test:8443",
        "http://127.0.0.1:9000",
    }
    assert second.name == "shop.test"
    assert third.name == ""


def test_up_twice_goes_on_with_the_region_and_skips_an_empty_plan(run: Run, site: World) -> None:
    site.running = True
    site.summary = PlanSummary()
    ended = run("up")
    assert ended.code == 0
    assert steps(site) == ["init", "plan", "migrate", "site"]
    assert "No changes" in ended.err


@pytest.mark.parametrize("kind", [TerraformMissing, ProviderMissing])
def test_without_terraform_it_says_why_and_builds_without(
    run: Run, site: World, kind: type[OpsError]
) -> None:
    site.fails["init"] = kind("Terraform 1.11 is needed", "none is on the path")
    ended = run("up")
    assert ended.code == 0
    assert "none is on the path" in ended.err
    assert "--quick" in ended.err
    assert steps(site) == ["start", "build", "migrate", "site"]
    assert ended.out == f"{URL}\n"
    assert record.load(Workspace.here()) is not None


def test_a_stack_of_the_users_own_has_no_stand_in(run: Run, site: World) -> None:
    site.fails["init"] = TerraformMissing("Terraform 1.11 is needed", "none is on the path")
    assert run("up", "mine").code == 1
    assert "build" not in site.done


def test_quick_asks_terraform_for_nothing(run: Run, site: World) -> None:
    assert run("up", "--quick").code == 0
    assert site.done == ["start", "build", "find service", "migrate", "site"]


def test_quick_does_not_touch_what_terraform_built(
    run: Run, site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drydock.stack.quick.build.exists", lambda *_: True)
    ended = run("up", "--quick")
    assert ended.code == 2
    assert "Terraform built" in ended.err
    assert "build" not in site.done
    assert record.load(Workspace.here()) is None


def test_terraform_does_not_touch_what_quick_built(run: Run, site: World) -> None:
    run("up", "--quick")
    site.done.clear()
    ended = run("up")
    assert ended.code == 2
    assert "up --quick" in ended.err
    assert steps(site) == ["init"]


def test_without_terraform_it_goes_on_with_what_quick_built(run: Run, site: World) -> None:
    run("up", "--quick")
    site.done.clear()
    site.fails["init"] = TerraformMissing("Terraform 1.11 is needed", "none is on the path")
    assert run("up").code == 0
    assert steps(site) == ["build", "migrate", "site"]


def test_a_broken_stack_ends_with_its_error_and_keeps_the_region(run: Run, site: World) -> None:
    site.fails["plan"] = TerraformFailed("Terraform could not plan", "its own words are above")
    ended = run("up")
    assert ended.code == 1
    assert "could not plan" in ended.err
    assert site.running


@pytest.mark.parametrize("step", ["init", "apply", "migrate", "site"])
def test_ctrl_c_in_the_middle_says_where_it_was_and_the_next_up_goes_on(
    run: Run, site: World, step: str
) -> None:
    site.fails[step] = KeyboardInterrupt()
    ended = run("up")
    assert ended.code == 130
    assert f"at `{step}`" in ended.err
    assert "`drydock up` picks up from there" in ended.err
    assert ended.out == ""
    site.fails.clear()
    assert run("up").code == 0


def test_a_migration_that_fails_stops_there_with_its_exit_code(
    run: Run, site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drydock.ops.run_task.run", lambda *_, **__: Result("arn", 7, "exited"))
    ended = run("up")
    assert ended.code == 7
    assert "updatedb -s" in ended.err
    assert "site" not in site.done


def test_a_stack_without_a_migration_or_a_load_balancer_is_up_without(
    run: Run, site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.outputs = {}
    monkeypatch.setattr("drydock.ops.status.read", lambda *_, **__: Status())
    ended = run("up")
    assert (ended.code, ended.out) == (0, "")
    assert steps(site) == ["start", "init", "plan", "apply"]
    assert "No migration" in ended.err
    assert "No URL" in ended.err


def test_a_listener_that_cannot_be_had_is_told_in_the_regions_words(
    run: Run, site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.inside = {
        "urls": [],
        "tasks": [],
        "problems": [{"resource": "load balancer shop", "error": "port 80 is taken"}],
    }
    monkeypatch.setattr("drydock.cli.up.URL_TIMEOUT", 0.05)
    ended = run("up")
    assert ended.code == WaitTimedOut.exit_code
    assert "port 80 is taken" in ended.err


def test_up_is_a_rehearsal_never_aws(
    run: Run, site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET", "aws")
    ended = run("up")
    assert ended.code == 2
    assert site.done == []
