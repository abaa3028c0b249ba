"""Judge the primary deployment of a service: failed or complete. Called under the store's lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from moto.core.utils import utcnow

from drydock.region.services.ecs.controller.circuit_breaker import Trial, failures, threshold
from drydock.region.services.ecs.controller.service_plan import FAILED_BY_ITSELF, TaskView
from drydock.region.services.ecs.operations.deployments import ALARM, BREAKER
from drydock.region.services.ecs.records import Service, Task
from drydock.region.services.ecs.revisions import ServiceDeployment
from drydock.region.services.kit.parts import Parts

_ALARMS_EVERY = 0.5
"""Seconds between two checks of alarms, which wake no controller."""


class Rollout:
    """Judges deployments by the outcomes of their tasks."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store

    def judge(self, service: Service, tasks: Iterable[Task]) -> bool:
        """Count the failures of the current deployment; end it if there are too many.

        Return whether it has just failed.
        """
        record = service.under_way
        if record is None or service.primary.rollout_state != "IN_PROGRESS":
            return False
        if record.status == "PENDING":
            record.move("IN_PROGRESS")
        breaker = service.deployment_configuration.get("deploymentCircuitBreaker") or {}
        self._count(service, record, breaker, tasks)
        ecs = self._store.backend("ecs")
        if breaker.get("enable") and record.failure_count >= record.threshold:
            record.breaker_status = "TRIGGERED"
            ecs.fail_deployment(service, BREAKER, rollback=bool(breaker.get("rollback")))
            return True
        if record.alarms_status == "MONITORING" and (names := ecs.alarms_in_alarm(service)):
            record.alarms_status, record.triggered_alarms = "TRIGGERED", names
            alarms = service.deployment_configuration.get("alarms") or {}
            ecs.fail_deployment(service, ALARM, rollback=bool(alarms.get("rollback")))
            return True
        return False

    def _count(
        self,
        service: Service,
        record: ServiceDeployment,
        breaker: dict[str, Any],
        tasks: Iterable[Task],
    ) -> None:
        mine = [_trial(task) for task in tasks if task.started_by == service.primary.id]
        record.threshold = threshold(service.desired_count, breaker)
        record.failure_count = failures(
            mine,
            record.watched_from.timestamp(),
            reset=breaker.get("resetOnHealthyTask") is not False,
        )
        service.primary.failed_tasks = record.failure_count

    def settle(self, service: Service, views: Sequence[TaskView], *, busy: bool) -> float | None:
        """Complete the deployment, or report that the service is steady, when that is so.

        `busy`: something was just started or stopped. Return the seconds until the next look, or
        None.
        """
        primary = service.primary
        current = [view for view in views if view.deployment == primary.id]
        alone = len(current) == len(views)
        if alone and not busy and primary.rollout_state != "FAILED":
            service.deployments = [primary]
        good = (
            alone
            and not busy
            and len(current) == service.desired_count
            and all(view.wanted and view.healthy for view in current)
        )
        if not good:
            service.steady = False
            return _ALARMS_EVERY if self._watches_alarms(service) else None
        if primary.rollout_state == "IN_PROGRESS":
            if (left := self._bake(service)) > 0:
                return min(left, _ALARMS_EVERY)
            self._store.backend("ecs").complete_deployment(service)
        if not service.steady and primary.rollout_state == "COMPLETED":
            service.steady = True
            service.add_event(f"(service {service.name}) has reached a steady state.")
        return None

    def _watches_alarms(self, service: Service) -> bool:
        record = service.under_way
        return record is not None and record.alarms_status == "MONITORING"

    def _bake(self, service: Service) -> float:
        """Return the seconds for which alarms are still watched although all tasks are healthy."""
        record = service.under_way
        if record is None or not self._watches_alarms(service):
            return 0.0
        if record.healthy_since is None:
            record.healthy_since = utcnow()
        wanted = self._parts.scaled(self._store.backend("ecs").alarm_bake_time(service))
        return wanted - (utcnow() - record.healthy_since).total_seconds()


def _trial(task: Task) -> Trial:
    failed: datetime | None = None
    if task.failed_health or task.stop_code in FAILED_BY_ITSELF:
        failed = task.stopping_at or task.stopped_at
    return Trial(
        proven=task.proven_at.timestamp() if task.proven_at else None,
        failed=failed.timestamp() if failed else None,
    )
