"""Task scale-in protection, which moto 5.2.5 does not have.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html: neither scaling
in nor a deployment stops a protected task; a failed health check, a user and a deleted service do.
Minutes are the wall clock's, as the expiration date is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from moto.core.utils import utcnow
from moto.ecs.exceptions import InvalidParameterException

from drydock.region.services.ecs.records import Task

if TYPE_CHECKING:
    from drydock.region.services.ecs.operations.backend import EcsBackend

Json = dict[str, Any]
_MINUTES, _MOST_MINUTES, _MOST_TASKS = 120, 2880, 10


def update(ecs: EcsBackend, params: Mapping[str, Any]) -> tuple[list[Json], list[Json]]:
    """Run UpdateTaskProtection; return the protections and failures.

    Raises InvalidParameterException.
    """
    minutes = params.get("expiresInMinutes")
    if minutes is not None and not 1 <= int(minutes) <= _MOST_MINUTES:
        raise InvalidParameterException(
            f"expiresInMinutes must be between 1 and {_MOST_MINUTES} minutes."
        )
    tasks, failures = _tasks(ecs, params)
    ours = [task for task in tasks if task.service_name is not None]
    for task in ours:
        until = utcnow() + timedelta(minutes=int(minutes or _MINUTES))
        task.protected_until = until if params.get("protectionEnabled") else None
    failures += [
        {
            "arn": task.task_arn,
            "reason": "TASK_NOT_VALID",
            "detail": "The task does not belong to a service.",
        }
        for task in tasks
        if task.service_name is None
    ]
    return [_shown(task) for task in ours], failures


def get(ecs: EcsBackend, params: Mapping[str, Any]) -> tuple[list[Json], list[Json]]:
    """Run GetTaskProtection, for all tasks of services if none is named."""
    if not params.get("tasks"):
        cluster = ecs._get_cluster(params["cluster"])
        found = [task for task in ecs.tasks.get(cluster.name, {}).values() if task.service_name]
        return [_shown(task) for task in found if task.last_status != "STOPPED"], []
    tasks, failures = _tasks(ecs, params)
    return [_shown(task) for task in tasks], failures


def _tasks(ecs: EcsBackend, params: Mapping[str, Any]) -> tuple[list[Task], list[Json]]:
    wanted: Sequence[str] = params.get("tasks") or ()
    if len(wanted) > _MOST_TASKS:
        raise InvalidParameterException(f"tasks can have at most {_MOST_TASKS} items.")
    return ecs.describe_tasks_and_failures(params["cluster"], list(wanted))


def _shown(task: Task) -> Json:
    shown: Json = {"taskArn": task.task_arn, "protectionEnabled": task.protected}
    if task.protected:
        shown["expirationDate"] = task.protected_until
    return shown
