"""A stopped task stays listed for an hour, then its record goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from moto.core.utils import utcnow

from drydock.config import Config, RegionConfig
from drydock.region.dataplane.runtime.cgroups.groups import Groups
from drydock.region.services.ecs.controller.tasks import TaskController
from drydock.region.services.kit.controller import DONE, Requeue
from tests.support.served import Served, serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "region.log") as one:
        yield one


def controller(served: Served, folder: Path) -> TaskController:
    parts: Any = SimpleNamespace(
        store=served.store,
        config=Config(folder=folder, region=RegionConfig(container_engine="none")),
        workspace=SimpleNamespace(folder=folder, region=folder, private=folder / "private"),
        porter=SimpleNamespace(engine=None),
        spawner=None,
        pump=None,
        groups=Groups((), {}),
    )
    return TaskController(parts)


def test_a_stopped_task_is_kept_for_an_hour(served: Served, tmp_path: Path) -> None:
    served.cluster()
    served.task_definition()
    ecs = served.client("ecs")
    arn = ecs.run_task(
        cluster="app",
        taskDefinition="app",
        launchType="FARGATE",
        networkConfiguration=served.network,
    )["tasks"][0]["taskArn"]
    tasks = controller(served, tmp_path)

    def stopped(minutes: float) -> None:
        with served.store.changing("ecs"):
            (record,) = served.store.backend("ecs").tasks["app"].values()
            record.last_status = record.desired_status = "STOPPED"
            record.stopped_at = utcnow() - timedelta(minutes=minutes)

    def listed() -> list[str]:
        found: list[str] = ecs.list_tasks(cluster="app", desiredStatus="STOPPED")["taskArns"]
        return found

    stopped(59)
    assert arn not in tasks.all_keys()  # nothing to do for it yet
    outcome = tasks.reconcile(arn)
    assert isinstance(outcome, Requeue)
    assert 50 < outcome.after <= 60
    assert listed() == [arn]
    stopped(61)
    assert arn in tasks.all_keys()
    assert tasks.reconcile(arn) == DONE
    assert listed() == []
