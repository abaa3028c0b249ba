"""Scalable targets with tags, and the activities that a controller tells."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from drydock.region.services.applicationautoscaling.operations.backend import Activity
from tests.support.served import Served

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/app/app",
    "ScalableDimension": "ecs:service:DesiredCount",
}


@pytest.fixture
def arn(served: Served) -> str:
    served.cluster()
    served.task_definition()
    served.client("ecs").create_service(
        cluster="app",
        serviceName="app",
        taskDefinition="app",
        launchType="FARGATE",
        desiredCount=2,
        networkConfiguration=served.network,
    )
    answer = served.client("application-autoscaling").register_scalable_target(
        **TARGET, MinCapacity=2, MaxCapacity=6, Tags={"a": "b"}
    )
    return str(answer["ScalableTargetARN"])


def test_tags(served: Served, arn: str) -> None:
    scaling = served.client("application-autoscaling")
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "b"}
    scaling.tag_resource(ResourceARN=arn, Tags={"c": "d"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"c": "d"}
    with pytest.raises(ClientError) as caught:
        scaling.list_tags_for_resource(ResourceARN=arn + "0")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_activities(served: Served, arn: str) -> None:
    scaling = served.client("application-autoscaling")
    assert scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"] == []
    with served.store.changing("applicationautoscaling"):
        served.store.backend("applicationautoscaling").add_activity(
            Activity(
                resource_id=TARGET["ResourceId"],
                dimension=TARGET["ScalableDimension"],
                namespace="ecs",
                cause="CPU",
                description="Setting desired count to 3.",
                status="Successful",
            )
        )
    (seen,) = scaling.describe_scaling_activities(**TARGET)["ScalingActivities"]
    assert (seen["StatusCode"], seen["Cause"]) == ("Successful", "CPU")


def test_policies_keep_their_configuration(served: Served, arn: str) -> None:
    scaling = served.client("application-autoscaling")
    wanted = {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
        },
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 300,
    }
    scaling.put_scaling_policy(
        **TARGET,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=wanted,
    )
    (seen,) = scaling.describe_scaling_policies(**TARGET)["ScalingPolicies"]
    assert seen["TargetTrackingScalingPolicyConfiguration"] == wanted


def put(served: Served, **configuration: object) -> dict[str, object]:
    answer: dict[str, object] = served.client("application-autoscaling").put_scaling_policy(
        **TARGET,
        PolicyName="one",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )
    return answer


def alarms(served: Served) -> list[dict[str, object]]:
    found: list[dict[str, object]] = served.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return found


LABEL = "app/web/50dc6c495c0c9188/targetgroup/tg/0123456789abcdef"


@pytest.mark.parametrize(
    ("specification", "metric", "statistic"),
    [
        ({"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}, "CPUUtilization", "Average"),
        (
            {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"},
            "MemoryUtilization",
            "Average",
        ),
        (
            {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": LABEL},
            "RequestCountPerTarget",
            "Sum",
        ),
    ],
)
def test_a_target_tracking_policy_has_two_alarms(
    served: Served, arn: str, specification: dict[str, str], metric: str, statistic: str
) -> None:
    answer = put(served, TargetValue=70.0, PredefinedMetricSpecification=specification)
    high, low = alarms(served)
    for alarm, side, periods, threshold in ((high, "High", 3, 70), (low, "Low", 15, 63)):
        assert str(alarm["AlarmName"]).startswith(f"TargetTracking-service/app/app-Alarm{side}-")
        assert (alarm["MetricName"], alarm["Statistic"]) == (metric, statistic)
        assert (alarm["EvaluationPeriods"], alarm["Threshold"]) == (periods, threshold)
        assert alarm["AlarmActions"] == [answer["PolicyARN"]]
    named = [{"AlarmName": one["AlarmName"], "AlarmARN": one["AlarmArn"]} for one in (high, low)]
    assert answer["Alarms"] == named
    scaling = served.client("application-autoscaling")
    (seen,) = scaling.describe_scaling_policies(**TARGET, PolicyNames=["one"])["ScalingPolicies"]
    assert seen["Alarms"] == named
    assert scaling.describe_scaling_policies(**TARGET, PolicyNames=["on"])["ScalingPolicies"] == []


def test_a_policy_that_is_put_again_keeps_its_arn_and_its_alarms(served: Served, arn: str) -> None:
    cpu = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    before = put(served, TargetValue=70.0, PredefinedMetricSpecification=cpu)
    after = put(served, TargetValue=50.0, PredefinedMetricSpecification=cpu)
    assert (before["PolicyARN"], before["Alarms"]) == (after["PolicyARN"], after["Alarms"])
    assert [one["Threshold"] for one in alarms(served)] == [50, 45]
    scaling = served.client("application-autoscaling")
    scaling.delete_scaling_policy(**TARGET, PolicyName="one")
    assert alarms(served) == []


def test_a_target_takes_its_policies_and_actions_with_it(served: Served, arn: str) -> None:
    scaling = served.client("application-autoscaling")
    cpu = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    put(served, TargetValue=70.0, PredefinedMetricSpecification=cpu)
    scaling.put_scheduled_action(
        **TARGET,
        ScheduledActionName="night",
        Schedule="cron(0 22 * * ? *)",
        Timezone="Australia/Sydney",
        ScalableTargetAction={"MinCapacity": 0},
    )
    (action,) = scaling.describe_scheduled_actions(**TARGET)["ScheduledActions"]
    assert (action["Timezone"], action["ScalableTargetAction"]) == (
        "Australia/Sydney",
        {"MinCapacity": 0},
    )
    assert "StartTime" not in action
    scaling.deregister_scalable_target(**TARGET)
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"] == []
    assert alarms(served) == []
    with pytest.raises(ClientError) as caught:
        put(served, TargetValue=70.0, PredefinedMetricSpecification=cpu)
    assert caught.value.response["Error"]["Code"] == "ObjectNotFoundException"


def test_targets_keep_what_is_not_given(served: Served, arn: str) -> None:
    scaling = served.client("application-autoscaling")
    scaling.register_scalable_target(**TARGET, SuspendedState={"ScheduledScalingSuspended": True})
    (seen,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (seen["MinCapacity"], seen["MaxCapacity"]) == (2, 6)
    assert seen["SuspendedState"] == {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": True,
    }
    with pytest.raises(ClientError, match="Maximum capacity cannot be less"):
        scaling.register_scalable_target(**TARGET, MaxCapacity=1)


@pytest.mark.parametrize(
    "configuration",
    [
        {"TargetValue": 70.0},
        {
            "TargetValue": 0.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
            },
        },
        {
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget"},
        },
    ],
)
def test_policies_that_are_refused(
    served: Served, arn: str, configuration: dict[str, object]
) -> None:
    with pytest.raises(ClientError) as caught:
        put(served, **configuration)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert alarms(served) == []


@pytest.mark.parametrize("schedule", ["at(noon)", "rate(0 minutes)", "cron(0 22 * *)"])
def test_schedules_that_are_refused(served: Served, arn: str, schedule: str) -> None:
    with pytest.raises(ClientError, match="Failed to parse schedule"):
        served.client("application-autoscaling").put_scheduled_action(
            **TARGET,
            ScheduledActionName="night",
            Schedule=schedule,
            ScalableTargetAction={"MinCapacity": 0},
        )
