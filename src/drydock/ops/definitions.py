"""Task definitions: a container of one, and the revisions that a stack leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drydock.errors import UsageError
from drydock.ops.clients import Clients
from drydock.ops.failures import translated


def family_of(outputs: Mapping[str, Any]) -> str:
    """The family of the task definition that a stack's outputs name; empty: they name none."""
    arn = outputs.get("task_definition")
    if not isinstance(arn, str) or ":task-definition/" not in arn:
        return ""
    return arn.rpartition("/")[2].partition(":")[0]


def deregister(clients: Clients, family: str) -> int:
    """Deregister every revision of a family that is still active → their number. Raises OpsError."""
    with translated(clients.endpoint):
        pages = clients.ecs.get_paginator("list_task_definitions").paginate(
            familyPrefix=family, status="ACTIVE"
        )
        arns = [arn for page in pages for arn in page["taskDefinitionArns"]]
        for arn in arns:
            clients.ecs.deregister_task_definition(taskDefinition=arn)
    return len(arns)


def container_of(definition: Mapping[str, Any], wanted: str, called: str) -> str:
    """The name of the container that is wanted; empty: the first essential one. Pure.

    `called` is what the task definition is called. Raises UsageError: the container is not there.
    """
    containers = definition.get("containerDefinitions", [])
    names = [one["name"] for one in containers]
    essential = [one["name"] for one in containers if one.get("essential", True)]
    name: str = wanted or next(iter(essential or names), "")
    if name not in names:
        raise UsageError(
            f"container {name or '(none)'}",
            f"task definition {called} has {', '.join(names) or 'no containers'}",
            "name one of them with --container",
        )
    return name
