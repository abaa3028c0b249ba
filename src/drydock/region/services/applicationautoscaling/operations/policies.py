"""Application Auto Scaling's policies, and the alarms of target tracking policies.

moto 5.2.5 gives such a policy alarms on CPU with a threshold of 6 whatever it tracks, new ones (and
a new ARN) each time it is put, and accepts policies of targets that are not registered.
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import FakeApplicationAutoscalingPolicy
from moto.cloudwatch.models import (
    Dimension,
    Metric,
    MetricDataQuery,
    MetricStat,
    cloudwatch_backends,
)
from moto.moto_api._internal import mock_random

from drydock.region.api import changes

Json = dict[str, Any]

OUT_PERIODS, IN_PERIODS = 3, 15
"""Minutes above the target until capacity is added, and well below it until some is removed."""
CALM = 0.9
"""The fraction of the target below which a metric must be for capacity to be removed."""

_ECS = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
}
_LABEL = re.compile(r"(app/[^/]+/[^/]+)/(targetgroup/[^/]+/[^/]+)")


@dataclass(frozen=True)
class Tracked:
    """The metric that a policy tracks. `queries`: metric math instead of one metric."""

    namespace: str | None = None
    name: str | None = None
    statistic: str | None = None
    dimensions: tuple[tuple[str, str], ...] = ()
    unit: str | None = None
    queries: tuple[Any, ...] = ()


class Policy(FakeApplicationAutoscalingPolicy):
    """A scaling policy; PutScalingPolicy makes its alarms, and keeps them when it is put again."""

    def create_alarms(self) -> None:
        """Do nothing, instead of making moto's alarms."""


def tracked_metric(configuration: Json, resource_id: str) -> Tracked:
    """Return the metric of a target tracking configuration. Raises AWSValidationException."""
    predefined = configuration.get("PredefinedMetricSpecification")
    customized = configuration.get("CustomizedMetricSpecification")
    if bool(predefined) == bool(customized):
        raise AWSValidationException(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified."
        )
    if customized:
        dimensions = tuple(
            (one["Name"], one["Value"]) for one in customized.get("Dimensions") or []
        )
        return Tracked(
            customized.get("Namespace"),
            customized.get("MetricName"),
            customized.get("Statistic"),
            dimensions,
            customized.get("Unit"),
            tuple(customized.get("Metrics") or ()),
        )
    kind = predefined["PredefinedMetricType"]  # type: ignore[index]
    if kind in _ECS:
        _, cluster, service = resource_id.split("/")
        where = (("ClusterName", cluster), ("ServiceName", service))
        return Tracked("AWS/ECS", _ECS[kind], "Average", where)
    if kind == "ALBRequestCountPerTarget":
        label = str(predefined.get("ResourceLabel") or "")  # type: ignore[union-attr]
        match = _LABEL.fullmatch(label)
        if match is None:
            raise AWSValidationException(
                f"The resource label {label or 'null'} for the metric type {kind} is not valid."
            )
        where = (("LoadBalancer", match[1]), ("TargetGroup", match[2]))
        return Tracked("AWS/ApplicationELB", "RequestCountPerTarget", "Sum", where)
    raise AWSValidationException(
        f"The predefined metric type {kind} is not valid for the service namespace ecs."
    )


def check(policy_type: str, body: Json, resource_id: str) -> None:
    """Raise AWSValidationException for a configuration that is invalid for ECS."""
    if policy_type == "TargetTrackingScaling":
        if not float(body.get("TargetValue") or 0) > 0:
            raise AWSValidationException("Target value must be greater than 0.")
        tracked_metric(body, resource_id)
        return
    if policy_type == "PredictiveScaling":
        raise AWSValidationException("The local region has no predictive scaling.")
    kinds = ("ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity")
    if body.get("AdjustmentType") not in kinds or not body.get("StepAdjustments"):
        raise AWSValidationException(
            "Step scaling policies must have an adjustment type and step adjustments."
        )


def make_alarms(policy: Policy, account: str, region: str) -> None:
    """Make or update the pair of alarms of a target tracking policy of ECS."""
    cloudwatch: Any = cloudwatch_backends[account][region]
    changes.touch("cloudwatch")
    body: Json = policy.target_tracking_scaling_policy_configuration or {}
    metric, target = tracked_metric(body, policy.resource_id), float(body["TargetValue"])
    sides = (
        ("High", "GreaterThanThreshold", OUT_PERIODS, target),
        ("Low", "LessThanThreshold", IN_PERIODS, round(target * CALM, 6)),
    )
    names = [alarm.name for alarm in policy.alarms] or [
        f"TargetTracking-{policy.resource_id}-Alarm{side}-{mock_random.uuid4()}"
        for side, *_ in sides
    ]
    policy.alarms = [
        cloudwatch.put_metric_alarm(
            name=name,
            namespace=metric.namespace,
            metric_name=metric.name,
            metric_data_queries=[_query(one) for one in metric.queries],
            comparison_operator=comparison,
            evaluation_periods=periods,
            period=None if metric.queries else 60,
            threshold=threshold,
            unit=metric.unit,
            statistic=metric.statistic,
            description=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.policy_arn}.",
            dimensions=[{"Name": name, "Value": value} for name, value in metric.dimensions],
            alarm_actions=[policy.policy_arn],
        )
        for name, (_, comparison, periods, threshold) in zip(names, sides, strict=True)
    ]


def _query(given: Json) -> MetricDataQuery:
    """Return one metric math query as moto keeps it."""
    stat = given.get("MetricStat")
    theirs = None
    if stat:
        where = [
            Dimension(one["Name"], one["Value"]) for one in stat["Metric"].get("Dimensions") or []
        ]
        metric = Metric(stat["Metric"]["MetricName"], stat["Metric"]["Namespace"], where)
        theirs = MetricStat(metric, "60", stat["Stat"], stat.get("Unit"))
    return MetricDataQuery(
        given["Id"],
        given.get("Label") or "",
        "60",
        given.get("ReturnData", True),
        given.get("Expression"),
        theirs,
    )


def delete_alarms(policy: Policy, account: str, region: str) -> None:
    """Delete the alarms that were made for a policy; a step policy's alarms are the user's."""
    cloudwatch: Any = cloudwatch_backends[account][region]
    changes.touch("cloudwatch")
    cloudwatch.delete_alarms([alarm.name for alarm in policy.alarms])


def alarms_of(policy: Policy, account: str, region: str) -> list[Any]:
    """Return the alarms that have a policy among their actions."""
    cloudwatch: Any = cloudwatch_backends[account][region]
    lists = ("alarm_actions", "ok_actions", "insufficient_data_actions")
    return [
        alarm
        for alarm in cloudwatch.alarms.values()
        if any(policy.policy_arn in (getattr(alarm, name) or []) for name in lists)
    ]
