"""What a task asks of ECS's agent about itself: its protection from scaling in.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.ecs.exceptions import ECSException

from drydock.region.api.gaps.ecs import protection
from drydock.region.api.gaps.ecs.records import Task
from drydock.region.api.store import Store

PATH = "/task-protection/v1/state"
Json = dict[str, Any]


def answer(
    store: Store, task: Task, body: bytes | None, refusal: Callable[[str], str]
) -> tuple[int, Json]:
    """GET without a body, PUT with one → the status and a document. `refusal`: an action → why the
    task's role may not."""
    if said := refusal("GetTaskProtection" if body is None else "UpdateTaskProtection"):
        return 400, _refused(task, "AccessDeniedException", said)
    asked: Json = {"cluster": task.cluster_name, "tasks": [task.task_arn]}
    if body is None:
        with store.reading():
            found, failures = protection.get(store.backend("ecs"), asked)
        return _told(task, found, failures)
    try:
        given = json.loads(body)
        asked |= {"protectionEnabled": bool(given["ProtectionEnabled"])}
        if "ExpiresInMinutes" in given:
            asked["expiresInMinutes"] = int(given["ExpiresInMinutes"])
    except (ValueError, KeyError, TypeError):
        return 400, _refused(task, "InvalidParameterException", "the body is not understood")
    try:
        with store.writing("ecs"):
            found, failures = protection.update(store.backend("ecs"), asked)
    except ECSException as error:
        return 400, _refused(task, "InvalidParameterException", str(error))
    return _told(task, found, failures)


def _told(task: Task, found: list[Json], failures: list[Json]) -> tuple[int, Json]:
    if failures:
        one = failures[0]
        failure = {"Arn": task.task_arn, "Reason": one["reason"], "Detail": one.get("detail", "")}
        return 200, {"failure": failure}
    shown = {"TaskArn": task.task_arn, "ProtectionEnabled": found[0]["protectionEnabled"]}
    if until := found[0].get("expirationDate"):
        shown["ExpirationDate"] = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    return 200, {"protection": shown}


def _refused(task: Task, code: str, words: str) -> Json:
    return {"error": {"Arn": task.task_arn, "Code": code, "Message": words}}
