"""ECS: clusters, task definitions, services and tasks."""

from __future__ import annotations

from drydock.region.api import fast_import

fast_import.import_ec2()

from drydock.region.services.ecs.operations.backend import EcsBackend  # noqa: E402
from drydock.region.services.ecs.records import Attachment, Container, Deployment, Service, Task  # noqa: E402

__all__ = ["Attachment", "Container", "Deployment", "EcsBackend", "Service", "Task"]
