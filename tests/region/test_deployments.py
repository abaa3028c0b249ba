"""A service behind a load balancer changes under load: no client sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually
from tests.support.web import Load, Site, load

pytestmark = pytest.mark.region


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "rolling", "10.50.0.0/16")


@pytest.fixture
def site(place: Scenario) -> Iterator[Site]:
    site = Site.build(place)
    yield site
    Service(place, "web").delete()
    site.delete()


def web(place: Scenario, family: str, name: str) -> str:
    return place.define_containers(place.container("app", "web:1", [name]), family=family)


def no_fewer_than(service: Service, least: int, healthy: Callable[[], int]) -> Callable[[], bool]:
    """A look at a service that fails when too few tasks run or too few targets are healthy."""

    def look() -> bool:
        told = service.describe()
        assert told["runningCount"] >= least
        assert healthy() >= least
        return (
            len(told["deployments"]) == 1 and told["deployments"][0]["rolloutState"] == "COMPLETED"
        )

    return look


def assert_nothing_failed(seen: Load) -> None:
    assert seen.errors == []
    assert set(seen.answers) == {200}


def test_a_new_revision_replaces_the_tasks_unnoticed(place: Scenario, site: Site) -> None:
    first = web(place, "unnoticed", "first")
    service = Service(place, site.service("web", first, 2))
    before = service.wait_running(2)
    site.wait_healthy(2)

    def healthy() -> int:
        return sum(one["State"] == "healthy" for one in site.health().values())

    with load(site.url()) as seen:
        eventually(lambda: seen.names["first"] > 50, "requests are answered")
        service.update(taskDefinition=web(place, "unnoticed", "second"))
        eventually(no_fewer_than(service, 2, healthy), "the deployment is complete", 60)
        after = service.wait_running(2)
        site.wait_healthy(2)
        answered = seen.names["second"]
        eventually(lambda: seen.names["second"] > answered + 50, "the new tasks answer")
    assert_nothing_failed(seen)
    assert seen.total > 300
    assert not before & after
    stopped = [place.wait(arn, "STOPPED") for arn in before]
    assert {task["containers"][0]["exitCode"] for task in stopped} == {0}
    assert all("bye" in place.output(arn) for arn in before)


@takes_minutes
def test_a_revision_that_never_gets_healthy_leaves_the_old_tasks_serving(
    place: Scenario, site: Site
) -> None:
    service = Service(place, site.service("web", web(place, "sick", "good"), 2))
    before = service.wait_running(2)
    site.wait_healthy(2)
    with load(site.url()) as seen:
        bad = place.define_containers(
            place.container(
                "app", "web:1", ["bad"], environment=[{"name": "UNHEALTHY", "value": "yes"}]
            ),
            family="sick",
        )
        service.update(taskDefinition=bad)
        eventually(
            lambda: [
                task
                for task in service.tasks("STOPPED")
                # a service of this name had tasks in other groups before
                if f"failed ELB health checks in (target-group {site.group})"
                in task["stoppedReason"]
            ],
            "a new task is stopped for its health",
            30,
        )
        assert before <= service.running()
        assert len(service.describe()["deployments"]) == 2
        service.update(taskDefinition=web(place, "sick", "better"))
        eventually(lambda: len(service.describe()["deployments"]) == 1, "one deployment", 60)
    assert_nothing_failed(seen)
    assert seen.names["bad"] == 0
    assert seen.names["better"] > 0


def test_a_task_that_is_killed_costs_no_more_than_what_it_was_answering(
    place: Scenario, site: Site
) -> None:
    service = Service(place, site.service("web", web(place, "killed", "web"), 3))
    running = service.wait_running(3)
    site.wait_healthy(3)
    with load(site.url()) as seen:
        eventually(lambda: seen.total > 50, "requests are answered")
        place.kill(min(running))
        service.wait_running(3)
        site.wait_healthy(3)
        total = seen.total
        eventually(lambda: seen.total > total + 50, "requests are still answered")
    # on a kept connection HAProxy hangs up instead of answering 502: a client may ask again then
    assert {error.partition("(")[0] for error in seen.errors} <= {"RemoteDisconnected"}
    assert set(seen.answers) <= {200, 502, 504}
    assert len(seen.errors) + seen.answers[502] + seen.answers[504] <= 20
    assert seen.answers[200] > 100


def test_scaling_in_drains_first(place: Scenario, site: Site) -> None:
    service = Service(place, site.service("web", web(place, "drained", "web"), 3))
    three = service.wait_running(3)
    site.wait_healthy(3)
    with load(site.url()) as seen:
        eventually(lambda: seen.total > 50, "requests are answered")
        service.update(desiredCount=1)
        one = service.wait_running(1)
        gone = [place.wait(arn, "STOPPED") for arn in three - one]
        eventually(lambda: len(site.health()) == 1, "the others are deregistered")
        total = seen.total
        eventually(lambda: seen.total > total + 50, "requests are still answered")
    assert_nothing_failed(seen)
    for task in gone:
        # 30 s of deregistration delay are 1 s here
        assert (task["executionStoppedAt"] - task["stoppingAt"]).total_seconds() >= 0.9


def test_a_service_without_requests_waits_for_health_before_it_is_complete(
    place: Scenario, site: Site
) -> None:
    service = Service(place, site.service("web", web(place, "waits", "web"), 1))

    def state() -> str:
        return str(service.describe()["deployments"][0]["rolloutState"])

    while state() != "COMPLETED":
        assert len([h for h in site.health().values() if h["State"] == "healthy"]) <= 1
    assert [one["State"] for one in site.health().values()] == ["healthy"]
