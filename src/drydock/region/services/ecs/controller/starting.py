"""Starting one container of a task: its image, its secrets, its log stream, its process.

Whatever is missing stops the task with the message that ECS uses:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from drydock.errors import DrydockError, ImageNotFound, SpawnFailed
from drydock.paths import write_private
from drydock.region.dataplane.network.probing import probe
from drydock.region.dataplane.processes.client import Process
from drydock.region.dataplane.runtime.command import Sandbox
from drydock.region.dataplane.runtime.driver import Container, Driver
from drydock.region.dataplane.runtime.images import ContainerImage
from drydock.region.dataplane.runtime.output import Sink
from drydock.region.dataplane.runtime.terminal import TerminalRequest
from drydock.region.services.ecs.controller import environment_files, secrets
from drydock.region.services.ecs.controller.definitions import (
    ContainerPlan,
    LogTarget,
    foreign_volume,
    log_target,
)
from drydock.region.services.ecs.controller.endpoint import Pids, TaskEndpoints
from drydock.region.services.ecs.controller.file_systems import CannotMountError, FileSystems
from drydock.region.services.ecs.controller.folders import TaskFolders
from drydock.region.services.ecs.controller.images import Image, TaskImages
from drydock.region.services.ecs.controller.log_sinks import TaskLogs
from drydock.region.services.ecs.controller.needs import PORT, Need, agent_need, needs, unmet
from drydock.region.services.ecs.controller.permissions import Permissions
from drydock.region.services.ecs.controller.proxies import TaskProxies
from drydock.region.services.ecs.records import Task
from drydock.region.services.kit.parts import Parts
from drydock.region.services.logs import LogGroupMissing

log = logging.getLogger(__name__)

_PROXY = "ecs-service-connect"
"""The proxy's name in log streams."""
_PROBE_SECONDS = 3.0
"""A dropped packet gets no answer; AWS waits for minutes."""


class CannotStartError(Exception):
    """The stoppedReason, and the container that it concerns, if any."""

    def __init__(self, reason: str, container: str = "") -> None:
        super().__init__(reason)
        self.container = container


@dataclass(frozen=True)
class Prepared:
    """A container with everything it needs except a process."""

    plan: ContainerPlan
    image: Image
    files: Mapping[str, str] = field(repr=False)
    """The variables of its environment files."""
    secrets: Mapping[str, str] = field(repr=False)
    sink: Sink

    @property
    def digest(self) -> str:
        """The digest of the image; empty for a program of this machine."""
        return self.image.digest if isinstance(self.image, ContainerImage) else ""


