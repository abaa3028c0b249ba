"""EBS volumes that ECS makes for a task when it starts, and deletes when it ends.

moto 5.2.5 keeps nothing of them. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ebs-volumes.html,
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskManagedEBSVolumeConfiguration.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from moto.core.utils import utcnow
from moto.ecs.exceptions import EcsClientException, InvalidParameterException
from moto.ecs.models import TaskDefinition
from moto.moto_api._internal import mock_random

from drydock.region.services.ecs.records import Attachment, LaunchVolume

if TYPE_CHECKING:
    from drydock.region.services.ec2 import Ec2Backend
    from drydock.region.services.ecs.records import Task

Json = dict[str, Any]

KIND = "AmazonElasticBlockStorage"
_SYSTEMS = ("ext3", "ext4", "xfs")
_ORIGINS = ("NONE", "SERVICE", "TASK_DEFINITION")
_SHOWN = (
    "roleArn",
    "sizeInGiB",
    "volumeType",
    "filesystemType",
    "encrypted",
    "kmsKeyId",
    "iops",
    "throughput",
)


@dataclass(eq=False)
class _Owner:
    """The owner of an attachment, where EC2's own records expect an instance."""

    id: str


@dataclass(eq=False)
class TaskAttachment:
    """A volume's attachment to a Fargate task, as EC2 shows it: without an instance."""

    volume_id: str
    associated_resource: str
    instance: _Owner = field(repr=False)
    delete_on_termination: bool = True
    instance_owning_service: str = "fargate.amazonaws.com"
    device: str = "/dev/sdf"
    status: str = "attached"
    attach_time: datetime = field(default_factory=utcnow)


def check(given: Sequence[Json], definition: TaskDefinition) -> None:
    """Check the volumes of CreateService, UpdateService or RunTask.

    Raises InvalidParameterException, ClientException.
    """
    if len(given) > 1:
        raise InvalidParameterException("volumeConfigurations can have at most 1 items.")
    volumes: Sequence[Json] = definition.volumes
    late = {str(one["name"]) for one in volumes if one.get("configuredAtLaunch")}
    for one in given:
        if one.get("name") not in late:
            raise EcsClientException(
                f"The volume {one.get('name')} is not configuredAtLaunch in the task definition "
                f"{definition.family}:{definition.revision}."
            )
        _check_managed(one.get("managedEBSVolume") or {})


def _check_managed(wanted: Json) -> None:
    if not wanted.get("roleArn"):
        raise InvalidParameterException("managedEBSVolume needs a roleArn.")
    if wanted.get("snapshotId"):
        raise InvalidParameterException(
            "The local region keeps no data of EBS snapshots: give sizeInGiB instead of snapshotId."
        )
    if not wanted.get("sizeInGiB"):
        raise InvalidParameterException("managedEBSVolume needs sizeInGiB or snapshotId.")
    if (wanted.get("filesystemType") or "xfs") not in _SYSTEMS:
        raise InvalidParameterException(
            f"filesystemType should be one of [{', '.join(_SYSTEMS)}] on Linux."
        )
    for one in wanted.get("tagSpecifications") or ():
        if one.get("resourceType") != "volume" or one.get("propagateTags", "NONE") not in _ORIGINS:
            raise InvalidParameterException("tagSpecifications are of the resource type volume.")


def plan(task: Task, given: Sequence[Json], tags: Mapping[str, Sequence[Json]]) -> None:
    """Note in a new task which volumes it gets. `tags`: by the possible values of propagateTags."""
    for one in given:
        wanted = one["managedEBSVolume"]
        policy = wanted.get("terminationPolicy") or {}
        keep = policy.get("deleteOnTermination") is False
        identity = str(mock_random.uuid4())
        details = {
            "volumeName": one["name"],
            **{key: _text(wanted[key]) for key in _SHOWN if wanted.get(key)},
            "deleteOnTermination": _text(not keep),
        }
        shown = [{"name": name, "value": value} for name, value in details.items()]
        task.attachments.append(Attachment(id=identity, type=KIND, details=shown))
        volume = LaunchVolume(one["name"], identity, wanted, _tags(wanted, tags), keep)
        task.volumes = (*task.volumes, volume)


def create(ec2: Ec2Backend, task: Task) -> None:
    """Make a task's volumes in its zone, in use; idempotent. Raises EC2ClientError as EC2 refuses."""
    for one in task.volumes:
        attachment = _attachment(task, one)
        if attachment.detail("volumeId") in ec2.volumes:
            continue
        wanted = one.settings
        volume = ec2.create_volume(
            int(wanted["sizeInGiB"]),
            str(task.availability_zone),
            encrypted=bool(wanted.get("encrypted")),
            kms_key_id=wanted.get("kmsKeyId"),
            volume_type=wanted.get("volumeType") or "gp3",
            iops=wanted.get("iops"),
            throughput=wanted.get("throughput"),
        )
        own = {"AmazonECSCreated": task.task_arn, "AmazonECSManaged": "true"}
        volume.add_tags({**{each["key"]: each["value"] for each in one.tags}, **own})
        volume.attachment = TaskAttachment(  # type: ignore[assignment]
            volume.id, task.task_arn, _Owner(task.task_arn), not one.keep
        )
        attachment.status = "ATTACHING"
        attachment.details = [*attachment.details, {"name": "volumeId", "value": volume.id}]


def release(ec2: Ec2Backend, task: Task) -> None:
    """Delete a task's volumes, or detach those that are kept. Idempotent."""
    for one in task.volumes:
        attachment = _attachment(task, one)
        volume = ec2.volumes.get(str(attachment.detail("volumeId")))
        held: Any = volume.attachment if volume is not None else None
        if volume is None or not isinstance(held, TaskAttachment):
            continue
        volume.attachment = None
        if not one.keep:
            ec2.delete_volume(volume.id)


def _attachment(task: Task, volume: LaunchVolume) -> Attachment:
    return next(one for one in task.attachments if one.id == volume.attachment_id)


def _tags(wanted: Json, known: Mapping[str, Sequence[Json]]) -> tuple[Json, ...]:
    found: dict[str, Json] = {}
    for one in wanted.get("tagSpecifications") or ():
        origin = known.get(one.get("propagateTags") or "NONE", ())
        found |= {tag["key"]: tag for tag in [*origin, *(one.get("tags") or ())]}
    return tuple(found.values())


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
