"""Write statuses, ends and health into a task's record. Each change counts as one of ECS's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from moto.core.utils import utcnow

from drydock.region.api.store import Store
from drydock.region.services.ecs.controller.metadata import docker_id
from drydock.region.services.ecs.records import AGENT, Task

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


class TaskRecords:
    """Writes task records under the store's lock, and only when something changed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def set_status(self, task: Task, status: str) -> None:
        if task.last_status == status:
            return
        with self._store.changing("ecs"):
            task.last_status = status
            task.version += 1

    def started(self, task: Task) -> None:
        """Mark the task as RUNNING: every container was started."""
        with self._store.changing("ecs"):
            task.last_status = "RUNNING"
            task.started_at = utcnow()
            task.version += 1

    def want_stop(self, task: Task, code: str, reason: str, container: str = "") -> None:
        """Note why the task ends, unless a reason is noted already."""
        with self._store.locked():
            if task.desired_status == "STOPPED" and task.stop_code is not None:
                return
            task.desired_status = "STOPPED"
            task.stop_code, task.stopped_reason = code, reason
            task.stopping_at = task.stopping_at or utcnow()
            for record in task.containers:
                if record.name == container:
                    record.reason = reason
            task.version += 1
            self._store.changed("ecs")

    def container_runs(self, task: Task, name: str, digest: str, agent_trouble: str | None) -> None:
        """Mark a container as RUNNING.

        `digest`: its image's, empty if it has none. `agent_trouble`: why ExecuteCommand's agent
        cannot work, empty if it can; None: ExecuteCommand is not enabled.
        """
        with self._store.changing("ecs"):
            for record in task.containers:
                if record.name == name:
                    record.last_status = "RUNNING"
                    record.runtime_id = docker_id(task, name)
                    record.image_digest = digest or None
                    record.managed_agents = _agents(agent_trouble)

    def note_exits(
        self, task: Task, exits: Mapping[str, int], out_of_memory: Collection[str]
    ) -> None:
        """Note containers that ended, with their exit codes; their task may go on."""
        with self._store.locked():
            news = [
                record
                for record in task.containers
                if record.name in exits and record.last_status != "STOPPED"
            ]
            for record in news:
                record.last_status, record.exit_code = "STOPPED", exits[record.name]
                for agent in record.managed_agents or ():
                    agent |= {"lastStatus": "STOPPED", "reason": "Received Container Stopped event"}
                if record.name in out_of_memory:
                    record.reason = OUT_OF_MEMORY
            if news:
                task.version += 1
                self._store.changed("ecs")

    def note_health(self, task: Task, found: Mapping[str, str], health: str) -> None:
        """Note the health of the containers and of the task."""
        with self._store.locked():
            news = [
                one
                for one in task.containers
                if found.get(one.name, "UNKNOWN") != one.health_status
            ]
            for record in news:
                record.health_status = found.get(record.name, "UNKNOWN")
            if news or task.health_status != health:
                task.health_status = health
                task.version += 1
                self._store.changed("ecs")

    def is_registered(self, task: Task) -> bool:
        """Return whether a target group still sends requests to the task or drains it, or Cloud Map
        names it.
        """
        if task.service_name is None or task.address is None:
            return False
        with self._store.locked():
            groups: Iterable[Any] = self._store.backend("elbv2").target_groups.values()
            registries: Iterable[Any] = self._store.backend("servicediscovery").services.values()
            if any(one.instance_id == task.id for each in registries for one in each.instances):
                return True
            return any(
                address == task.address
                for group in groups
                for address, _port in (*group.registered, *group.draining)
            )


def _agents(trouble: str | None) -> list[dict[str, Any]] | None:
    """Return ExecuteCommand's agent, which is the region itself, where it is enabled."""
    if trouble is None:
        return None
    if trouble:
        return [{"name": AGENT, "lastStatus": "STOPPED", "reason": trouble}]
    return [{"name": AGENT, "lastStatus": "RUNNING", "lastStartedAt": utcnow()}]


def emptiest_subnet(task: Task, others: dict[str, Task]) -> str:
    """Return the subnet with the fewest tasks of the group: Fargate spreads them over the zones."""
    configuration = task.network_configuration or {}
    subnets: list[str] = configuration["awsvpcConfiguration"]["subnets"]
    used = Counter(
        attachment.detail("subnetId")
        for other in others.values()
        if other.group == task.group and other.last_status != "STOPPED"
        for attachment in other.attachments
        if attachment.status != "DELETED"
    )
    return min(subnets, key=lambda subnet: (used[subnet], subnets.index(subnet)))
