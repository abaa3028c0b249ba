"""ECS: clusters, task definitions, services and tasks."""

from __future__ import annotations

from moto.ecs.models import ecs_backends

from drydock.region.api.gaps import overlay
from drydock.region.api.gaps.ecs.backend import EcsBackend
from drydock.region.api.gaps.ecs.records import Attachment, Container, Deployment, Service, Task

__all__ = ["Attachment", "Container", "Deployment", "EcsBackend", "Service", "Task", "install"]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(ecs_backends, EcsBackend)
