"""The revisions of a task definition that a stack leaves behind, so that ECS can roll back to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
