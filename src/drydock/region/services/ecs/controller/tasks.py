"""The controller of tasks: one key is one task's ARN, from PROVISIONING to STOPPED.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html A status
is written only once it has been observed: PENDING once the network interface exists, RUNNING once
every program has been executed, STOPPED once processes and interface are gone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError

from drydock.errors import BalancerFailed, DrydockError
from drydock.region.dataplane import descriptors
from drydock.region.dataplane.runtime.consumption import Usage
from drydock.region.services.ecs.controller.definitions import container_plans
from drydock.region.services.ecs.controller.limits import TaskLimits
from drydock.region.services.ecs.controller.records import (
    OUT_OF_MEMORY,
    TaskRecords,
    emptiest_subnet,
)
from drydock.region.services.ecs.controller.running import RunningTask
from drydock.region.services.ecs.controller.sessions import ExecSessions
from drydock.region.services.ecs.controller.starting import CannotStartError, Prepared, TaskStarter
from drydock.region.services.ecs.records import Task
from drydock.region.services.kit.controller import DONE, Outcome, Requeue
from drydock.region.services.kit.parts import Parts

log = logging.getLogger(__name__)

SOON = Requeue(0.05)
_SHOWN = timedelta(hours=1)
"""How long a stopped task stays listed."""


class TaskController:
    """Makes each task's processes match its record."""

    name = "ecs-task"
    wakes_on = frozenset({"ecs", "ec2", "elbv2", "servicediscovery"})
    resync = 10.0

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._starter = TaskStarter(parts)
        self._records = TaskRecords(parts.store)
        self._limits = TaskLimits(parts)
        self._lock = threading.Lock()
        self._running: dict[str, RunningTask] = {}
        self._admitted: set[str] = set()
        """Tasks that are being started, whose files are not all open yet."""
        self._sessions = ExecSessions(parts, self._starter, self._running.get)
        self.wake: Callable[[str], None] = lambda _key: None
        """Set by the daemon: queue a key again."""

    # -- what other parts may ask

    def pids(self) -> dict[str, list[int]]:
        """Return the host's process ids of each task's running containers, by task ARN."""
        with self._lock:
            return {arn: task.pids() for arn, task in self._running.items()}

    def usage(self) -> dict[str, Usage]:
        """Return the usage of each running task, by its id."""
        return self._limits.usage()

    def drivers(self) -> dict[str, dict[str, str]]:
        """Return the driver of each container, by task ARN and container name.

        "process": of this machine's files. "container": of an image's.
        """
        with self._lock:
            return {arn: task.drivers() for arn, task in self._running.items()}

    @property
    def container_engine(self) -> str:
        """The name of the container engine that provides images; empty: there is none."""
        return self._starter.container_engine

    def limits(self) -> dict[str, object]:
        """Return how memory and CPU limits are enforced."""
        return self._limits.status()

    # -- the controller

    def all_keys(self) -> Iterable[str]:
        with self._store.locked():
            tasks = self._store.backend("ecs").tasks.values()
            wanted = {
                arn
                for ours in tasks
                for arn, task in ours.items()
                if task.last_status != "STOPPED"
                or (task.stopped_at is not None and utcnow() - task.stopped_at > _SHOWN)
            }
        with self._lock:
            return wanted | set(self._running)

    def reconcile(self, key: str) -> Outcome:
        try:
            return self._reconcile(key)
        except (OSError, DrydockError) as error:
            task = self._record(key) if descriptors.exhausted(error) else None
            if task is None or task.last_status not in ("PROVISIONING", "PENDING"):
                raise
            log.warning("no room for a task", extra={"task": task.id, "why": str(error)})
            self._refuse(task, str(error))
            return SOON

    def _reconcile(self, key: str) -> Outcome:
        task = self._record(key)
        if task is None:
            return self._forget(key)
        if task.last_status == "STOPPED":
            return self._prune(task)
        running = self._running.get(key)
        if running is None and task.last_status not in ("PROVISIONING", "DEPROVISIONING"):
            # the region was stopped or killed under it: its processes are gone
            self._records.want_stop(
                task, "ServiceSchedulerInitiated", "Task stopped: the local region ended"
            )
            return self._deprovision(task)
        if task.last_status == "PROVISIONING":
            return self._provision(task)
        if task.last_status == "DEPROVISIONING":
            return self._deprovision(task)
        assert running is not None  # noqa: S101  (for mypy: the statuses above have returned)
        self._note_exits(task, running)
        if running.essential_ended:
            self._records.want_stop(
                task, "EssentialContainerExited", "Essential container in task exited"
            )
        if running.task_out_of_memory and any(running.exits()):
            self._records.want_stop(task, "EssentialContainerExited", OUT_OF_MEMORY)
        if task.desired_status == "STOPPED":
            return self._wind_down(task, running)
        if task.last_status == "PENDING":
            return self._start(task)
        return self._look_after(task, running)

    def close(self) -> None:
        """Stop every task as ECS would: SIGTERM to all at once, then SIGKILL after 5 s."""
        self._sessions.close()
        with self._lock:
            all_running = list(self._running.values())
        containers = [one for task in all_running for one in task.containers.values()]
        for container in containers:
            container.ask_to_stop()
        deadline = time.monotonic() + 5
        for container in containers:
            if container.process.wait(max(0.0, deadline - time.monotonic())) is None:
                container.process.kill()
        for container in containers:
            container.output.ended.wait(2)
        self._starter.close()

    # -- steps

    def _record(self, arn: str) -> Task | None:
        with self._store.locked():
            return self._store.backend("ecs").find_task(arn.split("/")[-2], arn)

    def _forget(self, arn: str) -> Outcome:
        """Kill a task whose record is gone (its cluster was deleted by force)."""
        self._admitted.discard(arn)
        running = self._running.get(arn)
        if running is not None:
            running.kill()
            self._limits.ended(arn.rsplit("/", 1)[-1], running, running.containers)
            with self._lock:
                self._running.pop(arn, None)
        task_id = arn.rsplit("/", 1)[-1]
        self._starter.close_endpoint(task_id)
        self._starter.forget(task_id)
        self._limits.forget(task_id)
        return DONE

    def _prune(self, task: Task) -> Outcome:
        assert task.stopped_at is not None  # noqa: S101  (STOPPED is written together with it)
        left = (task.stopped_at + _SHOWN - utcnow()).total_seconds()
        if left > 0:
            return Requeue(left)
        with self._store.changing("ecs"):
            self._store.backend("ecs").purge_task(task)
        return DONE

    def _provision(self, task: Task) -> Outcome:
        """Make a network interface in one of the task's subnets; PENDING once it really exists."""
        if task.desired_status == "STOPPED":
            return self._deprovision(task)
        if task.eni_id is None and (words := self._no_room(task)):
            self._refuse(task, words)
            return self._deprovision(task)
        if task.eni_id is None and not self._attach_interface(task):
            return self._deprovision(task)
        if task.eni_id not in self._parts.fabric.enis():
            return Requeue(0.25)  # the VPC's controller makes it, which wakes this one
        with self._lock:
            self._running.setdefault(task.task_arn, RunningTask())
        with self._store.changing("ecs"):
            for attachment in task.attachments:
                attachment.status = "ATTACHED"
            task.connectivity, task.connectivity_at = "CONNECTED", utcnow()
            task.last_status = "PENDING"
            task.version += 1
        return self._start(task)

    def _no_room(self, task: Task) -> str:
        """Return why a task cannot be started now; empty: it can, and its files are counted from
        now on.
        """
        with self._lock:
            words = descriptors.shortage(descriptors.OF_A_TASK * (1 + len(self._admitted)))
            if not words:
                self._admitted.add(task.task_arn)
        return words

    def _refuse(self, task: Task, words: str) -> None:
        """End a task for lack of a resource, named as ECS does."""
        reason = f"RESOURCE:FILES: {words}: {descriptors.REMEDY}"
        self._records.want_stop(task, "TaskFailedToStart", reason)

    def _attach_interface(self, task: Task) -> bool:
        """Request the interface; if EC2 refuses, the task ends with ECS's message."""
        with self._store.changing("ecs", "ec2"):
            ecs = self._store.backend("ecs")
            subnet = emptiest_subnet(task, ecs.tasks[task.cluster_name])
            try:
                reason = "Create Network Interface"
                ecs.create_task_eni(task, subnet)
                reason = "create an EBS volume for a task"
                ecs.create_task_volumes(task)
            except EC2ClientError as error:
                refused = error
            else:
                return True
        reason = f"Unexpected EC2 error while attempting to {reason}"
        words = f"{reason} in subnet '{subnet}': {refused.code}: {refused.message}"
        self._records.want_stop(task, "TaskFailedToStart", words)
        return False

    def _start(self, task: Task) -> Outcome:
        """Start the containers that may start; RUNNING once every container was started."""
        running = self._running[task.task_arn]
        if not self._starter.resolves(task):
            return SOON
        try:
            if not running.prepared:
                running.prepared = self._prepare(task, running)
            while names := (steps := running.next_steps(time.monotonic())).start:
                for name in names:
                    self._start_container(task, running, running.prepared[name])
        except CannotStartError as error:
            self._records.want_stop(
                task, "TaskFailedToStart", str(error), container=error.container
            )
            return self._wind_down(task, running)
        if steps.stuck is not None:
            name, words = steps.stuck
            self._records.want_stop(
                task, "TaskFailedToStart", f"Task failed to start: {words}", container=name
            )
            return self._wind_down(task, running)
        if not running.started:
            # an end or a check wakes; a startTimeout and the next check are no events
            checked = self._check_health(task, running)
            due = (steps.look_after, checked, self._connect(task))
            waits = [one for one in due if one is not None]
            return Requeue(max(min(waits), 0.01)) if waits else DONE
        self._records.started(task)
        self._admitted.discard(task.task_arn)
        # one may have ended before it was listed, and its own wake found nothing to see
        return SOON if any(running.exits()) else self._look_after(task, running)

    def _prepare(self, task: Task, running: RunningTask) -> dict[str, Prepared]:
        """Prepare every container before the first is started. Raises CannotStartError."""
        with self._store.changing("ecs"):
            definition = self._store.backend("ecs").describe_task_definition(
                task.task_definition_arn
            )
            plans = container_plans(definition.container_definitions, task.overrides, task.id)
            task.pull_started_at = task.pull_started_at or utcnow()
        self._starter.mount(task, definition.volumes)
        self._starter.open_endpoint(task, running.first_pids)
        self._starter.connect(task, lambda: self.wake(task.task_arn))
        ready = {plan.name: self._starter.prepare(task, plan) for plan in plans}
        if task.enable_execute_command:
            running.agent_trouble = self._starter.agent_trouble(task)
        task.pull_stopped_at = task.pull_stopped_at or utcnow()
        return ready

    def _start_container(self, task: Task, running: RunningTask, ready: Prepared) -> None:
        def wake() -> None:
            self.wake(task.task_arn)

        groups = self._limits.prepare(task, ready.plan)
        container = self._starter.start(task, ready, groups, wake)
        running.add(
            ready.plan,
            container,
            lambda one, argv: self._starter.execute(one, argv, wake),
            self._parts.config.region.time_scale,
            time.monotonic(),
        )
        self._records.container_runs(task, ready.plan.name, ready.digest, running.agent_trouble)
        self._limits.watch(task, running, ready.plan, container)

    def _look_after(self, task: Task, running: RunningTask) -> Outcome:
        """Maintain a running task: its health checks and its Service Connect targets."""
        due = (self._check_health(task, running), self._connect(task))
        waits = [one for one in due if one is not None]
        return Requeue(min(waits)) if waits else DONE

    def _keep_connected(self, task: Task) -> None:
        """Update an ending task's targets; a failure is only logged."""
        try:
            self._connect(task)
        except BalancerFailed as error:
            log.warning("its proxy is not told", extra={"task": task.id, "why": str(error)})

    def _connect(self, task: Task) -> float | None:
        return self._starter.keep_connected(task, lambda: self.wake(task.task_arn))

    def _check_health(self, task: Task, running: RunningTask) -> float | None:
        """Run the checks that are due, note their results; return the seconds until the next one."""
        after = running.check_health(time.monotonic())
        self._records.note_health(task, running.healths(), running.health)
        return after

    def _wind_down(self, task: Task, running: RunningTask) -> Outcome:
        """Drained → SIGTERM → SIGKILL after stopTimeout → every last line stored → interface gone."""
        if running.unfinished:
            self._keep_connected(task)
            serving = not running.essential_ended and not running.ending
            if serving and self._records.is_registered(task):
                self._records.set_status(task, "DEACTIVATING")
                return Requeue(1.0)  # its service deregisters it, which wakes us
            if serving and self._starter.is_called(task):
                return SOON
            self._records.set_status(task, "STOPPING")
            return Requeue(running.end(time.monotonic()))
        self._note_exits(task, running)
        with self._store.locked():
            task.execution_stopped_at = task.execution_stopped_at or utcnow()
        with self._lock:
            self._running.pop(task.task_arn, None)
        return self._deprovision(task)

    def _note_exits(self, task: Task, running: RunningTask) -> None:
        exits = dict(running.exits())
        self._limits.ended(task.id, running, exits)
        self._records.note_exits(task, exits, running.out_of_memory)

    def _deprovision(self, task: Task) -> Outcome:
        """Remove the interface; STOPPED once the network no longer has it."""
        self._admitted.discard(task.task_arn)
        self._starter.close_endpoint(task.id)
        attached = any(attachment.status != "DELETED" for attachment in task.attachments)
        if task.last_status != "DEPROVISIONING" or attached:
            with self._store.changing("ecs", "ec2"):
                task.last_status = "DEPROVISIONING"
                task.connectivity, task.connectivity_at = "DISCONNECTED", utcnow()
                task.version += 1
                self._store.backend("ecs").delete_task_volumes(task)
                self._store.backend("ecs").delete_task_eni(task)
        if task.eni_id in self._parts.fabric.enis():
            return Requeue(1.0)
        self._starter.forget(task.id)
        self._limits.forget(task.id)
        with self._store.changing("ecs"):
            for record in task.containers:
                record.last_status = "STOPPED"
            task.last_status = "STOPPED"
            task.stopped_at = utcnow()
            task.execution_stopped_at = task.execution_stopped_at or task.stopped_at
            task.version += 1
        return DONE
