"""Tasks, service deployments and revisions as the API shows them."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from drydock.region.services.ecs.records import Attachment, Container, Service, Task
from drydock.region.services.ecs.revisions import ServiceDeployment, ServiceRevision

Json = dict[str, Any]

_NOT_SHOWN = frozenset(
    {
        "id", "cluster_name", "network_configuration", "service_name", "registered_in", "proven_at",
        "failed_health", "failure_told", "connect", "volumes", "protected_until",
    }
)  # fmt: skip
"""Attributes of a task's record that are not in API_Task.html."""


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


_TASK = [(one.name, _camel(one.name)) for one in fields(Task) if one.name not in _NOT_SHOWN]
_CONTAINER = [(one.name, _camel(one.name)) for one in fields(Container)]
_ATTACHMENT = [(one.name, _camel(one.name)) for one in fields(Attachment)]


def task_as_shown(task: Task, *, tags: bool) -> Json:
    """Return a Task for `json.dumps` with `timestamp`; members that are None are left out.

    moto 5.2.5's own way, member by member of the model, takes 1 ms for each task, under the store's
    lock (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html).
    """
    shown = _members(task, _TASK)
    if not tags:
        shown.pop("tags", None)
    shown["containers"] = [_members(one, _CONTAINER) for one in task.containers]
    shown["attachments"] = [_members(one, _ATTACHMENT) for one in task.attachments]
    return shown


def _members(record: object, names: Sequence[tuple[str, str]]) -> Json:
    held = vars(record)
    return {shown: held[name] for name, shown in names if held[name] is not None}


def timestamp(moment: object) -> float:
    """Return a time as JSON protocols write it, in seconds since 1970, cut to milliseconds.

    Raises TypeError if it is not a time.
    """
    if not isinstance(moment, datetime):
        raise TypeError(f"{type(moment).__name__} is no time")
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return calendar.timegm(known.utctimetuple()) + known.microsecond // 1000 / 1000


def deployment_as_shown(service: Service, one: ServiceDeployment) -> Json:
    """Return a ServiceDeployment; members that are None are left out."""
    alarms = one.configuration.get("alarms") or {}
    shown = {
        "serviceDeploymentArn": one.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": one.created_at,
        "startedAt": one.started_at,
        "finishedAt": one.finished_at,
        "stoppedAt": one.stopped_at,
        "updatedAt": one.updated_at,
        "sourceServiceRevisions": [summary(service, arn) for arn in one.sources],
        "targetServiceRevision": summary(service, one.target),
        "targetServiceRevisionArn": one.target,
        "status": one.status,
        "statusReason": one.status_reason,
        "deploymentConfiguration": one.configuration,
        "rollback": one.rollback,
        "deploymentCircuitBreaker": {
            "status": one.breaker_status,
            "failureCount": one.failure_count,
            "threshold": one.threshold,
        },
        "alarms": {
            "status": one.alarms_status,
            "alarmNames": alarms.get("alarmNames") or [],
            "triggeredAlarmNames": one.triggered_alarms,
        },
    }
    return {key: value for key, value in shown.items() if value is not None}


def summary(service: Service, arn: str) -> Json:
    """Return a revision's ARN and its current task counts."""
    number = arn.rsplit("/", maxsplit=1)[-1]
    own = next((one for one in service.deployments if one.id == f"ecs-svc/{number}"), None)
    return {
        "arn": arn,
        "requestedTaskCount": own.desired_count if own else 0,
        "runningTaskCount": own.running_count if own else 0,
        "pendingTaskCount": own.pending_count if own else 0,
    }


def revision_as_shown(service: Service, one: ServiceRevision, containers: Sequence[Json]) -> Json:
    """Return a ServiceRevision; `containers` are its task definition's."""
    settings = one.settings
    shown = {
        "serviceRevisionArn": one.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "taskDefinition": settings["task_definition"],
        "capacityProviderStrategy": settings["capacity_provider_strategy"] or None,
        "launchType": settings["launch_type"],
        "platformVersion": settings["platform_version"],
        "platformFamily": settings["platform_family"],
        "loadBalancers": settings["load_balancers"],
        "serviceRegistries": settings["service_registries"],
        "networkConfiguration": settings["network_configuration"],
        "serviceConnectConfiguration": settings["service_connect_configuration"],
        "volumeConfigurations": settings["volume_configurations"],
        "vpcLatticeConfigurations": settings["vpc_lattice_configurations"],
        "containerImages": [
            {"containerName": container["name"], "image": container["image"]}
            for container in containers
        ],
        "guardDutyEnabled": False,
        "createdAt": one.created_at,
    }
    return {key: value for key, value in shown.items() if value is not None}
