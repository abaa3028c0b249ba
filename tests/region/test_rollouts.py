"""Deployments on their way: counts, scaling, newer ones, grace periods, waiters, a daemon that is killed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import region as support
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion
from tests.support.releases import BREAKER, Releases, assert_in_order, assert_nothing_failed
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually
from tests.support.web import Site, load

pytestmark = pytest.mark.region

PATIENT = "trap 'exit 0' TERM; while :; do sleep 0.05; done"
SLOW_CHECKS = {"HealthCheckIntervalSeconds": 30}


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "rollout", "10.54.0.0/16")


@pytest.fixture
def releases(place: Scenario, request: pytest.FixtureRequest) -> Iterator[Releases]:
    site = Site.build(place, **getattr(request, "param", {}))
    found = Releases(place, site, f"rollout-{site.name}")
    yield found
    found.service.delete()
    site.delete()


def by_id(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in told["deployments"]}


@pytest.mark.parametrize("releases", [SLOW_CHECKS], indirect=True)
def test_each_deployment_has_its_counts_and_newer_ones_and_scaling_fit_in(
    releases: Releases,
) -> None:
    releases.start(releases.good("one"))
    first = releases.service.describe()["deployments"][0]["id"]
    with load(releases.site.url()) as seen:
        second = releases.release(releases.good("two"))
        both = eventually(
            lambda: (
                (told := by_id(releases.service.describe()))[second]["runningCount"] == 2 and told
            ),
            "both deployments run",
        )
        assert (both[second]["status"], both[second]["desiredCount"]) == ("PRIMARY", 2)
        assert both[second]["rolloutStateReason"] == f"ECS deployment {second} in progress."
        assert (both[first]["status"], both[first]["runningCount"]) == ("ACTIVE", 2)
        third = releases.release(releases.good("three"), desiredCount=3)
        told = by_id(releases.service.describe())
        assert [told[one]["status"] for one in (third, second, first)] == [
            "PRIMARY",
            "ACTIVE",
            "ACTIVE",
        ]
        most = 0

        def steady() -> bool:
            nonlocal most
            now = releases.service.describe()
            running = [one for one in releases.service.tasks() if one["lastStatus"] == "RUNNING"]
            most = max(most, len(running), now["runningCount"])
            assert len(running) >= 2
            return [one["rolloutState"] for one in now["deployments"]] == ["COMPLETED"]

        eventually(steady, "the third is complete", 40)
    assert_nothing_failed(seen)
    assert most <= 6  # 200 % of 3
    assert [one["status"] for one in releases.history()] == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]
    assert len(releases.service.running()) == 3
    releases.service.update(desiredCount=1)
    one = releases.service.wait_running(1)
    eventually(
        lambda: releases.events()[-1].endswith("has reached a steady state."), "steady again"
    )
    assert releases.service.running() == one
    assert_in_order(
        releases.events(),
        "has begun draining connections on 2 tasks.",
        "deregistered 2 targets in (target-group",
        "has reached a steady state.",
    )


def test_a_forced_deployment_replaces_every_task_by_the_same(releases: Releases) -> None:
    before = releases.start(releases.good("same"))
    with load(releases.site.url()) as seen:
        releases.service.update(forceNewDeployment=True)
        releases.wait_steady()
    assert_nothing_failed(seen)
    after = releases.service.running()
    assert not after & before
    revisions = [one["targetServiceRevision"]["arn"] for one in releases.history()]
    ecs = releases.place.region.client("ecs")
    found = ecs.describe_service_revisions(serviceRevisionArns=[*revisions, revisions[0] + "9"])
    new, old = found["serviceRevisions"]
    assert new["taskDefinition"] == old["taskDefinition"]
    assert new["serviceRevisionArn"] != old["serviceRevisionArn"]
    assert new["containerImages"] == [{"containerName": "app", "image": "web:1"}]
    assert found["failures"] == [{"arn": revisions[0] + "9", "reason": "MISSING"}]


def test_services_stable_ends_when_the_old_tasks_are_gone(releases: Releases) -> None:
    before = releases.start(releases.good("old"))
    new = releases.release(releases.good("new"))
    releases.place.region.client("ecs").get_waiter("services_stable").wait(
        cluster=releases.place.cluster,
        services=["web"],
        WaiterConfig={"Delay": 1, "MaxAttempts": 40},
    )
    told = releases.service.describe()
    assert [one["id"] for one in told["deployments"]] == [new]
    assert {releases.place.task(arn)["lastStatus"] for arn in before} <= {
        "DEPROVISIONING",
        "STOPPED",
    }
    assert len(releases.site.wait_healthy(2)) == 2


@pytest.mark.parametrize(("grace", "kept"), [(20, True), (0, False)])
def test_the_grace_period_lets_a_slow_task_start(
    releases: Releases, grace: int, kept: bool
) -> None:
    web = str(releases.place.region.workspace.root / "web.py")
    late = f"import runpy, sys, time; time.sleep(8); sys.argv = ['web', 'slow']; runpy.run_path({web!r})"
    slow = releases.place.define("psql:1", [late], stopTimeout=2)
    releases.site.service("web", slow, 1, healthCheckGracePeriodSeconds=grace)
    if kept:
        releases.site.wait_healthy(1)
        assert sum("has started 1 tasks" in event for event in releases.events()) == 1
    else:
        releases.wait_event("is unhealthy in (target-group")
        releases.service.update(desiredCount=0)


def test_a_task_without_checks_counts_as_healthy_once_it_has_run_for_a_while(
    place: Scenario,
) -> None:
    service = Service.create(
        place,
        "crashes",
        place.define("shell:1", [PATIENT]),
        1,
        deploymentConfiguration={"deploymentCircuitBreaker": BREAKER},
    )
    (kept,) = service.wait_running(1)
    eventually(
        lambda: service.describe()["deployments"][0]["rolloutState"] == "COMPLETED", "complete"
    )
    service.update(taskDefinition=place.define("shell:1", ["exit 3"]))
    eventually(lambda: "rolling back" in str(service.describe()["events"]), "rolled back")
    told = service.describe()
    assert told["deployments"][0]["taskDefinition"] == place.task(kept)["taskDefinitionArn"]
    assert service.running() >= {kept}
    service.delete()


def test_a_containers_own_health_check_decides_too(place: Scenario) -> None:
    def checked(command: str) -> str:
        check = {"command": ["CMD-SHELL", command], "interval": 5, "timeout": 2, "retries": 2}
        return place.define("shell:1", [PATIENT], healthCheck=check)

    service = Service.create(
        place,
        "checked",
        checked("exit 0"),
        1,
        deploymentConfiguration={"deploymentCircuitBreaker": BREAKER},
    )
    (kept,) = service.wait_running(1)
    eventually(
        lambda: service.describe()["deployments"][0]["rolloutState"] == "COMPLETED", "complete"
    )
    assert place.task(kept)["healthStatus"] == "HEALTHY"
    service.update(taskDefinition=checked("exit 1"))
    eventually(lambda: "rolling back" in str(service.describe()["events"]), "rolled back", 30)
    events = [event["message"] for event in reversed(service.describe()["events"])]
    assert_in_order(events, "failed container health checks.", "deployment failed: tasks failed")
    assert kept in service.running()
    failed = [one for one in service.tasks("STOPPED") if one["healthStatus"] == "UNHEALTHY"]
    assert {one["stoppedReason"] for one in failed} == {"Task failed container health checks"}
    service.delete()


@takes_minutes
@pytest.mark.parametrize("bad", [False, True], ids=["good", "bad"])
def test_a_deployment_goes_on_after_the_daemon_was_killed(
    own_region: TestRegion, bad: bool
) -> None:
    place = Scenario.build(own_region, "killed")
    site = Site.build(place, **SLOW_CHECKS)
    releases = Releases(place, site, "killed", quiet=True)
    good = releases.good("first")
    releases.start(good)
    wanted = releases.never_healthy() if bad else releases.good("second")
    deployment = releases.release(wanted)
    eventually(
        lambda: by_id(releases.service.describe())[deployment]["runningCount"], "one of it runs"
    )
    assert releases.history()[0]["status"] == "IN_PROGRESS"
    own_region.kill_daemon()
    own_region.record = support.start(own_region.workspace)
    assert releases.history()[0]["status"] in ("PENDING", "IN_PROGRESS")
    releases.wait_steady(60)
    site.wait_healthy(2)
    newest, oldest = releases.history()
    assert newest["status"] == ("ROLLBACK_SUCCESSFUL" if bad else "SUCCESSFUL")
    assert oldest["status"] == "SUCCESSFUL"
    assert releases.definition() == (good if bad else wanted)
    assert site.get()["name"] == ("first" if bad else "second")
    assert own_region.inspect()["problems"] == []
