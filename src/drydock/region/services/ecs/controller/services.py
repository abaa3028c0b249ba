"""The controller of services: one key is one service's ARN.

It starts and stops task records, keeps them in their target groups, and writes what it observes
into the service: counts, rollout states, events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from moto.core.utils import utcnow

from drydock.region.services.ecs.controller import service_events
from drydock.region.services.ecs.controller.discovery import Discovery
from drydock.region.services.ecs.controller.registration import Registration
from drydock.region.services.ecs.controller.rollout import Rollout
from drydock.region.services.ecs.controller.service_plan import (
    FAILED_BY_ITSELF,
    Attempt,
    ServicePlan,
    TaskView,
    failures_in_a_row,
    plan,
    start_delay,
)
from drydock.region.services.ecs.controller.task_health import TaskHealth
from drydock.region.services.ecs.operations import checks
from drydock.region.services.ecs.records import Service, Task
from drydock.region.services.kit.controller import DONE, Outcome, Requeue
from drydock.region.services.kit.parts import Parts

_PROVEN = 60.0
"""Seconds of AWS's time after which a task's end is no failed start any more."""


class ServiceController:
    """Keeps each service at its desired count."""

    name = "ecs-service"
    wakes_on = frozenset({"ecs", "elbv2", "servicediscovery"})
    resync = 10.0

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._registration = Registration(parts)
        self._discovery = Discovery(parts)
        self._health = TaskHealth(parts, self._registration)
        self._rollout = Rollout(parts)

    def all_keys(self) -> Iterable[str]:
        with self._store.locked():
            services = self._store.backend("ecs").services.values()
            return [service.arn for service in services if service.status != "INACTIVE"]

    def reconcile(self, key: str) -> Outcome:
        """Run one pass under the lock: it only reads and writes records, and takes milliseconds."""
        with self._store.locked():
            service = self._find(key)
            if service is None or service.status == "INACTIVE":
                return DONE
            tasks = self._store.backend("ecs").tasks_of(service)
            before = _picture(service, tasks)
            self._registration.converge(service, tasks)
            self._discovery.converge(service, tasks)
            due = (
                self._keep(service, tasks)
                if service.status == "ACTIVE"
                else self._drain(service, tasks)
            )
            self._discovery.tidy(service)
            if _picture(service, tasks) != before:
                self._store.changed("ecs")  # tells the others
        return Requeue(min(due)) if due else DONE

    def close(self) -> None:
        """Do nothing: the controller runs nothing of its own."""

    def _find(self, arn: str) -> Service | None:
        services: Iterable[Service] = self._store.backend("ecs").services.values()
        return next((service for service in services if service.arn == arn), None)

    # -- one pass

    def _keep(self, service: Service, tasks: Sequence[Task]) -> list[float]:
        """Do the next step of a service; return delays in seconds after which to look again."""
        views = self._health.views(service, tasks)
        self._report_failed_starts(service, tasks)
        self._rollout.judge(service, tasks)
        steps = _plan(service, views)
        wait = self._wait_before_start(service, tasks) if steps.start else 0.0
        if wait > 0:
            self._report_impaired(service)
        else:
            self._start(service, steps)
        self._stop(service, tasks, steps)
        _write_counts(service, views, steps)
        busy = bool(steps.stop) or steps.start > 0
        again = self._rollout.settle(service, views, busy=busy)
        due = [*self._health.next_look(service, tasks), *([wait] if wait > 0 else [])]
        return due if again is None else [*due, again]

    def _drain(self, service: Service, tasks: Sequence[Task]) -> list[float]:
        """Stop every task of a deleted service, then mark it INACTIVE."""
        views = self._health.views(service, tasks)
        steps = ServicePlan(stop=tuple(view.arn for view in views if view.wanted))
        self._stop(service, tasks, steps)
        _write_counts(service, views, steps)
        if not views:
            service.status = "INACTIVE"
            service.deployments = []
        return []

    def _wait_before_start(self, service: Service, tasks: Sequence[Task]) -> float:
        """Return the seconds until a service whose tasks keep failing may start the next one."""
        primary = service.primary
        mine = sorted(
            (task for task in tasks if task.started_by == primary.id),
            key=lambda task: task.created_at,
            reverse=True,
        )
        failures, last = failures_in_a_row([self._attempt(task) for task in mine])
        if last is None:
            return 0.0
        delay = self._parts.scaled(start_delay(failures, service.desired_count))
        return last + delay - utcnow().timestamp()

    def _attempt(self, task: Task) -> Attempt:
        until = task.stopped_at or utcnow()
        ran = (until - task.started_at).total_seconds() if task.started_at is not None else 0.0
        stopped = task.last_status == "STOPPED" and task.stopped_at is not None
        return Attempt(
            failed=stopped and task.stop_code in FAILED_BY_ITSELF,
            ended=task.stopped_at.timestamp() if stopped and task.stopped_at else None,
            served=ran > self._parts.scaled(_PROVEN),
        )

    # -- doing

    def _start(self, service: Service, steps: ServicePlan) -> None:
        if not steps.start:
            return
        if not checks.is_fargate(
            service.primary.launch_type, service.primary.capacity_provider_strategy
        ):
            words = service_events.NO_INSTANCES.format(name=service.name)
            if not service.events or service.events[0]["message"] != words:
                service.add_event(words)
            return
        ecs = self._store.backend("ecs")
        new = [ecs.create_service_task(service, service.primary) for _ in range(steps.start)]
        replaced = min(len(steps.unhealthy), len(new))
        service.add_event(service_events.started(service.name, [task.id for task in new], replaced))

    def _stop(self, service: Service, tasks: Sequence[Task], steps: ServicePlan) -> None:
        leaving = [task for task in tasks if task.task_arn in steps.stop]
        for task in leaving:
            task.stopped_reason = f"Scaling activity initiated by (deployment {task.started_by})"
            if task.task_arn in steps.unhealthy:
                task.failed_health = True
                task.stopped_reason, event = self._health.why(service, task)
                service.add_event(event)
            task.desired_status, task.stop_code = "STOPPED", "ServiceSchedulerInitiated"
            task.stopping_at = utcnow()
        for event in service_events.stopped(
            service.name,
            [task.id for task in leaving if task.last_status == "RUNNING"],
            [task.id for task in leaving if task.last_status != "RUNNING"],
        ):
            service.add_event(event)

    def _report_failed_starts(self, service: Service, tasks: Sequence[Task]) -> None:
        for task in tasks:
            if task.stop_code == "TaskFailedToStart" and not task.failure_told:
                task.failure_told = True
                service.add_event(service_events.not_placed(service.name, str(task.stopped_reason)))

    def _report_impaired(self, service: Service) -> None:
        if not service.primary.impaired:
            service.primary.impaired = True
            service.add_event(service_events.IMPAIRED.format(name=service.name))


def _plan(service: Service, views: Sequence[TaskView]) -> ServicePlan:
    configuration = service.deployment_configuration
    least = configuration.get("minimumHealthyPercent")
    return plan(
        desired=service.desired_count,
        primary=service.primary.id,
        tasks=views,
        minimum_percent=100 if least is None else int(least),
        maximum_percent=int(configuration.get("maximumPercent") or 200),
        failed=service.primary.rollout_state == "FAILED",
    )


def _write_counts(service: Service, views: Sequence[TaskView], steps: ServicePlan) -> None:
    """Write the counts of running and pending tasks into the service and its deployments."""
    service.running_count = sum(view.running for view in views)
    service.pending_count = sum(view.wanted and not view.running for view in views)
    for deployment in service.deployments:
        mine = [view for view in views if view.deployment == deployment.id]
        deployment.running_count = sum(view.running for view in mine)
        deployment.pending_count = sum(view.wanted and not view.running for view in mine)
        if deployment.status == "PRIMARY":
            deployment.desired_count = service.desired_count
        else:
            wanted = [view for view in mine if view.wanted and view.arn not in steps.stop]
            deployment.desired_count = len(wanted)


def _picture(service: Service, tasks: Iterable[Task]) -> tuple[Any, ...]:
    """Return what the API shows of a service; a difference means that it has changed."""
    deployments = [
        (
            one.id,
            one.status,
            one.desired_count,
            one.running_count,
            one.pending_count,
            one.rollout_state,
            one.failed_tasks,
        )
        for one in service.deployments
    ]
    under_way = service.under_way
    return (
        service.status,
        service.running_count,
        service.pending_count,
        tuple(deployments),
        service.events[0]["id"] if service.events else None,
        (under_way.arn, under_way.status) if under_way else None,
        tuple((task.task_arn, task.desired_status, task.proven_at) for task in tasks),
    )
