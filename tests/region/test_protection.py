"""A protected task is left alone by scaling in and by deployments, until it lets go itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

_NUMBERS = itertools.count()
WORKER = """
import json, os, time, urllib.request
def state(body=None):
    url = os.environ["ECS_AGENT_URI"] + "/task-protection/v1/state"
    method = "PUT" if body else "GET"
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(url, data=data, method=method)) as answer:
        return json.load(answer)["protection"]
print(state()["ProtectionEnabled"], flush=True)
print(state({"ProtectionEnabled": True, "ExpiresInMinutes": 5})["ProtectionEnabled"], flush=True)
time.sleep(1000)
"""


@pytest.fixture
def place(region: TestRegion) -> Iterator[Scenario]:
    number = next(_NUMBERS)
    found = Scenario.build(region, f"protected-{number}", f"10.{74 + number}.0.0/16")
    yield found
    ecs = region.client("ecs")
    ecs.delete_service(cluster=found.cluster, service="jobs", force=True)


@takes_minutes
def test_scaling_in_and_a_deployment_pass_it_by(place: Scenario) -> None:
    ecs: Any = place.region.client("ecs")
    service = Service.create(place, "jobs", place.define("shell:1", ["exec sleep 1000"]), 2)
    service.wait_running(2)
    newest = max(service.tasks(), key=lambda task: task["createdAt"])["taskArn"]

    def protect(arn: str, *, on: bool) -> None:
        answer = ecs.update_task_protection(
            cluster=place.cluster, tasks=[arn], protectionEnabled=on
        )
        assert answer["failures"] == []

    protect(newest, on=True)
    service.update(desiredCount=1)
    assert service.wait_running(1) == {newest}

    # its successor runs beside it until it is protected no more
    service.update(forceNewDeployment=True)
    eventually(lambda: len(service.running()) == 2, "the new task runs beside the old one")
    eventually(
        lambda: next(
            one["runningCount"] == 1
            for one in service.describe()["deployments"]
            if one["status"] == "PRIMARY"
        ),
        "the new deployment has its task",
    )
    told = place.task(newest)
    assert (told["lastStatus"], told["desiredStatus"]) == ("RUNNING", "RUNNING")
    protect(newest, on=False)
    place.wait(newest, "STOPPED")
    assert newest not in service.wait_running(1)


def test_a_task_protects_itself_by_its_agent(place: Scenario) -> None:
    ecs: Any = place.region.client("ecs")
    service = Service.create(place, "jobs", place.define("psql:1", [WORKER]), 1)
    (arn,) = service.wait_running(1)
    assert place.wait_for_output(arn, 2) == ["False", "True"]
    (found,) = ecs.get_task_protection(cluster=place.cluster, tasks=[arn])["protectedTasks"]
    assert found["protectionEnabled"]
    service.update(desiredCount=0)
    eventually(lambda: service.describe()["desiredCount"] == 0, "nothing is wanted")
    assert service.running() == {arn}
