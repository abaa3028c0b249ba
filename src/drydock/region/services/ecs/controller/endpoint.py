"""The endpoint at 169.254.170.2 of each task: its metadata and its role's credentials.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html The socket accepts
only what comes over the link of the task's interface; no other task can reach it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import uuid4

from drydock.region.addresses import TASK_ENDPOINT
from drydock.region.dataplane.runtime import consumption
from drydock.region.dataplane.runtime.local_server import LocalServer
from drydock.region.iam.tasks import RoleSession
from drydock.region.services.ecs.controller import agent, metadata
from drydock.region.services.ecs.controller.permissions import Permissions
from drydock.region.services.ecs.records import Task
from drydock.region.services.kit.parts import Parts

_PORT = 80
_MIB = 1024 * 1024

Pids = Callable[[], Mapping[str, int]]
"""The first process of each container that runs, by the container's name."""


class TaskEndpoints:
    """Serves the endpoints of all tasks. Thread-safe."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._permissions = Permissions(parts.store, enforced=parts.config.region.enforce_iam)
        self._server = LocalServer()
        self._lock = threading.Lock()
        self._open: dict[str, str] = {}
        """Task's id → the path of its credentials; empty without a role."""

    def open(self, task: Task, role: str, pids: Pids) -> None:
        """Answer in the task's namespace from now on; idempotent. Raises NetworkFailed.

        `role`: the ARN of the task role, or empty.
        """
        with self._lock:
            if task.id in self._open:
                return
        path = f"/v2/credentials/{uuid4()}" if role else ""
        listening = self._parts.fabric.listen_for(str(task.eni_id), _PORT)

        def answer(asked: str, sent: bytes | None) -> tuple[int, Any]:
            if asked.startswith("/api/") and asked.endswith(agent.PATH):
                may_not = partial(self._permissions.protection_refusal, task)
                return agent.answer(self._store, task, sent, may_not)
            if sent is not None:
                return 405, "Method Not Allowed"
            if asked.startswith("/v2/credentials"):
                if not path or asked != path:
                    return 400, metadata.credentials_missing()
                return 200, self._credentials(task, role)
            return self._metadata(task, asked, pids)

        self._server.open(task.id, listening, answer)
        with self._lock:
            self._open[task.id] = path

    def close(self, task_id: str) -> None:
        """Close a task's endpoint, before its interface is removed. Idempotent."""
        with self._lock:
            self._open.pop(task_id, None)
        self._server.close(task_id)

    def environment(self, task: Task, container: str) -> dict[str, str]:
        """Return the variables by which a container finds its metadata, and an SDK its credentials."""
        with self._lock:
            credentials = self._open[task.id]
        base, identity = f"http://{TASK_ENDPOINT}", metadata.docker_id(task, container)
        found = {
            "ECS_AGENT_URI": f"{base}/api/{identity}",
            "ECS_CONTAINER_METADATA_URI": f"{base}/v3/{identity}",
            "ECS_CONTAINER_METADATA_URI_V4": f"{base}/v4/{identity}",
        }
        if credentials:
            found["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = credentials
        return found

    def _credentials(self, task: Task, role: str) -> Any:
        given = RoleSession(self._store, role, task.id).open()
        return {
            "RoleArn": role,
            "AccessKeyId": given.access_key,
            "SecretAccessKey": given.secret_key,
            "Token": given.token,
            "Expiration": given.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _metadata(self, task: Task, asked: str, pids: Pids) -> tuple[int, Any]:
        """Answer `/v4/ID`, and below it `/task`, `/taskWithTags`, `/stats`, `/task/stats`."""
        _, version, identity, *rest = [*asked.rstrip("/").split("/"), "", ""]
        below = "/".join(part for part in rest if part)
        names = {metadata.docker_id(task, one.name): one.name for one in task.containers}
        if version not in ("v3", "v4") or identity not in names:
            return 404, f"V4 container metadata handler: unable to get container for {identity}"
        if below in ("stats", "task/stats"):
            stats = {key: self._stats(task, name, pids()) for key, name in names.items()}
            return 200, stats if below == "task/stats" else stats[identity]
        if below not in ("", "task", "taskWithTags"):
            return 404, "404 page not found"
        with self._store.locked():
            definition = self._store.backend("ecs").describe_task_definition(
                task.task_definition_arn
            )
            definitions = {str(one["name"]): one for one in definition.container_definitions}
            at = self._network(task)
            if not below:
                name = names[identity]
                record = next(one for one in task.containers if one.name == name)
                return 200, metadata.container(task, record, definitions[name], at)
            found = metadata.task(task, definitions, at)
            if below == "taskWithTags":
                found["TaskTags"] = {one["key"]: one["value"] for one in task.tags}
            return 200, found

    def _network(self, task: Task) -> metadata.Network:
        spec = self._parts.fabric.enis()[str(task.eni_id)]
        return metadata.Network(
            address=str(spec.address),
            mac=spec.mac,
            dns_name=task.attachments[0].detail("privateDnsName") or "",
            subnet=str(spec.subnet),
            gateway=f"{spec.subnet[1]}/{spec.subnet.prefixlen}",
            vpc=spec.vpc_id,
        )

    def _stats(self, task: Task, name: str, pids: Mapping[str, int]) -> Any:
        """Return a container's stats; None for one that does not run, as Docker's."""
        if name not in pids:
            return None
        family = consumption.family(pids[name])
        limit = int(task.memory or 0) * _MIB
        return metadata.stats(
            task,
            name,
            consumption.memory(family),
            consumption.cpu_seconds(family),
            limit,
            len(family),
        )
