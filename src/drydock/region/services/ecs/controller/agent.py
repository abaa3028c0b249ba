"""The ECS agent's endpoint for a task's own scale-in protection.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.ecs.exceptions import ECSException

from drydock.region.api.store import Store
from drydock.region.services.ecs.operations import protection
from drydock.region.services.ecs.records import Task

PATH = "/task-protection/v1/state"
Json = dict[str, Any]


def answer(
    store: Store, task: Task, body: bytes | None, refusal: Callable[[str], str]
) -> tuple[int, Json]:
    """Answer a GET (no body) or a PUT (with one); return the HTTP status and a document.

    `refusal` returns, for an action, why the task's role may not do it.
    """
    if said := refusal("GetTaskProtection" if body is None else "UpdateTaskProtection"):
        return 400, _refused(task, "AccessDeniedException", said)
    asked: Json = {"cluster": task.cluster_name, "tasks": [task.task_arn]}
    if body is None:
        with store.locked():
            found, failures = protection.get(store.backend("ecs"), asked)
        return _answer(task, found, failures)
    try:
        given = json.loads(body)
        asked |= {"protectionEnabled": bool(given["ProtectionEnabled"])}
        if "ExpiresInMinutes" in given:
            asked["expiresInMinutes"] = int(given["ExpiresInMinutes"])
    except (ValueError, KeyError, TypeError):
        return 400, _refused(task, "InvalidParameterException", "the body is not understood")
    try:
        with store.changing("ecs"):
            found, failures = protection.update(store.backend("ecs"), asked)
    except ECSException as error:
        return 400, _refused(task, "InvalidParameterException", str(error))
    return _answer(task, found, failures)


def _answer(task: Task, found: list[Json], failures: list[Json]) -> tuple[int, Json]:
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
