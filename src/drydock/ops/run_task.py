"""Run a one-off task with a service's network and task definition: run, follow, exit code.

The override is RunTask's (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drydock.aws.clients import Clients
from drydock.aws.failures import translated
from drydock.errors import OpsError, ResourceMissing, TaskFailed, WaitGivenUp, WaitTimedOut
from drydock.ops import logs
from drydock.ops.definitions import container_of
from drydock.ops.services import Service

STARTED_BY = "drydock-run"
START_TIMEOUT = 600.0
"""Seconds from RunTask to RUNNING; on AWS a large image takes minutes."""
STOP_TIMEOUT = 150.0
"""Seconds a task may take to stop once asked; ECS's own stopTimeout is at most 120."""


@dataclass(frozen=True)
class Order:
    """A task to run. `order_for` builds it and makes the decisions; `run` carries it out."""

    request: dict[str, Any]
    """The arguments of RunTask."""
    container: str
    """The container whose command is replaced and whose exit code counts."""
    streams: tuple[logs.Destination, ...]


@dataclass(frozen=True)
class Result:
    """The outcome of a one-off task. `exit_code` is the container's own."""

    arn: str
    exit_code: int
    reason: str


def order_for(
    service: Service,
    task_definition: Mapping[str, Any],
    command: Sequence[str],
    *,
    container: str = "",
    environment: Mapping[str, str] | None = None,
) -> Order:
    """Build the RunTask request. Pure.

    `container` empty: the first essential one. Raises UsageError: the container is not there.
    """
    name = container_of(task_definition, container, service.task_definition)
    override: dict[str, Any] = {"name": name, "command": list(command)}
    if environment:
        pairs = sorted(environment.items())
        override["environment"] = [{"name": key, "value": value} for key, value in pairs]
    request: dict[str, Any] = {
        "cluster": service.cluster,
        "taskDefinition": service.task_definition,
        "count": 1,
        "startedBy": STARTED_BY,
        "overrides": {"containerOverrides": [override]},
    }
    if service.network:
        request["networkConfiguration"] = service.network
    # The API takes a launch type or a strategy, never both.
    if service.capacity_providers:
        request["capacityProviderStrategy"] = list(service.capacity_providers)
    elif service.launch_type:
        request["launchType"] = service.launch_type
    if service.platform_version:
        request["platformVersion"] = service.platform_version
    return Order(request, name, tuple(logs.destinations(task_definition)))


def order_of(
    clients: Clients,
    service: Service,
    command: Sequence[str],
    *,
    container: str = "",
    environment: Mapping[str, str] | None = None,
) -> Order:
    """Call `order_for` with the service's current task definition. Raises OpsError, UsageError."""
    with translated(clients.endpoint):
        answer = clients.ecs.describe_task_definition(taskDefinition=service.task_definition)
    definition = answer["taskDefinition"]
    return order_for(service, definition, command, container=container, environment=environment)


