"""Replace moto's ECS backend by the region's."""

from __future__ import annotations

from moto.ecs import urls as their_urls
from moto.ecs.models import Cluster, ecs_backends

from drydock.region.services.ecs import EcsBackend
from drydock.region.services.ecs.operations.responses import EcsResponse
from drydock.region.services.ecs.records import Service, Task
from drydock.region.services.kit import register

RECORDS = {"clusters": (Cluster,), "services": (Service,), "tasks": (Task,)}


def forget_observations(backend: EcsBackend) -> None:
    """Reset what was observed: no task runs any more; controllers clean up and start others."""
    backend.exec_url = ""
    backend.exec_sessions.clear()
    for ours in backend.tasks.values():
        for task in ours.values():
            if task.last_status not in ("STOPPED", "DEPROVISIONING"):
                _lost(task)
    for service in backend.services.values():
        service.running_count = service.pending_count = 0
        for deployment in service.deployments:
            deployment.running_count = deployment.pending_count = 0


def _lost(task: Task) -> None:
    """Mark a task whose processes are gone; its controller removes the interface and writes
    STOPPED.
    """
    task.last_status = "DEPROVISIONING" if task.eni_id else "PROVISIONING"
    for container in task.containers:
        container.last_status = "STOPPED" if task.eni_id else container.last_status
        container.managed_agents = None
    if task.eni_id and task.desired_status == "RUNNING":
        task.desired_status = "STOPPED"
        task.stop_code = "ServiceSchedulerInitiated"
        task.stopped_reason = "Task stopped: the local region ended"


def install() -> None:
    """Make moto build our backend."""
    register.replace(ecs_backends, EcsBackend, their_urls, EcsResponse)
