"""Turn a container definition and a task's overrides into requests to the runtime. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from drydock.region.dataplane.runtime.command import ContainerRequest
from drydock.region.services.ecs.controller.health import HealthCheck
from drydock.region.services.ecs.controller.ordering import Dependency

Json = Mapping[str, Any]

DEFAULT_STOP_TIMEOUT = 30.0
"""Seconds between SIGTERM and SIGKILL; Fargate's default, and never scaled: a process needs them."""


@dataclass(frozen=True)
class LogTarget:
    """The log group and stream of a container's output."""

    group: str
    stream: str
    create_group: bool = False


@dataclass(frozen=True)
class Mount:
    """A volume of the task in a container."""

    volume: str
    path: str
    read_only: bool = False


@dataclass(frozen=True)
class ContainerPlan:
    """One container of a task, ready to be started except for its secrets."""

    name: str
    image: str
    essential: bool
    entrypoint: tuple[str, ...] | None
    command: tuple[str, ...] | None
    working_dir: str
    user: str
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    """Environment variable → valueFrom."""
    log: LogTarget | None
    stop_timeout: float
    ports: tuple[int, ...] = field(default=())
    depends_on: tuple[Dependency, ...] = ()
    start_timeout: float | None = None
    """Seconds, never scaled: an init container needs them for real."""
    health_check: HealthCheck | None = None
    environment_files: tuple[str, ...] = ()
    """ARNs of S3 objects, the first of which wins."""
    mounts: tuple[Mount, ...] = ()
    limits: tuple[tuple[str, int, int], ...] = ()
    memory: int | None = None
    """MiB that it may use; None: as much as the task."""
    cpu: int | None = None
    """CPU units: its share beside the task's other containers; None: as much as each other."""
    read_only_root: bool = False
    dropped: tuple[str, ...] = ()
    """Capabilities that it shall not have."""

    def request(
        self, files: Mapping[str, str], secrets: Mapping[str, str], folders: Mapping[str, str]
    ) -> ContainerRequest:
        """Return the runtime's request, with the values of environment files and secrets, and the
        folder of each volume.
        """
        return ContainerRequest(
            name=self.name,
            image=self.image,
            entrypoint=self.entrypoint,
            command=self.command,
            working_dir=self.working_dir,
            environment={**files, **self.environment, **secrets},
            user=self.user,
            mounts=tuple((folders[one.volume], one.path, one.read_only) for one in self.mounts),
            limits=self.limits,
            read_only_root=self.read_only_root,
            dropped=self.dropped,
        )


def container_plans(
    definitions: Sequence[Json], overrides: Json, task_id: str
) -> tuple[ContainerPlan, ...]:
    """Return a plan for every container of a task, in the order of the definition."""
    by_name = {entry["name"]: entry for entry in overrides.get("containerOverrides") or ()}
    mounts = {definition["name"]: _mounts(definition) for definition in definitions}
    return tuple(
        _container_plan(definition, by_name.get(definition["name"], {}), task_id, mounts)
        for definition in definitions
    )


def foreign_volume(volumes: Sequence[Json], launched: Collection[str] = ()) -> str:
    """Return the first volume that the region does not support (FSx, say); empty if there is none.

    `launched`: the volumes that were configured when the task was requested.
    """
    for volume in volumes:
        late = volume.get("configuredAtLaunch") and volume["name"] not in launched
        if late or volume.get("fsxWindowsFileServerVolumeConfiguration"):
            return str(volume["name"])
    return ""


def _mounts(definition: Json) -> tuple[Mount, ...]:
    return tuple(
        Mount(entry["sourceVolume"], entry["containerPath"], bool(entry.get("readOnly")))
        for entry in definition.get("mountPoints") or ()
    )


def _mounts_from(definition: Json, mounts: Mapping[str, tuple[Mount, ...]]) -> tuple[Mount, ...]:
    return tuple(
        replace(mount, read_only=mount.read_only or bool(entry.get("readOnly")))
        for entry in definition.get("volumesFrom") or ()
        for mount in mounts[entry["sourceContainer"]]
    )