def run(
    clients: Clients,
    order: Order,
    *,
    show: Callable[[logs.Line], None],
    timeout: float,
    tell: Callable[[str], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """Run the task to its end, passing every log line to `show`, the last one included.

    `timeout` is in seconds. The task is stopped when it runs out, and on Ctrl-C (KeyboardInterrupt is
    raised again). Raises TaskFailed: stopped before it started. WaitTimedOut. WaitGivenUp: the region
    reports why the task cannot start. OpsError: refused.
    """
    arn = _start(clients, order)
    tell(f"task {arn}")
    follower = _Follower(clients, order, arn, show)
    try:
        task = _until_stopped(follower, timeout, clock, sleep)
    except WaitGivenUp:
        with contextlib.suppress(OpsError):  # a full disk may make the region refuse this too
            stop(clients, order.request["cluster"], arn, "drydock run: given up")
        raise
    except (KeyboardInterrupt, WaitTimedOut) as error:
        ending = "interrupted" if isinstance(error, KeyboardInterrupt) else "out of time"
        tell(f"{ending}: stopping the task (Ctrl-C leaves that to ECS)")
        stop(clients, order.request["cluster"], arn, f"drydock run: {ending}")
        _until_stopped(follower, STOP_TIMEOUT, clock, sleep)
        raise
    follower.drain(clock, sleep)
    return result_of(task, order.container)


def stop(clients: Clients, cluster: str, arn: str, reason: str) -> None:
    """Ask ECS to stop a task. Raises OpsError."""
    with translated(clients.endpoint):
        clients.ecs.stop_task(cluster=cluster, task=arn, reason=reason)


def result_of(task: Mapping[str, Any], container: str) -> Result:
    """Return the outcome of a STOPPED task (as DescribeTasks returns it). Pure.

    Raises TaskFailed if the container never ran, with the reason that ECS gives.
    """
    arn = task.get("taskArn", "")
    found = [item for item in task.get("containers", []) if item.get("name") == container]
    code = found[0].get("exitCode") if found else None
    reasons = [task.get("stoppedReason", ""), found[0].get("reason", "") if found else ""]
    reason = "; ".join(part for part in dict.fromkeys(reasons) if part)
    if code is None:
        raise TaskFailed(
            f"task {arn.rsplit('/', 1)[-1]} stopped before it started",
            reason or "ECS gives no reason",
            "drydock status shows the service's tasks and what stopped them",
        )
    return Result(arn, code, reason)


def _start(clients: Clients, order: Order) -> str:
    with translated(clients.endpoint):
        answer = clients.ecs.run_task(**order.request)
    if answer["tasks"]:
        return answer["tasks"][0]["taskArn"]
    failures = answer.get("failures", [])
    causes = [
        " ".join(part for part in (item.get("reason", ""), item.get("detail", "")) if part)
        for item in failures
    ]
    raise OpsError("RunTask started nothing", "; ".join(causes) or "ECS gives no reason")


def _until_stopped(
    follower: _Follower,
    timeout: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Mapping[str, Any]:
    start = clock()
    while True:
        task = follower.look()
        if task["lastStatus"] == "STOPPED":
            return task
        if words := follower.in_vain():
            raise WaitGivenUp(f"task {follower.id} stays {task['lastStatus']}", words)
        limit = timeout if follower.started else min(timeout, START_TIMEOUT)
        if clock() - start > limit:
            raise WaitTimedOut(
                f"task {follower.id}",
                f"{task['lastStatus']} after {limit:g} s; it was asked to stop",
                "give it longer with --timeout, or look at: drydock logs",
            )
        sleep(follower.every)


class _Follower:
    """Follows one task's state and log lines."""

    def __init__(
        self, clients: Clients, order: Order, arn: str, show: Callable[[logs.Line], None]
    ) -> None:
        self._clients = clients
        self._cluster = order.request["cluster"]
        self._arn = arn
        self._show = show
        self._readers = [
            logs.StreamReader(clients, one.group, one.stream(arn)) for one in order.streams
        ]
        self.id = arn.rsplit("/", 1)[-1]
        self.every = clients.pace.every
        self.started = False

    def in_vain(self) -> str:
        """Return why the task will not start; empty if no reason is known, or if it has started."""
        return "" if self.started else self._clients.in_vain(self.id)

    def look(self) -> Mapping[str, Any]:
        """Show the task's new lines and return the task. Raises ResourceMissing: ECS forgot the task."""
        with translated(self._clients.endpoint):
            found = self._clients.ecs.describe_tasks(cluster=self._cluster, tasks=[self._arn])
        if not found["tasks"]:
            raise ResourceMissing(f"task {self.id}", "ECS no longer knows it", "drydock status")
        task = found["tasks"][0]
        self.started = self.started or task["lastStatus"] not in {"PROVISIONING", "PENDING"}
        self._show_new()
        return task

    def drain(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        """Go on reading until the log has been quiet for as long as it may lag behind the task."""
        quiet_since = clock()
        while clock() - quiet_since < self._clients.pace.settle:
            if self._show_new():
                quiet_since = clock()
            sleep(self.every)

    def _show_new(self) -> bool:
        lines = [line for reader in self._readers for line in reader.read()]
        for line in sorted(lines, key=lambda line: line.at):
            self._show(line)
        return bool(lines)
