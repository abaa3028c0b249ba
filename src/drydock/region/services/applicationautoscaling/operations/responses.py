"""Application Auto Scaling's operations that moto 5.2.5 lacks or answers incompletely.

moto 5.2.5 matches resources by parts of their names and ignores PolicyNames.
"""

from __future__ import annotations

import json
from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

from drydock.region.services.applicationautoscaling.operations import policies
from drydock.region.services.applicationautoscaling.operations.policies import Policy


class AutoScalingResponse(ApplicationAutoScalingResponse):
    """The Application Auto Scaling operations on our backend."""

    @property
    def ours(self) -> Any:
        """The region's backend."""
        return applicationautoscaling_backends[self.current_account][self.region]

    def register_scalable_target(self) -> str:
        answer = super().register_scalable_target()
        if tags := self._get_param("Tags"):
            self.ours.tags.setdefault(json.loads(answer)["ScalableTargetARN"], {}).update(tags)
        return answer

    def put_scaling_policy(self) -> str:
        answer = json.loads(super().put_scaling_policy())
        arn = answer["PolicyARN"]
        policy = next(one for one in self.ours.policies.values() if one.policy_arn == arn)
        answer["Alarms"] = self._alarms(policy)
        return json.dumps(answer)

    def describe_scaling_policies(self) -> str:
        """Answer
        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingPolicies.html
        """
        names = self._get_param("PolicyNames") or []
        found = [
            one
            for one in self.ours.policies.values()
            if self._asked_for(one) and (not names or one.policy_name in names)
        ]
        shown = []
        for policy in found:
            one = {
                "PolicyARN": policy.policy_arn,
                "PolicyName": policy.policy_name,
                "ServiceNamespace": policy.service_namespace,
                "ResourceId": policy.resource_id,
                "ScalableDimension": policy.scalable_dimension,
                "PolicyType": policy.policy_type,
                "CreationTime": policy.creation_time,
                "Alarms": self._alarms(policy),
            }
            one[f"{policy.policy_type}PolicyConfiguration"] = policy._policy_body
            shown.append(one)
        return self._page("ScalingPolicies", shown)

    def _alarms(self, policy: Policy) -> list[dict[str, str]]:
        alarms = policies.alarms_of(policy, self.current_account, self.region)
        return [{"AlarmName": one.name, "AlarmARN": one.alarm_arn} for one in alarms]

    def _asked_for(self, one: Any) -> bool:
        wanted = (self._get_param("ResourceId"), self._get_param("ScalableDimension"))
        return (
            one.service_namespace == self._get_param("ServiceNamespace")
            and wanted[0] in (None, one.resource_id)
            and wanted[1] in (None, one.scalable_dimension)
        )

    def _page(self, name: str, found: list[dict[str, Any]]) -> str:
        start = int(self._get_param("NextToken") or 0)
        end = start + int(self._get_param("MaxResults") or 50)
        answer: dict[str, Any] = {name: found[start:end]}
        if end < len(found):
            answer["NextToken"] = str(end)
        return json.dumps(answer)

    def describe_scheduled_actions(self) -> str:
        """DescribeScheduledActions, without members that were not given: a time zone's default is
        UTC.
        """
        answer = json.loads(super().describe_scheduled_actions())
        shown = [
            {key: value for key, value in one.items() if value is not None}
            for one in answer["ScheduledActions"]
        ]
        return self._page("ScheduledActions", shown)

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
        return self._page("ScalingActivities", found)

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
