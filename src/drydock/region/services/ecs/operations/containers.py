"""Validate the containers of RegisterTaskDefinition. moto 5.2.5 accepts anything.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html. Messages are
ECS's where they are known from its users' reports; the others name the rule of that page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from moto.ecs.exceptions import EcsClientException

Json = Mapping[str, Any]

_CONDITIONS = ("START", "COMPLETE", "SUCCESS", "HEALTHY")
_HEALTH_RANGES = {
    "interval": (5, 300),
    "timeout": (2, 60),
    "retries": (1, 10),
    "startPeriod": (0, 300),
}
_TIMEOUTS = {"startTimeout": (2, 120), "stopTimeout": (1, 120)}
"""Seconds, on Fargate."""


def check(containers: Sequence[Json], volumes: Sequence[Json], task_memory: int | None) -> None:
    """Raise ClientException for the first rule that is broken. `task_memory` in MiB."""
    names = [str(one.get("name")) for one in containers]
    for name in names:
        if names.count(name) > 1:
            raise EcsClientException(f"Container.name contains duplicate container name: {name}.")
    if not any(one.get("essential", True) for one in containers):
        raise EcsClientException("At least one container must be marked as essential.")
    by_name = {str(one["name"]): one for one in containers}
    for one in containers:
        _dependencies(one, by_name)
        _health_check(one)
        _mounts(one, by_name, {str(volume.get("name")) for volume in volumes})
        _files(one)
        for key, (low, high) in _TIMEOUTS.items():
            _in_range(one, key, low, high, f"container '{one['name']}'")
    if cycle := find_cycle({name: _depends_on(one) for name, one in by_name.items()}):
        raise EcsClientException(
            f"Container dependencies should not have a cycle: {' -> '.join(cycle)}."
        )
    _memory(containers, task_memory)


def find_cycle(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the first cycle of a graph (name → names that it needs), its first name again at its
    end.
    """
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        done.add(name)
        for other in edges.get(name, ()):
            if found := visit(other, [*path, name]):
                return found
        return []

    return next((found for name in edges if (found := visit(name, []))), [])


def _depends_on(container: Json) -> list[str]:
    return [str(one["containerName"]) for one in container.get("dependsOn") or ()]


def _dependencies(container: Json, by_name: Mapping[str, Json]) -> None:
    for one in container.get("dependsOn") or ():
        name, condition = str(one.get("containerName")), one.get("condition")
        if condition not in _CONDITIONS:
            raise EcsClientException(
                f"Container dependency condition should be one of [{', '.join(_CONDITIONS)}]."
            )
        if name not in by_name:
            raise EcsClientException(
                f"Cannot depend on container + '{name}' because it does not exist"
            )
        other = by_name[name]
        if condition in ("SUCCESS", "COMPLETE") and other.get("essential", True):
            raise EcsClientException(
                "A dependency container with SUCCESS or COMPLETE condition cannot be an essential "
                "container"
            )
        if condition == "HEALTHY" and not (other.get("healthCheck") or {}).get("command"):
            raise EcsClientException(
                f"A container with HEALTHY condition must have a health check: '{name}' has none."
            )


def _health_check(container: Json) -> None:
    check = container.get("healthCheck")
    if not check:
        return
    command = check.get("command") or []
    if not command or command[0] not in ("CMD", "CMD-SHELL", "NONE"):
        raise EcsClientException(
            f"Health check command of container '{container['name']}' must start with CMD or "
            "CMD-SHELL."
        )
    for key, (low, high) in _HEALTH_RANGES.items():
        _in_range(check, key, low, high, f"health check of container '{container['name']}'")


def _in_range(given: Json, key: str, low: int, high: int, what: str) -> None:
    if given.get(key) is not None and not low <= int(given[key]) <= high:
        raise EcsClientException(
            f"Invalid '{key}' setting for {what}: it must be between {low} and {high}."
        )


def _mounts(container: Json, by_name: Mapping[str, Json], volumes: set[str]) -> None:
    for one in container.get("mountPoints") or ():
        if one.get("sourceVolume") not in volumes:
            raise EcsClientException(f"Unknown volume '{one.get('sourceVolume')}'.")
        if not str(one.get("containerPath") or "").startswith("/"):
            raise EcsClientException(
                f"Invalid containerPath '{one.get('containerPath')}' of container "
                f"'{container['name']}': it must be an absolute path."
            )
    for one in container.get("volumesFrom") or ():
        if one.get("sourceContainer") not in by_name:
            raise EcsClientException(
                f"Unknown container '{one.get('sourceContainer')}' in volumesFrom of container "
                f"'{container['name']}'."
            )


def _files(container: Json) -> None:
    for one in container.get("environmentFiles") or ():
        if one.get("type") != "s3" or not str(one.get("value")).startswith("arn:aws"):
            raise EcsClientException(
                "Invalid 'environmentFiles' setting: the value must be the ARN of an S3 object and "
                "the type s3."
            )
        if not str(one["value"]).endswith(".env"):
            raise EcsClientException("Environment file must have a .env file extension.")


def _memory(containers: Sequence[Json], task_memory: int | None) -> None:
    for one in containers:
        hard, soft = one.get("memory"), one.get("memoryReservation")
        if hard is not None and soft is not None and int(hard) < int(soft):
            raise EcsClientException(
                f"Invalid setting for container '{one['name']}'. 'memoryReservation' must not be "
                "larger than 'memory'."
            )
        if hard is not None and task_memory is not None and int(hard) > task_memory:
            raise EcsClientException(
                f"Invalid setting for container '{one['name']}'. Its 'memory' of {hard} MiB is larger "
                f"than the task's of {task_memory} MiB."
            )
