"""Starting one container of a task: its image, its secrets, its log stream, its process.

What cannot be had stops the task with the words that ECS uses:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from drydock.config import ImageConfig
from drydock.errors import DrydockError, ImageNotFound, SpawnFailed
from drydock.paths import write_private
from drydock.region.api.gaps.ecs.records import Task
from drydock.region.api.gaps.logs import LogGroupMissing
from drydock.region.controllers.ecs import secrets
from drydock.region.controllers.ecs.definitions import ContainerPlan, LogTarget
from drydock.region.controllers.parts import Parts
from drydock.region.runtime.command import ProcessImage
from drydock.region.runtime.driver import Container, Place, ProcessDriver
from drydock.region.runtime.output import Line, Sink


class CannotStartError(Exception):
    """The stoppedReason."""


class TaskStarter:
    """Starts containers. Thread-safe."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._driver = ProcessDriver(parts.spawner, parts.pump)

    def start(self, task: Task, plan: ContainerPlan, on_exit: Callable[[], None]) -> Container:
        """Start one container. Raises CannotStartError with ECS's reason."""
        image = self._image(plan.image)
        values = self._secrets(plan)
        sink = self._sink(plan.log)
        try:
            return self._driver.start(plan.request(values), image, self._place(task), sink, on_exit)
        except ImageNotFound as error:
            raise CannotStartError(f"CannotPullContainerError: {error.cause}") from error
        except SpawnFailed as error:
            words = f"{error.subject}: {error.cause}"
            raise CannotStartError(
                "CannotStartContainerError: failed to create containerd task: failed to create "
                f"shim task: {words}"
            ) from error
        except DrydockError as error:
            raise CannotStartError(f"CannotStartContainerError: {error}") from error

    def _image(self, reference: str) -> ProcessImage:
        config: ImageConfig | None = self._parts.config.image(reference)
        if config is None:
            known = ", ".join(self._parts.config.images) or "none"
            raise CannotStartError(
                f"CannotPullContainerError: pull image manifest has been retried 1 time(s): "
                f"failed to resolve ref {reference}: not found: no [images] entry of drydock.toml "
                f"fits it (there are: {known})"
            )
        return ProcessImage(
            entrypoint=config.entrypoint,
            command=config.command,
            working_dir=str(config.working_dir or ""),
            environment=config.environment,
            user=config.user,
        )

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

    def _place(self, task: Task) -> Place:
        eni = str(task.eni_id)
        fabric = self._parts.fabric
        vpc = fabric.enis()[eni].vpc_id
        return Place(
            netns=fabric.namespace(eni).descriptor,
            resolv_conf=self._resolv_conf(vpc),
            environment=self._parts.task_environment,
        )

    def _resolv_conf(self, vpc: str) -> str:
        """The file that every task of a VPC sees: its resolver and AWS's search domain."""
        path = self._parts.workspace.region / f"resolv.conf.{vpc}"
        resolver = self._parts.fabric.vpcs()[vpc].resolver
        region = self._parts.config.region.name
        text = f"nameserver {resolver}\nsearch {region}.compute.internal\n"
        if not path.exists() or path.read_text() != text:
            write_private(path, text)
            path.chmod(0o644)
        return str(path)

    def _sink(self, target: LogTarget | None) -> Sink:
        """Where the lines go. The stream is made before the process, as ECS's log driver does."""
        if target is None:
            return lambda _lines: None
        logs, store = self._parts.store.backend("logs"), self._store
        try:
            with store.writing("logs"):
                logs.open_stream(target.group, target.stream, create_group=target.create_group)
        except LogGroupMissing as error:
            raise CannotStartError(
                "ResourceInitializationError: failed to validate logger args: create stream has been "
                "retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: "
                "The specified log group does not exist. : exit status 1"
            ) from error

        def sink(lines: Sequence[Line]) -> None:
            with store.writing("logs"):
                logs.write_events(target.group, target.stream, lines)

        return sink
