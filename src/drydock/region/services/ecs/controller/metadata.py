"""The documents of a task's metadata endpoint, version 4. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from drydock.region.services.ecs.records import Container, Task

Json = dict[str, Any]


@dataclass(frozen=True)
class Network:
    """The addresses of a task's network interface."""

    address: str
    mac: str
    dns_name: str
    subnet: str
    """CIDR block."""
    gateway: str
    vpc: str


def docker_id(task: Task, container: str) -> str:
    """Return a container's Docker id as Fargate makes it: the task's id and a number."""
    return f"{task.id}-{zlib.crc32(container.encode())}"


def family_of(task: Task) -> tuple[str, str]:
    """Return the family and the revision of a task's definition."""
    family, _, revision = task.task_definition_arn.rsplit("/", 1)[-1].partition(":")
    return family, revision


def container(task: Task, record: Container, definition: Mapping[str, Any], at: Network) -> Json:
    """Return the document of GET ${ECS_CONTAINER_METADATA_URI_V4}."""
    family, revision = family_of(task)
    limits = {"CPU": int(record.cpu or 0)}
    if record.memory is not None:
        limits["Memory"] = int(record.memory)
    found: Json = {
        "DockerId": docker_id(task, record.name),
        "Name": record.name,
        "DockerName": record.name,
        "Image": record.image,
        "ImageID": record.image_digest or "",
        "Labels": {
            "com.amazonaws.ecs.cluster": task.cluster_arn,
            "com.amazonaws.ecs.container-name": record.name,
            "com.amazonaws.ecs.task-arn": task.task_arn,
            "com.amazonaws.ecs.task-definition-family": family,
            "com.amazonaws.ecs.task-definition-version": revision,
            **(definition.get("dockerLabels") or {}),
        },
        "DesiredStatus": task.desired_status,
        "KnownStatus": record.last_status,
        "Limits": limits,
        "CreatedAt": _time(task.pull_stopped_at or task.created_at),
        "Type": "NORMAL",
        "ContainerARN": record.container_arn,
        "Networks": [
            {
                "NetworkMode": "awsvpc",
                "IPv4Addresses": [at.address],
                "AttachmentIndex": 0,
                "MACAddress": at.mac,
                "IPv4SubnetCIDRBlock": at.subnet,
                "PrivateDNSName": at.dns_name,
                "SubnetGatewayIpv4Address": at.gateway,
            }
        ],
    }
    if task.started_at is not None:
        found["StartedAt"] = _time(task.started_at)
    if record.exit_code is not None:
        found["ExitCode"] = record.exit_code
    if definition.get("healthCheck"):
        found["Health"] = {"status": record.health_status}
    if logs := definition.get("logConfiguration"):
        found["LogDriver"] = logs.get("logDriver")
        found["LogOptions"] = dict(logs.get("options") or {})
    return found


def task(one: Task, definitions: Mapping[str, Mapping[str, Any]], at: Network) -> Json:
    """Return the document of GET ${ECS_CONTAINER_METADATA_URI_V4}/task."""
    family, revision = family_of(one)
    found: Json = {
        "Cluster": one.cluster_arn,
        "TaskARN": one.task_arn,
        "Family": family,
        "Revision": revision,
        "DesiredStatus": one.desired_status,
        "KnownStatus": one.last_status,
        "Limits": {"CPU": int(one.cpu or 0) / 1024, "Memory": int(one.memory or 0)},
        "AvailabilityZone": one.availability_zone,
        "LaunchType": one.launch_type,
        "VPCID": at.vpc,
        "FaultInjectionEnabled": False,
        "Containers": [
            container(one, record, definitions.get(record.name, {}), at)
            for record in one.containers
        ],
    }
    if one.service_name is not None:
        found["ServiceName"] = one.service_name
    for name, moment in (
        ("PullStartedAt", one.pull_started_at),
        ("PullStoppedAt", one.pull_stopped_at),
    ):
        if moment is not None:
            found[name] = _time(moment)
    return found


def stats(task_: Task, name: str, memory: int, cpu_seconds: float, limit: int, count: int) -> Json:
    """Return the document of GET ${ECS_CONTAINER_METADATA_URI_V4}/stats: the measured part of
    Docker's.

    `memory` and `limit` in bytes; `count` processes.
    """
    return {
        "read": _time(datetime.now(UTC)),
        "name": name,
        "id": docker_id(task_, name),
        "num_procs": 0,
        "pids_stats": {"current": count},
        "cpu_stats": {"cpu_usage": {"total_usage": int(cpu_seconds * 1e9)}},
        "memory_stats": {"usage": memory, "limit": limit},
    }


def credentials_missing() -> Json:
    """Return the agent's answer for unknown credentials, sent with status 400."""
    return {
        "code": "InvalidIdInRequest",
        "message": "CredentialsV2Request: Credentials not found",
        "HTTPErrorCode": 400,
    }


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
