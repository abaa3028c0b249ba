"""Bad releases under load: the circuit breaker and alarms put the last good one back, unnoticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from tests.support.region import TestRegion
from tests.support.releases import BREAKER, Releases, assert_in_order, assert_nothing_failed
from tests.support.scenario import Scenario
from tests.support.waiting import eventually
from tests.support.web import Site, load

pytestmark = pytest.mark.region


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "rollback", "10.53.0.0/16")


@pytest.fixture
def releases(place: Scenario, request: pytest.FixtureRequest) -> Iterator[Releases]:
    site = Site.build(place, **getattr(request, "param", {}))
    found = Releases(place, site, f"rollback-{site.name}")
    yield found
    found.service.delete()
    site.delete()


@pytest.mark.parametrize(
    "bad",
    [Releases.exits, Releases.hangs, Releases.never_healthy, Releases.without_image],
    ids=lambda f: f.__name__,
)
def test_a_bad_release_rolls_back_and_no_request_fails(
    releases: Releases, bad: Callable[[Releases], str]
) -> None:
    good = releases.good("good")
    before = releases.start(good)
    first = releases.service.describe()["deployments"][0]["id"]
    with load(releases.site.url()) as seen:
        eventually(lambda: seen.total > 50, "requests are answered")
        failed = releases.release(bad(releases))
        releases.wait_event("rolling back to deployment")
        told = releases.wait_steady()
        total = seen.total
        eventually(lambda: seen.total > total + 50, "requests are still answered")
    assert_nothing_failed(seen)
    assert set(seen.names) == {"good"}
    assert releases.service.running() == before  # tasks that served all along stay
    assert releases.definition() == good
    assert told["deployments"][0]["id"] == first
    assert_in_order(
        releases.events(),
        f"(deployment {failed}) deployment failed: tasks failed to start.",
        f"rolling back to deployment {first}.",
        f"(deployment {first}) deployment completed.",
        "has reached a steady state.",
    )
    newest, oldest = releases.history()
    assert (newest["status"], oldest["status"]) == ("ROLLBACK_SUCCESSFUL", "SUCCESSFUL")
    assert "circuit breaker threshold was exceeded" in newest["statusReason"]
    assert newest["rollback"]["serviceRevisionArn"] == oldest["targetServiceRevision"]["arn"]
    assert newest["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert newest["deploymentCircuitBreaker"]["threshold"] == 3


def everything(releases: Releases) -> set[str]:
    """All tasks that were ever started."""
    tasks = [*releases.service.tasks("RUNNING"), *releases.service.tasks("STOPPED")]
    return {task["taskArn"] for task in tasks}


def test_without_rollback_a_bad_release_fails_and_what_serves_is_kept(releases: Releases) -> None:
    before = releases.start(releases.good("good"), breaker={"enable": True, "rollback": False})
    bad = releases.exits()
    failed = releases.release(bad)
    with load(releases.site.url()) as seen:
        releases.wait_event(f"(deployment {failed}) deployment failed")
        told = releases.service.describe()
        primary, old = told["deployments"]
        assert (primary["id"], primary["rolloutState"]) == (failed, "FAILED")
        assert primary["rolloutStateReason"] == (
            "ECS deployment circuit breaker: tasks failed to start."
        )
        assert primary["failedTasks"] >= 3
        assert (old["status"], old["desiredCount"], old["runningCount"]) == ("ACTIVE", 2, 2)
        assert releases.history()[0]["status"] == "STOPPED"
        started = everything(releases)
        ecs = releases.place.region.client("ecs")
        with pytest.raises(WaiterError):
            ecs.get_waiter("services_stable").wait(
                cluster=releases.place.cluster,
                services=["web"],
                WaiterConfig={"Delay": 1, "MaxAttempts": 2},
            )
        assert everything(releases) == started, "nothing more is started"
        assert releases.service.running() == before
        releases.release(releases.good("better"))
        releases.wait_steady()
    assert_nothing_failed(seen)
    assert seen.names["better"] > 0


def test_the_first_release_of_a_service_has_nothing_to_roll_back_to(releases: Releases) -> None:
    releases.site.service(
        "web",
        releases.without_image(),
        1,
        deploymentConfiguration={"deploymentCircuitBreaker": BREAKER},
    )
    releases.wait_event("deployment failed: tasks failed to start.")
    (only,) = releases.history()
    assert only["status"] == "ROLLBACK_FAILED"
    assert only["statusReason"] == "No rollback candidate was found to run the rollback."
    assert_in_order(
        releases.events(),
        "was unable to place a task. Reason: CannotPullContainerError",
        "deployment failed",
    )
    releases.release(releases.good("mended"))
    releases.wait_steady()
    assert releases.history()[0]["status"] == "SUCCESSFUL"


@pytest.mark.parametrize("releases", [{"HealthCheckIntervalSeconds": 30}], indirect=True)
def test_a_rollback_is_replaced_by_a_newer_release(releases: Releases) -> None:
    room = {"minimumHealthyPercent": 50, "maximumPercent": 100}
    releases.start(releases.good("good"), configuration=room)
    with load(releases.site.url()) as seen:
        releases.release(releases.exits())
        # one old task made room, so that the rollback has to start one, which takes two checks
        releases.wait_event("rolling back to deployment")
        assert releases.history()[0]["status"] == "ROLLBACK_IN_PROGRESS"
        third = releases.release(releases.good("third"))
        assert len(releases.service.describe()["deployments"]) >= 2
        told = releases.wait_steady()
    assert_nothing_failed(seen)
    assert [one["id"] for one in told["deployments"]] == [third]
    statuses = [one["status"] for one in releases.history()]
    assert statuses == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]
    assert seen.names["third"] > 0


def test_a_task_that_becomes_unhealthy_later_is_replaced_unnoticed(releases: Releases) -> None:
    before = releases.start(releases.good("good"))
    with load(releases.site.url()) as seen:
        sick = releases.site.get("/sick")["address"]
        said = releases.wait_event("is unhealthy in (target-group")
        (victim,) = {arn for arn in before if releases.place.address(arn) == sick}
        gone = releases.place.wait(victim, "STOPPED")
        told = releases.wait_steady()
    assert_nothing_failed(seen)
    assert f"(task {victim.rsplit('/', maxsplit=1)[-1]}) (port 3000)" in said
    assert gone["stoppedReason"].startswith("Task failed ELB health checks in (target-group arn:")
    assert len(releases.service.running() & before) == 1
    assert told["deployments"][0]["rolloutState"] == "COMPLETED"
    assert any(
        "replaced 1 tasks due to an unhealthy status." in event for event in releases.events()
    )


def test_an_alarm_rolls_a_deployment_back(releases: Releases, place: Scenario) -> None:
    alarm = f"{releases.site.name}-errors"
    watch = place.region.client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="Tests",
        MetricName="errors",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",  # so that a state that is set lasts
    )
    watch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="test")
    alarms = {"alarms": {"alarmNames": [alarm], "enable": True, "rollback": True}}
    good = releases.good("good")
    before = releases.start(good)
    releases.service.update(deploymentConfiguration={**alarms, "deploymentCircuitBreaker": BREAKER})
    errs = releases.release(releases.good("errs"))

    def only_new_ones() -> bool:
        told = releases.service.describe()["deployments"]
        assert {one["id"]: one["rolloutState"] for one in told}[errs] == "IN_PROGRESS"
        return len(told) == 1 and told[0]["runningCount"] == 2

    eventually(only_new_ones, "all tasks are new, and the alarm is watched on")
    watch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="test")
    releases.wait_event("deployment failed: alarm detected.")
    releases.wait_steady()
    watch.delete_alarms(AlarmNames=[alarm])
    assert releases.definition() == good
    newest = releases.history()[0]
    assert newest["status"] == "ROLLBACK_SUCCESSFUL"
    assert newest["alarms"]["status"] == "TRIGGERED"
    assert newest["alarms"]["triggeredAlarmNames"] == [alarm]
    assert len(releases.service.running()) == len(before)


def test_a_user_rolls_a_deployment_back(releases: Releases) -> None:
    good = releases.good("good")
    before = releases.start(good)
    releases.release(releases.never_healthy())
    ecs: Any = releases.place.region.client("ecs")
    arn = releases.history()[0]["serviceDeploymentArn"]
    ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    releases.wait_steady()
    assert releases.history()[0]["status"] == "ROLLBACK_SUCCESSFUL"
    assert releases.definition() == good
    assert releases.service.running() == before
    with pytest.raises(ecs.exceptions.ConflictException):
        ecs.stop_service_deployment(serviceDeploymentArn=arn)