def _container_plan(
    definition: Json, override: Json, task_id: str, mounts: Mapping[str, tuple[Mount, ...]]
) -> ContainerPlan:
    entrypoint = definition.get("entryPoint")
    command = override.get("command") or definition.get("command")
    environment = {**_pairs(definition.get("environment")), **_pairs(override.get("environment"))}
    secrets = {entry["name"]: entry["valueFrom"] for entry in definition.get("secrets") or ()}
    overridden = _pairs(override.get("environment"))
    return ContainerPlan(
        name=definition["name"],
        image=definition["image"],
        essential=bool(definition.get("essential", True)),
        entrypoint=tuple(entrypoint) if entrypoint else None,
        command=tuple(command) if command else None,
        working_dir=definition.get("workingDirectory") or "",
        user=definition.get("user") or "",
        environment=environment,
        secrets={name: source for name, source in secrets.items() if name not in overridden},
        log=log_target(definition.get("logConfiguration") or {}, definition["name"], task_id),
        stop_timeout=float(definition.get("stopTimeout") or DEFAULT_STOP_TIMEOUT),
        ports=tuple(
            int(entry["containerPort"])
            for entry in definition.get("portMappings") or ()
            if entry.get("containerPort")
        ),
        depends_on=tuple(
            Dependency(entry["containerName"], entry["condition"])
            for entry in definition.get("dependsOn") or ()
        ),
        start_timeout=_seconds(definition.get("startTimeout")),
        health_check=_health_check(definition.get("healthCheck")),
        environment_files=tuple(
            entry["value"]
            for given in (override, definition)
            for entry in given.get("environmentFiles") or ()
        ),
        mounts=(*mounts[definition["name"]], *_mounts_from(definition, mounts)),
        limits=tuple(
            (entry["name"], int(entry["softLimit"]), int(entry["hardLimit"]))
            for entry in definition.get("ulimits") or ()
        ),
        memory=override.get("memory") or definition.get("memory"),
        cpu=override.get("cpu") or definition.get("cpu") or None,
        read_only_root=bool(definition.get("readonlyRootFilesystem")),
        dropped=_dropped(definition),
    )


def _dropped(definition: Json) -> tuple[str, ...]:
    """Return the dropped capabilities,
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_KernelCapabilities.html
    """
    capabilities = (definition.get("linuxParameters") or {}).get("capabilities") or {}
    return tuple(capabilities.get("drop") or ())


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)


def _health_check(given: Json | None) -> HealthCheck | None:
    """Return the parsed health check,
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
    """
    command = list((given or {}).get("command") or ())
    if given is None or not command or command[0] == "NONE":
        return None
    shell = command[0] == "CMD-SHELL"
    argv = ("/bin/sh", "-c", " ".join(command[1:])) if shell else tuple(command[1:])
    return HealthCheck(
        argv=argv,
        interval=float(given.get("interval") or 30),
        timeout=float(given.get("timeout") or 5),
        retries=int(given.get("retries") or 3),
        start_period=float(given.get("startPeriod") or 0),
    )


def _pairs(entries: Sequence[Json] | None) -> dict[str, str]:
    return {entry["name"]: str(entry.get("value", "")) for entry in entries or ()}


def log_target(configuration: Json, name: str, task_id: str) -> LogTarget | None:
    """Return the log target of the container `name`; None if its log driver is not awslogs.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
    """
    if configuration.get("logDriver") != "awslogs":
        return None
    options = configuration.get("options") or {}
    prefix = options.get("awslogs-stream-prefix")
    parts = (prefix, name, task_id) if prefix else (task_id,)
    return LogTarget(
        group=options.get("awslogs-group", ""),
        stream="/".join(parts),
        create_group=str(options.get("awslogs-create-group", "")).lower() == "true",
    )


def checks_health(definitions: Sequence[Json]) -> bool:
    """Return whether some container has a health check, which then decides the task's health."""
    return any(_health_check(one.get("healthCheck")) is not None for one in definitions)
