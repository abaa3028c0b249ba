"""Service deployments and revisions in the API's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drydock.region.api.gaps.ecs.records import Service
from drydock.region.api.gaps.ecs.revisions import ServiceDeployment, ServiceRevision

Json = dict[str, Any]


def deployment_as_shown(service: Service, one: ServiceDeployment) -> Json:
    """A ServiceDeployment; what is None is left out."""
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
    """How many tasks a revision has now."""
    number = arn.rsplit("/", maxsplit=1)[-1]
    own = next((one for one in service.deployments if one.id == f"ecs-svc/{number}"), None)
    return {
        "arn": arn,
        "requestedTaskCount": own.desired_count if own else 0,
        "runningTaskCount": own.running_count if own else 0,
        "pendingTaskCount": own.pending_count if own else 0,
    }


def revision_as_shown(service: Service, one: ServiceRevision, containers: Sequence[Json]) -> Json:
    """A ServiceRevision; `containers` are its task definition's."""
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
