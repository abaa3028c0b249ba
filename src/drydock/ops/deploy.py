"""Deploy a service with UpdateService and follow the deployment to its end.

States and reasons are ECS's own
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from drydock.aws.clients import Clients
from drydock.aws.failures import translated
from drydock.aws.waiting import until
from drydock.errors import DeploymentFailed, ResourceMissing
from drydock.ops.definitions import container_of
from drydock.ops.services import Service

REASONS_AT_MOST = 3


@dataclass(frozen=True)
class Deployment:
    """A deployment that was started."""

    id: str
    created: datetime


@dataclass(frozen=True)
class Standing:
    """The state of a deployment: whether it is over, and why it failed."""

    over: bool
    failure: str = ""
    """Why it did not succeed; empty if it did, or is still going on."""


def with_image(
    definition: Mapping[str, Any], image: str, container: str, accepted: Collection[str]
) -> dict[str, Any]:
    """Return RegisterTaskDefinition's arguments: the definition with one container's image replaced. Pure.

    `definition` is as DescribeTaskDefinition returns it, `accepted` the parameters that
    RegisterTaskDefinition takes. `container` empty: the first essential one. Raises UsageError: it is
    not there.
    """
    called = str(definition.get("taskDefinitionArn", "")).rpartition("/")[2]
    name = container_of(definition, container, called)
    changed = [
        {**one, "image": image} if one["name"] == name else one
        for one in definition["containerDefinitions"]
    ]
    kept = {key: value for key, value in definition.items() if key in accepted}
    return {**kept, "containerDefinitions": changed}


def standing(service: Mapping[str, Any], deployment: str) -> Standing:
    """Return a deployment's state, read from DescribeServices's answer. Pure.

    One that failed is over only when the deployment that replaces it (ECS's rollback) has ended.
    """
    primary: Mapping[str, Any] = {}
    ours: Mapping[str, Any] = {}
    for one in service.get("deployments", []):
        if one.get("status") == "PRIMARY":
            primary = one
        if one.get("id") == deployment:
            ours = one
    state = ours.get("rolloutState")
    if state == "COMPLETED":
        return Standing(over=True)
    if state == "FAILED":
        why = ours.get("rolloutStateReason", "") or "ECS does not say why"
    else:
        why = _reported_failure(service, deployment)
    if why:
        return Standing(primary.get("rolloutState") != "IN_PROGRESS", why)
    if primary.get("id") != deployment:
        return Standing(True, f"another deployment took its place: {primary.get('id', 'none')}")
    return Standing(over=False)


def _reported_failure(service: Mapping[str, Any], deployment: str) -> str:
    """Return the failure from the service's events: a rolled back deployment is not listed any more."""
    begin = f"(deployment {deployment}) deployment failed"
    told = (one["message"] for one in service.get("events", []))
    found = next((one for one in told if begin in one), "")
    return found[found.index("deployment failed") :].rstrip(".") if found else ""


def start(
    clients: Clients, service: Service, *, image: str = "", container: str = ""
) -> Deployment:
    """Start a deployment; without an image, of the same task definition.

    Raises UsageError: no such container. OpsError: refused.
    """
    definition = service.task_definition
    with translated(clients.endpoint):
        if image:
            definition = _revision(clients, definition, image, container)
        answer = clients.ecs.update_service(
            cluster=service.cluster,
            service=service.name,
            taskDefinition=definition,
            forceNewDeployment=True,
        )
    deployments = answer["service"].get("deployments", [])
    made = next(one for one in deployments if one["status"] == "PRIMARY")
    return Deployment(made["id"], made["createdAt"])


def _revision(clients: Clients, definition: str, image: str, container: str) -> str:
    """Return the ARN of a revision with that image: the current one, if it has it, else a new one."""
    answer = clients.ecs.describe_task_definition(taskDefinition=definition, include=["TAGS"])
    shape = clients.ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape
    accepted = list(shape.members) if shape is not None else []
    before: dict[str, Any] = dict(answer["taskDefinition"])
    wanted = with_image(before, image, container, accepted)
    if wanted["containerDefinitions"] == before["containerDefinitions"]:
        return definition
    if tags := answer.get("tags"):
        wanted["tags"] = tags
    made = clients.ecs.register_task_definition(**wanted)["taskDefinition"]
    return made["taskDefinitionArn"]


def follow(
    clients: Clients,
    service: Service,
    deployment: Deployment,
    *,
    tell: Callable[[str], None],
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until a deployment has ended, passing the service's events to `tell` meanwhile.

    `timeout` is in seconds. Raises DeploymentFailed with ECS's reason and those of the tasks that
    ended, WaitTimedOut (the deployment goes on), OpsError.
    """
    told: set[str] = set()

    def look() -> Standing | None:
        described = _describe(clients, service)
        for event in reversed(described.get("events", [])):
            if event["id"] not in told and event["createdAt"] >= deployment.created:
                told.add(event["id"])
                tell(event["message"])
        found = standing(described, deployment.id)
        return found if found.over else None

    ended = until(
        look,
        what=f"deployment {deployment.id} of {service}",
        timeout=timeout,
        every=max(clients.pace.every, 0.2),
        remedy="it goes on; see: drydock status, drydock logs",
        in_vain=clients.in_vain,
        clock=clock,
        sleep=sleep,
    )
    if ended.failure:
        reasons = "".join(f"; {one}" for one in _why(clients, service, deployment.id))
        raise DeploymentFailed(
            f"{service}: deployment {deployment.id}",
            ended.failure + reasons,
            "see the tasks' last lines with: drydock logs --since 10m",
        )


def _describe(clients: Clients, service: Service) -> dict[str, Any]:
    with translated(clients.endpoint):
        found = clients.ecs.describe_services(cluster=service.cluster, services=[service.name])
    if not found["services"]:
        raise ResourceMissing(
            f"ECS service {service}", "it is gone", "drydock apply, or drydock up"
        )
    return dict(found["services"][0])


def _why(clients: Clients, service: Service, deployment: str) -> list[str]:
    """Return why tasks of a deployment stopped: each distinct reason of ECS or a container once."""
    with translated(clients.endpoint):
        arns = clients.ecs.list_tasks(
            cluster=service.cluster, serviceName=service.name, desiredStatus="STOPPED"
        )["taskArns"]
        if not arns:
            return []
        tasks = clients.ecs.describe_tasks(cluster=service.cluster, tasks=arns)["tasks"]
    failed = [one for one in tasks if one.get("startedBy") == deployment and not _was_spared(one)]
    reasons = dict.fromkeys(_reason(one) for one in failed)
    return [one for one in reasons if one][:REASONS_AT_MOST]


def _was_spared(task: Mapping[str, Any]) -> bool:
    """Return whether a healthy task was stopped because its deployment was given up."""
    return str(task.get("stoppedReason", "")).startswith("Scaling activity initiated by")


def _reason(task: Mapping[str, Any]) -> str:
    """Return a task's reason, such as `Essential container in task exited (app: exit code 3)`. Pure."""
    said = str(task.get("stoppedReason", ""))
    ended = [
        f"{one['name']}: " + (one.get("reason") or f"exit code {one['exitCode']}")
        for one in task.get("containers", [])
        if (one.get("reason") or one.get("exitCode")) and one.get("reason") != said
    ]
    return f"{said} ({', '.join(ended)})" if ended else said
