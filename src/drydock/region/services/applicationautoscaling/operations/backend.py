"""The Application Auto Scaling backend, with operations that Terraform calls and moto 5.2.5 lacks.

moto 5.2.5 answers 500 to DescribeScalingActivities and ListTagsForResource, forgets tags, accepts
invalid bounds and schedules, matches resources by parts of their names, and keeps the policies and
scheduled actions of a target that is deregistered.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import (
    ApplicationAutoscalingBackend,
    FakeScalableTarget,
)
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from drydock.region.services.applicationautoscaling.operations import policies, schedules
from drydock.region.services.applicationautoscaling.operations.policies import Policy

_KEPT = 200


@dataclass
class Activity:
    """One change of capacity, made and recorded by a controller."""

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
        """Return the activity as API_ScalingActivity,
        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalingActivity.html
        """
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

    policies: dict[str, Any]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.activities: list[Activity] = []
        self.tags: dict[str, dict[str, str]] = {}
        self.enforced: dict[str, tuple[int, int]] = {}
        """Target ARN → the bounds that the controller last brought its capacity into."""

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
        """RegisterScalableTarget; without a role it gets the service-linked one, as on AWS."""
        before = self.targets.get(dimension, {}).get(r_id)
        least = before.min_capacity if min_capacity is None and before else min_capacity
        most = before.max_capacity if max_capacity is None and before else max_capacity
        if least is None or most is None:
            raise AWSValidationException(
                "Both minimum capacity and maximum capacity must be specified for a new scalable target."
            )
        if most < least:
            raise AWSValidationException("Maximum capacity cannot be less than minimum capacity.")
        was: Any = before.suspended_state if before else None
        suspended: Any = {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
            **(was or {}),
            **(suspended_state or {}),
        }
        role = f"arn:{self.partition}:iam::{self.account_id}:role/aws-service-role/"
        if namespace == "ecs":
            role += "ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
        given = role_arn or (role if namespace == "ecs" else "")
        return super().register_scalable_target(
            namespace, r_id, dimension, min_capacity, max_capacity, given, suspended
        )

    def deregister_scalable_target(self, namespace: str, r_id: str, dimension: str) -> None:
        """DeregisterScalableTarget, with its policies, their alarms and its scheduled actions."""
        target = self.targets.get(dimension, {}).get(r_id)
        if target is None:
            raise _not_found(
                f"No scalable target found for service namespace: {namespace}, resource ID: {r_id}, "
                f"scalable dimension: {dimension}"
            )
        super().deregister_scalable_target(namespace, r_id, dimension)
        for key, policy in list(self.policies.items()):
            if (policy.resource_id, policy.scalable_dimension) == (r_id, dimension):
                policies.delete_alarms(policy, self.account_id, self.region_name)
                del self.policies[key]
        self.scheduled_actions = [
            one
            for one in self.scheduled_actions
            if (one.resource_id, one.scalable_dimension) != (r_id, dimension)
        ]
        self.tags.pop(target.arn, None)
        self.enforced.pop(target.arn, None)

    def _registered(self, namespace: str, r_id: str, dimension: str) -> None:
        if r_id not in self.targets.get(dimension, {}):
            raise _not_found(
                f"No scalable target registered for service namespace: {namespace}, resource ID: {r_id}, "
                f"scalable dimension: {dimension}"
            )

    def put_scaling_policy(
        self,
        policy_name: str,
        service_namespace: str,
        resource_id: str,
        scalable_dimension: str,
        policy_body: dict[str, Any],
        policy_type: str | None,
    ) -> Policy:
        """PutScalingPolicy; an existing one keeps its ARN and its alarms' names."""
        self._registered(service_namespace, resource_id, scalable_dimension)
        where = (service_namespace, resource_id, scalable_dimension, policy_name)
        key = Policy.formulate_key(*where)
        before = self.policies.get(key)
        kind = policy_type or (before.policy_type if before else "StepScaling")
        if before is not None and before.policy_type != kind:
            raise AWSValidationException("The type of a scaling policy cannot be changed.")
        if service_namespace == "ecs":
            policies.check(kind, policy_body or {}, resource_id)
        policy = Policy(
            account_id=self.account_id,
            region_name=self.region_name,
            policy_name=policy_name,
            service_namespace=service_namespace,
            resource_id=resource_id,
            scalable_dimension=scalable_dimension,
            policy_type=kind,
            policy_body=policy_body,
        )
        if before is not None:
            policy.policy_arn, policy.alarms = before.policy_arn, before.alarms
            policy.creation_time = before.creation_time
        if service_namespace == "ecs" and kind == "TargetTrackingScaling":
            policies.make_alarms(policy, self.account_id, self.region_name)
        self.policies[key] = policy
        return policy

    def delete_scaling_policy(
        self, policy_name: str, service_namespace: str, resource_id: str, scalable_dimension: str
    ) -> None:
        """DeleteScalingPolicy, with the alarms that were made for it."""
        where = (service_namespace, resource_id, scalable_dimension, policy_name)
        policy = self.policies.pop(Policy.formulate_key(*where), None)
        if policy is None:
            raise _not_found(
                f"No scaling policy found for service namespace: {service_namespace}, resource ID: "
                f"{resource_id}, scalable dimension: {scalable_dimension}, policy name: {policy_name}"
            )
        policies.delete_alarms(policy, self.account_id, self.region_name)

    def put_scheduled_action(self, *args: Any, **kwargs: Any) -> None:
        """PutScheduledAction. Raises AWSValidationException: an invalid schedule."""
        where = (kwargs["service_namespace"], kwargs["resource_id"], kwargs["scalable_dimension"])
        self._registered(*where)
        schedules.check(kwargs)
        super().put_scheduled_action(*args, **kwargs)

    def delete_scheduled_action(
        self,
        service_namespace: str,
        scheduled_action_name: str,
        resource_id: str,
        scalable_dimension: str,
    ) -> None:
        """DeleteScheduledAction."""
        before = len(self.scheduled_actions)
        super().delete_scheduled_action(
            service_namespace, scheduled_action_name, resource_id, scalable_dimension
        )
        if len(self.scheduled_actions) == before:
            raise _not_found(
                f"No scheduled action found for service namespace: {service_namespace}, resource ID: "
                f"{resource_id}, scalable dimension: {scalable_dimension}, scheduled action name: "
                f"{scheduled_action_name}"
            )

    def add_activity(self, activity: Activity) -> None:
        """Record what a controller did; the newest 200 are kept."""
        self.activities = [activity, *self.activities][:_KEPT]

    def check_arn(self, arn: str) -> None:
        """Raise ResourceNotFoundException when no scalable target has this ARN."""
        arns = {one.arn for targets in self.targets.values() for one in targets.values()}
        if arn not in arns:
            raise _error("ResourceNotFoundException", f"The resource {arn} could not be found.")


def _not_found(message: str) -> AWSValidationException:
    return _error("ObjectNotFoundException", message)


def _error(kind: str, message: str) -> AWSValidationException:
    error = AWSValidationException(message)
    error.error_type = kind
    error.description = json.dumps({"__type": kind, "Message": message})
    return error
