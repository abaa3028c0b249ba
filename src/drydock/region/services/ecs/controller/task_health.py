"""Judge the tasks of a service: healthy, failing, or not yet known. Under the store's lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from moto.core.utils import utcnow

from drydock.region.services.ecs.controller.definitions import checks_health
from drydock.region.services.ecs.controller.registration import Registration
from drydock.region.services.ecs.controller.service_events import (
    failed_container_checks,
    unhealthy_target,
)
from drydock.region.services.ecs.controller.service_plan import TaskView
from drydock.region.services.ecs.records import Service, Task
from drydock.region.services.kit.parts import Parts

_SETTLED = 10.0
"""Seconds of AWS's time that a task must run to count as healthy where nothing checks it."""
_TO_START = 15.0
"""Seconds of a grace period that are never scaled: a program needs them for real."""


class TaskHealth:
    """Combines the results of target groups and container health checks."""

    def __init__(self, parts: Parts, registration: Registration) -> None:
        self._parts = parts
        self._store = parts.store
        self._registration = registration

    def views(self, service: Service, tasks: Iterable[Task]) -> list[TaskView]:
        """Return the tasks that are not STOPPED, and note in each when it was first healthy."""
        views = []
        for task in tasks:
            if task.last_status == "STOPPED":
                continue
            view = self._view(service, task)
            if view.healthy and task.proven_at is None:
                task.proven_at = utcnow()
            views.append(view)
        return views

    def _view(self, service: Service, task: Task) -> TaskView:
        running = task.last_status == "RUNNING"
        target = self._registration.health(service, task)
        containers = task.health_status if self._checks_containers(task) else None
        if target is None and containers is None:
            healthy = self._age(task) >= self._parts.scaled(_SETTLED)
        else:
            healthy = target in (None, "healthy") and containers in (None, "HEALTHY")
        unhealthy = target == "unhealthy" or containers == "UNHEALTHY"
        return TaskView(
            arn=task.task_arn,
            deployment=str(task.started_by),
            wanted=task.desired_status == "RUNNING",
            running=running,
            healthy=running and healthy,
            failing=running and unhealthy and self._age(task) >= self._grace(service),
            order=task.created_at.timestamp(),
            protected=task.protected,
        )

    def _checks_containers(self, task: Task) -> bool:
        """Return whether some container has a health check, which then decides."""
        definition = self._store.backend("ecs").describe_task_definition(task.task_definition_arn)
        return checks_health(definition.container_definitions)

    def why(self, service: Service, task: Task) -> tuple[str, str]:
        """Return why a failing task is stopped, and ECS's event."""
        found = self._registration.unhealthy_in(service, task)
        if found is None:
            return (
                "Task failed container health checks",
                failed_container_checks(service.name, task.id),
            )
        group, port, words = found
        return (
            f"Task failed ELB health checks in (target-group {group})",
            unhealthy_target(service.name, task.id, port, group, words),
        )

    def next_look(self, service: Service, tasks: Sequence[Task]) -> list[float]:
        """Return delays in seconds until a grace period or protection ends, which no event
        announces.
        """
        waits = {self._grace(service), self._parts.scaled(_SETTLED)}
        left = [
            wait - self._age(task)
            for task in tasks
            if task.last_status == "RUNNING" and task.started_at is not None
            for wait in waits
        ]
        left += [-since(task.protected_until) for task in tasks if task.protected_until is not None]
        return [seconds + 0.01 for seconds in left if seconds > 0]

    def _grace(self, service: Service) -> float:
        given = float(service.health_check_grace_period_seconds or 0)
        return max(self._parts.scaled(given), min(given, _TO_START))

    def _age(self, task: Task) -> float:
        """Return the seconds since the task runs; 0: it does not."""
        return since(task.started_at) if task.started_at is not None else 0.0


def since(moment: datetime) -> float:
    """Return the seconds since a time of moto's clock."""
    return (utcnow() - moment).total_seconds()
