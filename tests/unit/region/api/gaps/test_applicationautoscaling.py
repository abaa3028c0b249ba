"""Scalable targets with tags, and the activities that a controller tells."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from drydock.region.api.gaps.applicationautoscaling import Activity
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
    with served.store.writing("applicationautoscaling"):
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
