"""A task's EBS volume: there while the task runs, a folder in all of its containers, gone or kept after."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

MOUNT = {"sourceVolume": "data", "containerPath": "/var/lib/data"}
ROLE = "arn:aws:iam::123456789012:role/infrastructure"
_families = (f"ebs-{number}" for number in itertools.count(1))


@pytest.fixture
def ec2(scenario: Scenario) -> Any:
    return scenario.region.client("ec2")


def define(scenario: Scenario, *commands: str) -> str:
    """A task of one shell a command, all with the volume."""
    containers = [
        scenario.container(f"c{number}", "shell:1", [command], mountPoints=[MOUNT], stopTimeout=2)
        for number, command in enumerate(commands)
    ]
    family = next(_families)
    scenario.region.client("ecs").register_task_definition(
        family=family,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=scenario.role,
        containerDefinitions=containers,
        volumes=[{"name": "data", "configuredAtLaunch": True}],
    )
    return family


def launch(**more: Any) -> list[dict[str, Any]]:
    return [{"name": "data", "managedEBSVolume": {"sizeInGiB": 2, "roleArn": ROLE, **more}}]


def volumes(ec2: Any, task: str) -> list[dict[str, Any]]:
    """Those that were made for a task."""
    made = [{"Name": "tag:AmazonECSCreated", "Values": [task]}]
    found: list[dict[str, Any]] = ec2.describe_volumes(Filters=made)["Volumes"]
    return found


def test_a_task_gets_a_volume_which_goes_with_it_unless_it_shall_stay(
    scenario: Scenario, ec2: Any
) -> None:
    waits = "while ! test -e /var/lib/data/ready; do sleep 0.05; done; cat /var/lib/data/ready"
    writes = "echo it is here > /var/lib/data/new; mv /var/lib/data/new /var/lib/data/ready"
    family = define(scenario, f"{waits}; exec sleep 600", f"{writes}; exec sleep 600")
    policy = {"deleteOnTermination": False}
    gone = scenario.run(family, volumeConfigurations=launch())
    kept = scenario.run(family, volumeConfigurations=launch(terminationPolicy=policy))
    for task in (gone, kept):
        scenario.wait(task, "RUNNING")
        assert scenario.wait_for_output(task, 1, "c0") == ["it is here"]
        (volume,) = volumes(ec2, task)
        assert volume["State"] == "in-use"
        assert volume["AvailabilityZone"] == scenario.task(task)["availabilityZone"]
        statuses = [one["status"] for one in scenario.task(task)["attachments"]]
        assert statuses == ["ATTACHED", "ATTACHED"]
        scenario.stop(task)
    scenario.wait(gone, "STOPPED")
    scenario.wait(kept, "STOPPED")
    assert volumes(ec2, gone) == []
    (volume,) = volumes(ec2, kept)
    assert volume["State"] == "available"
    ec2.delete_volume(VolumeId=volume["VolumeId"])


def test_each_task_of_a_service_has_a_volume_of_its_own(scenario: Scenario, ec2: Any) -> None:
    family = define(scenario, "echo x >> /var/lib/data/x; cat /var/lib/data/x; exec sleep 600")
    service = Service.create(scenario, "ebs", family, 2, volumeConfigurations=launch())
    first, second = service.wait_running(2)
    ids = [volumes(ec2, task)[0]["VolumeId"] for task in (first, second)]
    assert len(set(ids)) == 2
    for task in (first, second):
        assert scenario.wait_for_output(task, 1, "c0") == ["x"]
    scenario.kill(first)
    scenario.wait(first, "STOPPED")
    assert volumes(ec2, first) == []
    (new,) = eventually(lambda: service.running() - {first, second}, "another one runs") or {""}
    assert scenario.wait_for_output(new, 1, "c0") == ["x"]  # it begins empty
    service.delete()
    assert not [one for task in (second, new) for one in volumes(ec2, task)]


def test_a_volume_that_ec2_refuses_ends_the_task_with_its_words(scenario: Scenario) -> None:
    family = define(scenario, "exec sleep 600")
    task = scenario.run(family, volumeConfigurations=launch(volumeType="io2"))
    stopped = scenario.wait(task, "STOPPED")
    assert stopped["stopCode"] == "TaskFailedToStart"
    assert "create an EBS volume" in stopped["stoppedReason"]
