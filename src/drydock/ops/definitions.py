"""Task definitions: choose a container of one, deregister the revisions that a stack leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drydock.aws.clients import Clients
from drydock.aws.failures import translated
from drydock.errors import UsageError


def family_of(outputs: Mapping[str, Any]) -> str:
    """Return the family of the task definition in a stack's outputs; empty if there is none."""
    arn = outputs.get("task_definition")
    if not isinstance(arn, str) or ":task-definition/" not in arn:
        return ""
    return arn.rpartition("/")[2].partition(":")[0]


def deregister(clients: Clients, family: str) -> int:
    """Deregister every active revision of a family; return their number. Raises OpsError."""
    with translated(clients.endpoint):
        pages = clients.ecs.get_paginator("list_task_definitions").paginate(
            familyPrefix=family, status="ACTIVE"
        )
        arns = [arn for page in pages for arn in page["taskDefinitionArns"]]
        for arn in arns:
            clients.ecs.deregister_task_definition(taskDefinition=arn)
    return len(arns)


def container_of(definition: Mapping[str, Any], wanted: str, called: str) -> str:
    """Return the name of the container `wanted`; if that is empty, the first essential one. Pure.

    `called` names the task definition in errors. Raises UsageError: it has no such container.
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
