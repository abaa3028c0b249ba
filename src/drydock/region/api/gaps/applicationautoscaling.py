"""Application Auto Scaling: the operations that moto 5.2.5 lacks and Terraform calls.

moto 5.2.5 answers 500 to DescribeScalingActivities and ListTagsForResource, and forgets tags.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.applicationautoscaling import urls as their_urls
from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import (
    ApplicationAutoscalingBackend,
    FakeScalableTarget,
    applicationautoscaling_backends,
)
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from drydock.region.api.gaps import overlay

_KEPT = 200


@dataclass
class Activity:
    """One change of capacity, made and told by a controller."""

    resource_id: str
    dimension: str
    namespace: str
    cause: str
    description: str
    status: str = "InProgress"
    """Pending, InProgress, Successful, Overridden, Unfulfilled, Failed."""
    message: str = ""
    start: datetime = field(default_factory=utcnow)
    end: datetime | None = None
    id: str = field(default_factory=lambda: str(mock_random.uuid4()))

    def shown(self) -> dict[str, Any]:
        """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalingActivity.html"""
        answer: dict[str, Any] = {
            "ActivityId": self.id,
            "ServiceNamespace": self.namespace,
            "ResourceId": self.resource_id,
            "ScalableDimension": self.dimension,
            "Description": self.description,
            "Cause": self.cause,
            "StartTime": self.start.timestamp(),
            "StatusCode": self.status,
            "StatusMessage": self.message,
        }
        if self.end is not None:
            answer["EndTime"] = self.end.timestamp()
        return answer


class AutoScalingBackend(ApplicationAutoscalingBackend):
    """Scalable targets and policies; `activities` (newest first) and `tags` (by ARN) are ours."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.activities: list[Activity] = []
        self.tags: dict[str, dict[str, str]] = {}

    @property
    def _url_module(self) -> Any:
        return overlay.urls(their_urls, AutoScalingResponse)

    def register_scalable_target(
        self,
        namespace: str,
        r_id: str,
        dimension: str,
        min_capacity: int | None,
        max_capacity: int | None,
        role_arn: str | None,
        suspended_state: Any,
    ) -> FakeScalableTarget:
        """RegisterScalableTarget; without a role it has the service-linked one, as AWS shows it."""
        role = f"arn:{self.partition}:iam::{self.account_id}:role/aws-service-role/"
        if namespace == "ecs":
            role += "ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
        given = role_arn or (role if namespace == "ecs" else "")
        return super().register_scalable_target(
            namespace, r_id, dimension, min_capacity, max_capacity, given, suspended_state
        )

    def add_activity(self, activity: Activity) -> None:
        """Keep what a controller did; the newest 200."""
        self.activities = [activity, *self.activities][:_KEPT]

    def check_arn(self, arn: str) -> None:
        """Raises ResourceNotFoundException when no scalable target has this ARN."""
        arns = {one.arn for targets in self.targets.values() for one in targets.values()}
        if arn not in arns:
            error = AWSValidationException(f"The resource {arn} could not be found.")
            error.error_type = "ResourceNotFoundException"
            error.description = json.dumps(
                {"__type": "ResourceNotFoundException", "Message": error.message}
            )
            raise error


class AutoScalingResponse(ApplicationAutoScalingResponse):
    """The lacking operations."""

    @property
    def ours(self) -> AutoScalingBackend:
        backend: Any = applicationautoscaling_backends[self.current_account][self.region]
        return backend  # type: ignore[no-any-return]

    def register_scalable_target(self) -> str:
        answer = super().register_scalable_target()
        if tags := self._get_param("Tags"):
            self.ours.tags.setdefault(json.loads(answer)["ScalableTargetARN"], {}).update(tags)
        return answer

    def describe_scaling_activities(self) -> str:
        wanted = {
            "ServiceNamespace": self._get_param("ServiceNamespace"),
            "ResourceId": self._get_param("ResourceId"),
            "ScalableDimension": self._get_param("ScalableDimension"),
        }
        shown = [one.shown() for one in self.ours.activities]
        found = [
            one for one in shown if all(value in (None, one[key]) for key, value in wanted.items())
        ]
        return json.dumps({"ScalingActivities": found})

    def list_tags_for_resource(self) -> str:
        arn = self._get_param("ResourceARN")
        self.ours.check_arn(arn)
        return json.dumps({"Tags": self.ours.tags.get(arn, {})})

    def tag_resource(self) -> str:
        arn = self._get_param("ResourceARN")
        self.ours.check_arn(arn)
        self.ours.tags.setdefault(arn, {}).update(self._get_param("Tags"))
        return "{}"

    def untag_resource(self) -> str:
        arn = self._get_param("ResourceARN")
        self.ours.check_arn(arn)
        for key in self._get_param("TagKeys"):
            self.ours.tags.get(arn, {}).pop(key, None)
        return "{}"


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(applicationautoscaling_backends, AutoScalingBackend)
