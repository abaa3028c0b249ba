"""DescribeTasks, which is written without moto's serialiser, shows what the model has."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest

from drydock.region.services.ecs.operations import describing
from drydock.region.services.ecs.records import Attachment, Container, Task
from tests.support.served import Served


def _members(shape: str) -> set[str]:
    model = botocore.session.get_session().get_service_model("ecs")
    found: Any = model.shape_for(shape)
    return set(found.members)


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ("Task", describing._TASK),
        ("Container", describing._CONTAINER),
        ("Attachment", describing._ATTACHMENT),
    ],
)
def test_every_member_that_is_shown_is_the_models(shape: str, names: list[tuple[str, str]]) -> None:
    assert {shown for _, shown in names} <= _members(shape)


def test_every_field_of_the_models_name_is_shown() -> None:
    for record, shape in ((Task, "Task"), (Container, "Container"), (Attachment, "Attachment")):
        held = {describing._camel(one.name) for one in fields(record)}
        names = {"Task": describing._TASK, "Container": describing._CONTAINER}
        shown = {name for _, name in names.get(shape, describing._ATTACHMENT)}
        assert held & _members(shape) == shown


def test_a_task_is_shown_as_run_task_shows_it(served: Served) -> None:
    served.cluster()
    served.task_definition()
    ecs = served.client("ecs")
    tags = [{"key": "a", "value": "b"}]
    ran = ecs.run_task(
        cluster="app",
        taskDefinition="app",
        launchType="FARGATE",
        networkConfiguration=served.network,
        tags=tags,
    )["tasks"][0]
    wanted = {"cluster": "app", "tasks": [ran["taskArn"], "missing"]}
    answer = ecs.describe_tasks(**wanted, include=["TAGS"])
    assert answer["tasks"] == [ran]
    assert answer["failures"][0]["reason"] == "MISSING"
    assert "tags" not in ecs.describe_tasks(**wanted)["tasks"][0]


def test_times_are_seconds_since_1970() -> None:
    assert describing.timestamp(datetime(2026, 1, 2, 3, 4, 5, 678_900, UTC)) == 1767323045.678
    assert describing.timestamp(datetime(2026, 1, 2)) == 1767312000.0  # noqa: DTZ001
    with pytest.raises(TypeError):
        describing.timestamp("2026")
