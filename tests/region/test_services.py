"""Services keep their tasks: after a kill, a change of the count, a bad definition, to the end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.region import TestRegion, is_alive
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

PATIENT = "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done"


@pytest.fixture
def services(scenario: Scenario) -> Any:
    """Makes services and deletes them afterwards."""
    made: list[Service] = []

    def make(name: str, definition: str, count: int, **more: Any) -> Service:
        made.append(Service.create(scenario, name, definition, count, **more))
        return made[-1]

    yield make
    for service in made:
        service.delete()


def test_a_task_that_is_killed_is_replaced(services: Any, scenario: Scenario) -> None:
    service = services("killed", scenario.define("shell:1", [PATIENT]), 2)
    before = service.wait_running(2)
    victim = min(before)
    scenario.kill(victim)
    gone = scenario.wait(victim, "STOPPED")
    after = service.wait_running(2)
    assert gone["containers"][0]["exitCode"] == 137
    assert gone["stopCode"] == "EssentialContainerExited"
    assert len(before & after) == 1
    (new,) = after - before
    replacement = scenario.task(new)
    assert gone["stoppingAt"] <= replacement["createdAt"] <= replacement["startedAt"]
    assert replacement["group"] == "service:killed"
    assert scenario.pids(new) != scenario.pids(victim)


def test_the_count_goes_up_and_down(services: Any, scenario: Scenario) -> None:
    service = services("scaled", scenario.define("shell:1", [PATIENT]), 1)
    first = service.wait_running(1)
    service.update(desiredCount=3)
    three = service.wait_running(3)
    assert first < three
    service.update(desiredCount=1)
    one = service.wait_running(1)
    assert one < three
    stopped = [scenario.wait(arn, "STOPPED") for arn in three - one]
    assert {task["stopCode"] for task in stopped} == {"ServiceSchedulerInitiated"}
    assert all("Scaling activity" in task["stoppedReason"] for task in stopped)
    assert {task["containers"][0]["exitCode"] for task in stopped} == {0}
    service.update(desiredCount=0)
    assert service.wait_running(0) == set()


def test_counts_and_events_say_what_is_so(services: Any, scenario: Scenario) -> None:
    service = services("told", scenario.define("shell:1", [PATIENT]), 2)
    running = service.wait_running(2)
    told = eventually(
        lambda: (
            (one := service.describe())["deployments"][0]["rolloutState"] == "COMPLETED" and one
        ),
        "the deployment is complete",
    )
    assert (told["runningCount"], told["pendingCount"], told["desiredCount"]) == (2, 0, 2)
    messages = [event["message"] for event in told["events"]]
    assert "has reached a steady state" in messages[0]
    assert "has started 2 tasks" in messages[-1]
    assert all(arn.rsplit("/", maxsplit=1)[-1] in messages[-1] for arn in running)


def test_a_task_that_a_user_stops_is_replaced(services: Any, scenario: Scenario) -> None:
    service = services("stopped", scenario.define("shell:1", [PATIENT]), 1)
    (arn,) = service.wait_running(1)
    scenario.stop(arn, "by hand")
    assert scenario.wait(arn, "STOPPED")["stoppedReason"] == "by hand"
    assert arn not in service.wait_running(1)


def test_tasks_that_end_at_once_are_not_restarted_in_a_loop_and_a_mended_definition_works(
    services: Any, scenario: Scenario
) -> None:
    bad = scenario.define("shell:1", ["echo broken; exit 1"])
    service = services("broken", bad, 2)
    # In AWS's time 0, 2, 4, 8 … s lie between pairs of starts, in this region's 0, 0.07, 0.13, 0.27 …
    # A tight loop needs less than a tenth of a second for as many.
    eventually(lambda: service.describe()["deployments"][0]["failedTasks"] >= 10, "ten failures")
    starts = sorted(
        task["createdAt"] for task in service.tasks("STOPPED") + service.tasks("RUNNING")
    )
    assert (starts[-1] - starts[0]).total_seconds() >= 0.3
    failures = service.describe()["deployments"][0]["failedTasks"]
    assert len(starts) <= failures + 3  # every start but the last ones is known to have failed
    good = scenario.define_containers(
        scenario.container("app", "shell:1", [PATIENT]), family=bad.rpartition(":")[0]
    )
    service.update(taskDefinition=good)
    running = service.wait_running(2)
    assert {
        scenario.task(arn)["taskDefinitionArn"].rsplit("/", maxsplit=1)[-1] for arn in running
    } == {good}
    eventually(lambda: len(service.describe()["deployments"]) == 1, "one deployment is left")


def test_a_service_whose_image_is_unknown_says_so_and_can_be_mended(
    services: Any, scenario: Scenario
) -> None:
    service = services("unknown", scenario.define("nobody:1", ["x"]), 1)
    failed = eventually(lambda: service.tasks("STOPPED"), "a task that failed")
    assert "CannotPullContainerError" in failed[0]["stoppedReason"]
    service.update(taskDefinition=scenario.define("shell:1", [PATIENT]))
    service.wait_running(1)


def test_delete_takes_everything_along(scenario: Scenario, region: TestRegion) -> None:
    place = Scenario.build(region, "deleted", "10.41.0.0/16")
    service = Service.create(place, "web", place.define("shell:1", [PATIENT]), 2)
    running = service.wait_running(2)
    pids = {pid for arn in running for pid in place.pids(arn)}
    ecs, ec2 = region.client("ecs"), region.client("ec2")
    with pytest.raises(ecs.exceptions.InvalidParameterException, match="scaled above 0"):
        ecs.delete_service(cluster=place.cluster, service="web")
    with pytest.raises(ecs.exceptions.ClusterContainsServicesException):
        ecs.delete_cluster(cluster=place.cluster)
    assert ecs.delete_service(cluster=place.cluster, service="web", force=True)["service"][
        "status"
    ] in ("DRAINING", "INACTIVE")
    eventually(lambda: service.describe()["status"] == "INACTIVE", "the service is INACTIVE")
    assert {place.wait(arn, "STOPPED")["stopCode"] for arn in running} == {
        "ServiceSchedulerInitiated"
    }
    eventually(lambda: not any(map(is_alive, pids)), "no process is left")
    interfaces = ec2.describe_network_interfaces(
        Filters=[{"Name": "vpc-id", "Values": [place.vpc]}]
    )["NetworkInterfaces"]
    assert interfaces == []
    assert service.describe()["runningCount"] == 0
    assert ecs.list_services(cluster=place.cluster)["serviceArns"] == []
    assert ecs.delete_cluster(cluster=place.cluster)["cluster"]["status"] == "INACTIVE"
    again = region.client("ecs").create_cluster(clusterName=place.cluster)["cluster"]
    assert again["status"] == "ACTIVE"
    Service.create(place, "web", place.define("shell:1", [PATIENT]), 1).wait_running(1)
    Service(place, "web").delete()


def test_a_service_for_instances_waits_for_one(scenario: Scenario, region: TestRegion) -> None:
    """Neither launch type nor strategy: ECS takes EC2, and nothing runs."""
    ecs = region.client("ecs")
    given = {"cluster": scenario.cluster, "taskDefinition": scenario.define("shell:1", ["true"])}
    service = ecs.create_service(
        serviceName="ec2", desiredCount=1, networkConfiguration=scenario.network, **given
    )["service"]
    assert service["launchType"] == "EC2"
    told = eventually(
        lambda: ecs.describe_services(cluster=scenario.cluster, services=["ec2"])["services"][0][
            "events"
        ],
        "an event says that there is no instance",
    )
    assert "No Container Instances were found in your cluster" in (told or [{}])[0]["message"]
    assert ecs.list_tasks(cluster=scenario.cluster, serviceName="ec2")["taskArns"] == []
    ecs.delete_service(cluster=scenario.cluster, service="ec2", force=True)
