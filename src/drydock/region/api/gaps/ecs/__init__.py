"""ECS: clusters, task definitions, services and tasks."""

from __future__ import annotations

from drydock.region.api.gaps import quickly

quickly.import_ec2()

from moto.ecs.models import ecs_backends  # noqa: E402

from drydock.region.api.gaps import overlay  # noqa: E402
from drydock.region.api.gaps.ecs.backend import EcsBackend  # noqa: E402
from drydock.region.api.gaps.ecs.records import Attachment, Container, Deployment, Service, Task  # noqa: E402

__all__ = ["Attachment", "Container", "Deployment", "EcsBackend", "Service", "Task", "install"]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(ecs_backends, EcsBackend)