class TaskStarter:
    """Prepares containers and starts them. Thread-safe."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._permissions = Permissions(parts.store, enforced=parts.config.region.enforce_iam)
        self._driver = Driver(parts.spawner, parts.pump)
        self._images = TaskImages(parts)
        self._endpoints = TaskEndpoints(parts)
        self._logs = TaskLogs(parts.store, self._permissions)
        self._folders = TaskFolders(parts.workspace.region / "tasks")
        self._file_systems = FileSystems(parts)
        self._proxies = TaskProxies(parts)

    @property
    def container_engine(self) -> str:
        """The name of the container engine that provides images; empty: there is none."""
        return self._images.engine

    def resolves(self, task: Task) -> bool:
        """Return whether the task's VPC resolves its names already, or never will."""
        vpc = self._parts.fabric.enis()[str(task.eni_id)].vpc_id
        resolvers = self._parts.resolvers
        return resolvers.view(vpc) is not None or not resolvers.answers(vpc)

    def mount(self, task: Task, volumes: Sequence[Mapping[str, Any]]) -> None:
        """Make every volume of the task's definition available. Raises CannotStartError."""
        if volume := foreign_volume(volumes, [one.name for one in task.volumes]):
            raise CannotStartError(
                f"ResourceInitializationError: failed to mount volume {volume}: the local region has "
                "no FSx, and EBS volumes only where volumeConfigurations ask for one"
            )
        try:
            self._file_systems.mount(task, volumes)
        except CannotMountError as error:
            raise CannotStartError(str(error)) from error

    def prepare(self, task: Task, plan: ContainerPlan) -> Prepared:
        """Get what a container needs, in ECS's order. Raises CannotStartError with ECS's reason."""
        self._check_way_out(task, plan)
        if reason := self._permissions.refusal(task, plan):
            raise CannotStartError(reason, plan.name)
        values = self._secrets(plan)
        files = self._environment_files(plan)
        sink = self._sink(task, plan.log)
        image = self._image(plan)
        return Prepared(plan, image, files, values, sink)

    def start(
        self,
        task: Task,
        ready: Prepared,
        groups: Sequence[str],
        on_change: Callable[[], None],
    ) -> Container:
        """Start a container, in some control groups. Raises CannotStartError with ECS's reason.

        `on_change` is called, from some thread, when it ends and when its last line is stored.
        """
        name = ready.plan.name
        lasting = self._file_systems.folders(task.id)
        own = [one.volume for one in ready.plan.mounts if one.volume not in lasting]
        folders = {**lasting, **self._folders.volumes(task.id, own)}
        request = ready.plan.request(ready.files, ready.secrets, folders)
        try:
            return self._driver.start(
                request, ready.image, self._place(task, name, groups), ready.sink, on_change
            )
        except ImageNotFound as error:
            words = f"CannotPullContainerError: {error.cause}: {error.remedy}"
            raise CannotStartError(words, name) from error
        except SpawnFailed as error:
            words = f"{error.subject}: {error.cause}"
            remedy = error.remedy or _remedy(ready)
            raise CannotStartError(
                "CannotStartContainerError: failed to create containerd task: failed to create "
                f"shim task: {words}: {remedy}",
                name,
            ) from error
        except DrydockError as error:
            raise CannotStartError(f"CannotStartContainerError: {error}", name) from error

    def execute(
        self, container: Container, argv: Sequence[str], on_end: Callable[[], None]
    ) -> Process:
        """Run a program inside a running container. Raises SpawnFailed."""
        return self._driver.execute(container, argv, on_end)

    def enter(
        self,
        container: Container,
        argv: Sequence[str],
        request: TerminalRequest,
        on_end: Callable[[], None],
    ) -> tuple[Process, int]:
        """Run a program inside a running container at a terminal. Raises SpawnFailed.

        Return the process and the terminal's other end, which the caller closes.
        """
        return self._driver.enter(container, argv, request, on_end)

    def agent_trouble(self, task: Task) -> str:
        """Return why the agent of ExecuteCommand cannot work in the task; empty if it can."""
        region = self._parts.config.region
        refused = self._permissions.agent_refusal(task)
        return refused or self._unmet(task, [agent_need(region.name, region.account_id)])

    def open_endpoint(self, task: Task, pids: Pids) -> None:
        """Open the endpoint for metadata and credentials inside the task; idempotent."""
        self._endpoints.open(task, self._permissions.task_role(task), pids)

    def connect(self, task: Task, wake: Callable[[], None]) -> None:
        """Start Service Connect's proxy, where the task has it; idempotent.

        `wake` is called when it ends.

        Raises CannotStartError.
        """
        sink = None
        if task.connect is not None and task.connect.log:
            sink = self._sink(task, log_target(task.connect.log, _PROXY, task.id))
        try:
            self._proxies.open(task, sink, wake)
        except DrydockError as error:
            raise CannotStartError(f"ResourceInitializationError: {error}") from error

    def keep_connected(self, task: Task, wake: Callable[[], None]) -> float | None:
        """Update the proxy's targets; return the seconds until the next update, if one is due."""
        return self._proxies.converge(task, wake)

    def is_called(self, task: Task) -> bool:
        """Return whether proxies of other tasks still send calls to the task."""
        return self._proxies.send_to(task.id)

    def close_endpoint(self, task_id: str) -> None:
        """Close the endpoint of an ended task, before its interface is removed. Idempotent."""
        self._proxies.close(task_id)
        self._endpoints.close(task_id)

    def forget(self, task_id: str) -> None:
        """Remove what an ended task leaves: folders, credentials, mounts."""
        self._folders.remove(task_id)
        self._permissions.forget(task_id)
        self._file_systems.forget(task_id)

    def close(self) -> None:
        """Stop the proxies and remove the folders of all tasks; no task runs any more."""
        self._proxies.close_all()
        self._folders.clear()

    def _check_way_out(self, task: Task, plan: ContainerPlan) -> None:
        """Raise CannotStartError unless the task's own interface reaches everything it needs."""
        region = self._parts.config.region
        if reason := self._unmet(task, needs(plan, region.name, region.account_id)):
            raise CannotStartError(reason, plan.name)

    def _unmet(self, task: Task, wanted: Iterable[Need]) -> str:
        """Return ECS's reason for the first need that the task's interface cannot reach; empty if
        none.
        """
        fabric, resolvers = self._parts.fabric, self._parts.resolvers
        eni = fabric.enis()[str(task.eni_id)]
        namespace = fabric.namespace(eni.eni_id)
        return unmet(
            wanted,
            partial(resolvers.lookup, eni.vpc_id) if resolvers.answers(eni.vpc_id) else None,
            lambda address: probe(namespace, address, PORT, _PROBE_SECONDS),
        )

    def _image(self, plan: ContainerPlan) -> Image:
        try:
            return self._images.find(plan.image)
        except ImageNotFound as error:
            raise CannotStartError(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
                f"failed to resolve ref {plan.image}: not found: {error.cause}",
                plan.name,
            ) from error

    def _environment_files(self, plan: ContainerPlan) -> dict[str, str]:
        try:
            return environment_files.read(self._store, plan.environment_files)
        except environment_files.FileUnavailableError as error:
            raise CannotStartError(
                "ResourceInitializationError: failed to download env files: file download command: "
                f"non empty error stream: {error}"
            ) from error

    def _secrets(self, plan: ContainerPlan) -> dict[str, str]:
        try:
            return {
                name: secrets.read(self._store, source) for name, source in plan.secrets.items()
            }
        except secrets.SecretUnavailableError as error:
            raise CannotStartError(
                "ResourceInitializationError: unable to pull secrets or registry auth: execution "
                f"resource retrieval failed: {error}"
            ) from error

    def _place(self, task: Task, container: str, groups: Sequence[str]) -> Sandbox:
        eni = str(task.eni_id)
        fabric = self._parts.fabric
        vpc = fabric.enis()[eni].vpc_id
        address, hostname = fabric.enis()[eni].address, task.attachments[0].detail("privateDnsName")
        names = f"127.0.0.1 localhost\n::1 localhost\n{address} {hostname}\n"
        aliases = self._proxies.hosts(task)
        return Sandbox(
            netns=fabric.namespace(eni).descriptor,
            resolv_conf=self._resolv_conf(vpc),
            layer=self._folders.layer(task.id, container),
            hostname=hostname or "",
            hosts=self._folders.file(task.id, "hosts", names + aliases),
            own_names=bool(aliases),
            groups=groups,
            environment={
                **self._permissions.environment(task, self._parts.task_environment),
                **self._endpoints.environment(task, container),
            },
        )

    def _resolv_conf(self, vpc: str) -> str:
        """Return the resolv.conf of every task of a VPC: its resolver and AWS's search domain."""
        path = self._parts.workspace.region / f"resolv.conf.{vpc}"
        resolver = self._parts.fabric.vpcs()[vpc].resolver
        region = self._parts.config.region.name
        text = f"nameserver {resolver}\nsearch {region}.compute.internal\n"
        if not path.exists() or path.read_text() != text:
            write_private(path, text)
            path.chmod(0o644)
        return str(path)

    def _sink(self, task: Task, target: LogTarget | None) -> Sink:
        """Return the sink of a log target.

        The stream is made before the process, as ECS's log driver does.
        """
        try:
            return self._logs.open(task, target)
        except LogGroupMissing as error:
            raise CannotStartError(
                "ResourceInitializationError: failed to validate logger args: create stream has been "
                "retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: "
                f"The specified log group does not exist. : exit status 1: {target and target.group}: create the "
                "group, or set awslogs-create-group"
            ) from error


def _remedy(ready: Prepared) -> str:
    image = ready.plan.image
    if isinstance(ready.image, ContainerImage):
        return f"name a program and a user that the image {image} has"
    return (
        f"set entrypoint, command and working_dir of [images] for {image}, or the container "
        "definition's entryPoint and command, to a program of this machine"
    )
