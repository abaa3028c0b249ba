"""The controller of services: one key is one service's ARN.

It starts and stops task records, keeps them in their target groups, and writes what it sees into the
service: counts, rollout states, events in ECS's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from moto.core.utils import utcnow

from drydock.region.api.gaps.ecs.records import Deployment, Service, Task
from drydock.region.controllers.base import DONE, Outcome, Requeue
from drydock.region.controllers.ecs.registration import Registration
from drydock.region.controllers.ecs.service_plan import (
    Attempt,
    ServicePlan,
    TaskView,
    failures_in_a_row,
    plan,
    start_delay,
)
from drydock.region.controllers.parts import Parts

_FAILURES = {"TaskFailedToStart", "EssentialContainerExited"}
_PROVEN = 60.0
"""Seconds of AWS's time after which a task's end is no failed start any more."""


class ServiceController:
    """Keeps each service at its desired count."""

    name = "ecs-service"
    wakes_on = frozenset({"ecs", "elbv2"})
    resync = 10.0

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._registration = Registration(parts)

    def all_keys(self) -> Iterable[str]:
        with self._store.reading():
            services = self._store.backend("ecs").services.values()
            return [service.arn for service in services if service.status != "INACTIVE"]

    def reconcile(self, key: str) -> Outcome:
        """One pass, under the lock: it only reads and writes records, and takes milliseconds."""
        with self._store.reading():
            service = self._find(key)
            if service is None or service.status == "INACTIVE":
                return DONE
            tasks = self._store.backend("ecs").tasks_of(service)
            before = _picture(service)
            registered = self._registration.converge(service, tasks)
            views = [self._view(service, task) for task in tasks if task.last_status != "STOPPED"]
            steps = _plan(service, views)
            active = service.status == "ACTIVE"
            wait = self._wait_before_start(service, tasks, steps) if active else 0.0
            changed = self._carry_out(service, tasks, steps, may_start=wait <= 0) or registered
            self._write_counts(service, views, settled=not changed)
            if changed or _picture(service) != before:
                with self._store.writing("ecs"):
                    pass  # tells the others
        return Requeue(wait) if wait > 0 else self._next_look(service, tasks)

    def close(self) -> None:
        """It runs nothing of its own."""

    # -- reading

    def _find(self, arn: str) -> Service | None:
        services: Iterable[Service] = self._store.backend("ecs").services.values()
        return next((service for service in services if service.arn == arn), None)

    def _view(self, service: Service, task: Task) -> TaskView:
        running = task.last_status == "RUNNING"
        health = self._registration.health(service, task)
        grace = self._parts.scaled(float(service.health_check_grace_period_seconds or 0))
        in_grace = task.started_at is not None and _age(task.started_at) < grace
        return TaskView(
            arn=task.task_arn,
            deployment=str(task.started_by),
            wanted=task.desired_status == "RUNNING",
            running=running,
            healthy=running and health == "healthy",
            failing=running and health == "unhealthy" and not in_grace,
            order=task.created_at.timestamp(),
        )

    def _wait_before_start(
        self, service: Service, tasks: Sequence[Task], steps: ServicePlan
    ) -> float:
        """Seconds until a service whose tasks keep failing may start the next one."""
        primary = service.primary
        mine = sorted(
            (task for task in tasks if task.started_by == primary.id),
            key=lambda task: task.created_at,
            reverse=True,
        )
        failures, last = failures_in_a_row([self._attempt(task) for task in mine])
        primary.failed_tasks = failures
        if not steps.start or last is None:
            return 0.0
        delay = self._parts.scaled(start_delay(failures, service.desired_count))
        return last + delay - utcnow().timestamp()

    def _attempt(self, task: Task) -> Attempt:
        until = task.stopped_at or utcnow()
        ran = (until - task.started_at).total_seconds() if task.started_at is not None else 0.0
        stopped = task.last_status == "STOPPED" and task.stopped_at is not None
        return Attempt(
            failed=stopped and task.stop_code in _FAILURES,
            ended=task.stopped_at.timestamp() if stopped and task.stopped_at else None,
            served=ran > self._parts.scaled(_PROVEN),
        )

    # -- doing

    def _carry_out(
        self, service: Service, tasks: Sequence[Task], steps: ServicePlan, *, may_start: bool
    ) -> bool:
        changed = False
        ecs = self._store.backend("ecs")
        if steps.start and may_start and service.status == "ACTIVE":
            new = [ecs.create_service_task(service, service.primary) for _ in range(steps.start)]
            names = " ".join(f"(task {task.id})" for task in new)
            service.add_event(f"(service {service.name}) has started {len(new)} tasks: {names}.")
            changed = True
        for task in tasks:
            if task.task_arn in steps.stop:
                task.desired_status = "STOPPED"
                task.stop_code = "ServiceSchedulerInitiated"
                task.stopped_reason = _why(
                    service, task, unhealthy=task.task_arn in steps.unhealthy
                )
                task.stopping_at = utcnow()
                changed = True
        if steps.stop:
            names = " ".join(f"(task {arn.split('/')[-1]})" for arn in steps.stop)
            service.add_event(
                f"(service {service.name}) has stopped {len(steps.stop)} running tasks: {names}."
            )
        return changed

    def _write_counts(self, service: Service, views: Sequence[TaskView], *, settled: bool) -> None:
        service.running_count = sum(view.running for view in views)
        service.pending_count = sum(view.wanted and not view.running for view in views)
        for deployment in service.deployments:
            mine = [view for view in views if view.deployment == deployment.id]
            deployment.running_count = sum(view.running for view in mine)
            deployment.pending_count = sum(view.wanted and not view.running for view in mine)
        if service.status == "DRAINING":
            if not views:
                service.status = "INACTIVE"
                service.deployments = []
            return
        primary = service.primary
        others = [view for view in views if view.deployment != primary.id]
        current = [view for view in views if view.deployment == primary.id and view.wanted]
        if others or not settled:
            return
        service.deployments = [primary]
        if len(current) == primary.desired_count and all(view.healthy for view in current):
            self._complete(service, primary)

    def _complete(self, service: Service, primary: Deployment) -> None:
        if primary.rollout_state == "COMPLETED":
            return
        primary.rollout_state = "COMPLETED"
        primary.rollout_state_reason = f"ECS deployment {primary.id} completed."
        primary.updated_at = utcnow()
        service.add_event(
            f"(service {service.name}) (deployment {primary.id}) deployment completed."
        )
        service.add_event(f"(service {service.name}) has reached a steady state.")

    def _next_look(self, service: Service, tasks: Sequence[Task]) -> Outcome:
        """A grace period that ends is no event, so look again then."""
        grace = self._parts.scaled(float(service.health_check_grace_period_seconds or 0))
        left = [
            grace - _age(task.started_at)
            for task in tasks
            if task.last_status == "RUNNING" and task.started_at is not None
        ]
        due = [seconds for seconds in left if seconds > 0]
        return Requeue(min(due) + 0.01) if due else DONE


def _plan(service: Service, views: Sequence[TaskView]) -> ServicePlan:
    if service.status != "ACTIVE":
        return ServicePlan(stop=tuple(view.arn for view in views if view.wanted))
    configuration = service.deployment_configuration
    primary = service.primary
    return plan(
        desired=service.desired_count,
        primary=primary.id,
        tasks=views,
        minimum_percent=int(configuration.get("minimumHealthyPercent") or 0)
        if "minimumHealthyPercent" in configuration
        else 100,
        maximum_percent=int(configuration.get("maximumPercent") or 200),
    )


def _why(service: Service, task: Task, *, unhealthy: bool) -> str:
    if unhealthy:
        groups = ", ".join(str(entry.get("targetGroupArn")) for entry in service.load_balancers)
        return f"Task failed ELB health checks in (target-group {groups})"
    deployment = next((one for one in service.deployments if one.id == task.started_by), None)
    return f"Scaling activity initiated by (deployment {deployment.id if deployment else task.started_by})"


def _age(moment: datetime) -> float:
    return (utcnow() - moment).total_seconds()


def _picture(service: Service) -> tuple[Any, ...]:
    """What clients see of a service; another one means that it has changed."""
    deployments = [
        (one.id, one.running_count, one.pending_count, one.rollout_state, one.failed_tasks)
        for one in service.deployments
    ]
    counts = (service.status, service.running_count, service.pending_count)
    return (*counts, tuple(deployments), len(service.events))
