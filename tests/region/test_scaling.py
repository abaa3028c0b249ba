"""Scaling: load adds tasks and calm removes them; schedules, suspension, alarms and who they tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drydock.region.host import launcher
from tests.support import region as support
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually
from tests.support.web import Site, load

pytestmark = pytest.mark.region

DIMENSION = "ecs:service:DesiredCount"
BURN = 'trap "exit 0" TERM; while :; do if [ -e "$BUSY" ]; then :; else sleep 0.1; fi; done'
CALM = 'trap "exit 0" TERM; while :; do sleep 0.1; done'
CPU = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}


class Scaled:
    """A service and its scalable target."""

    def __init__(self, service: Service, least: int, most: int, **more: Any) -> None:
        self.service = service
        self.region = service.scenario.region
        self.client = self.region.client("application-autoscaling")
        self.target = {
            "ServiceNamespace": "ecs",
            "ResourceId": f"service/{service.scenario.cluster}/{service.name}",
            "ScalableDimension": DIMENSION,
        }
        self.register(MinCapacity=least, MaxCapacity=most, **more)

    def register(self, **bounds: Any) -> None:
        self.client.register_scalable_target(**self.target, **bounds)

    def track(self, target: float, specification: dict[str, str], **more: Any) -> None:
        self.client.put_scaling_policy(
            **self.target,
            PolicyName="tracking",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": target,
                "PredefinedMetricSpecification": specification,
                **more,
            },
        )

    def activities(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.describe_scaling_activities(**self.target)[
            "ScalingActivities"
        ]
        return found

    @property
    def desired(self) -> int:
        return int(self.service.describe()["desiredCount"])

    def wait_desired(self, count: int, seconds: float = 20) -> None:
        eventually(lambda: self.desired == count, f"{count} are desired", seconds)

    def close(self) -> None:
        self.client.deregister_scalable_target(**self.target)
        self.service.delete()


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory, needs_namespaces: None) -> Iterator[TestRegion]:
    """A region whose minute is a second: calm is told after fifteen of them."""
    workspace = support.prepare(tmp_path_factory.mktemp("region"), time_scale=60)
    yield TestRegion(workspace, support.start(workspace))
    launcher.stop(workspace)


@pytest.fixture(scope="module")
def place(fast: TestRegion) -> Scenario:
    return Scenario.build(fast, "scaling", "10.61.0.0/16")


@pytest.fixture
def busy(
    request: pytest.FixtureRequest, place: Scenario, tmp_path: Path
) -> Iterator[tuple[Scaled, Path]]:
    """A service of one task that is busy as long as a file is there; 1 to 3 tasks."""
    flag = tmp_path / "busy"
    environment = [{"name": "BUSY", "value": str(flag)}]
    definition = place.define("shell:1", [BURN], environment=environment)
    scaled = Scaled(Service.create(place, request.node.name, definition, 1), 1, 3)
    scaled.service.wait_running(1)
    yield scaled, flag
    scaled.close()


@pytest.fixture
def calm(request: pytest.FixtureRequest, place: Scenario) -> Iterator[Scaled]:
    """A service of one task that does nothing; 1 to 4 tasks."""
    definition = place.define("shell:1", [CALM])
    scaled = Scaled(Service.create(place, request.node.name, definition, 1), 1, 4)
    yield scaled
    scaled.close()


@takes_minutes
def test_load_adds_tasks_and_calm_removes_them(busy: tuple[Scaled, Path]) -> None:
    scaled, flag = busy
    flag.touch()
    scaled.track(50.0, CPU, ScaleOutCooldown=60, ScaleInCooldown=60)
    scaled.wait_desired(3)
    scaled.service.wait_running(3)
    (added,) = eventually(
        lambda: (told := scaled.activities())[0]["StatusCode"] == "Successful" and told,
        "the activity has ended",
    )
    assert added["Description"] == "Setting desired count to 3."
    assert added["StatusMessage"] == (
        "Successfully set desired count to 3. Change successfully fulfilled by ecs."
    )
    assert "-AlarmHigh-" in added["Cause"]
    assert added["Cause"].endswith("in state ALARM triggered policy tracking")
    flag.unlink()
    scaled.wait_desired(1, 50)
    assert "-AlarmLow-" in scaled.activities()[0]["Cause"]
    scaled.service.wait_running(1)
    _assert_metrics_and_history(scaled)


def _assert_metrics_and_history(scaled: Scaled) -> None:
    cloudwatch, now = scaled.region.client("cloudwatch"), datetime.now(UTC)
    for name in ("CPUUtilization", "MemoryUtilization"):
        (point,) = cloudwatch.get_metric_statistics(
            Namespace="AWS/ECS",
            MetricName=name,
            Dimensions=[
                {"Name": "ClusterName", "Value": scaled.service.scenario.cluster},
                {"Name": "ServiceName", "Value": scaled.service.name},
            ],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=1),
            Period=3600,
            Statistics=["Maximum", "Minimum"],
        )["Datapoints"]
        assert point["Maximum"] > (50 if name == "CPUUtilization" else 0)
        assert point["Minimum"] < 50
    (policy,) = scaled.client.describe_scaling_policies(**scaled.target)["ScalingPolicies"]
    high = policy["Alarms"][0]["AlarmName"]
    items = cloudwatch.describe_alarm_history(AlarmName=high)["AlarmHistoryItems"]
    told = [one["HistorySummary"] for one in reversed(items)]
    assert told[0] == f'Alarm "{high}" created'
    assert any(one.endswith("to ALARM") for one in told)
    assert f"Successfully executed action {policy['PolicyARN']}" in told
    assert "Alarm updated from ALARM to OK" in told


def test_a_suspended_target_stays_and_a_resumed_one_moves(busy: tuple[Scaled, Path]) -> None:
    scaled, flag = busy
    flag.touch()
    scaled.register(SuspendedState={"DynamicScalingOutSuspended": True})
    scaled.track(50.0, CPU)
    watch = scaled.region.client("cloudwatch")

    name = f"TargetTracking-{scaled.target['ResourceId']}-AlarmHigh"
    eventually(
        lambda: watch.describe_alarms(StateValue="ALARM", AlarmNamePrefix=name)["MetricAlarms"],
        "the alarm is in alarm",
    )
    assert scaled.desired == 1
    assert scaled.activities() == []
    scaled.register(SuspendedState={"DynamicScalingOutSuspended": False})
    scaled.wait_desired(3)


def test_requests_for_each_target_are_tracked(place: Scenario) -> None:
    site = Site.build(place)
    name = site.service("requests", place.define("web:1", []), 1)
    scaled = Scaled(Service(place, name), 1, 2)
    site.wait_healthy(1)
    label = "/".join(
        arn.split(":", 5)[5].removeprefix("loadbalancer/") for arn in (site.balancer, site.group)
    )
    requests = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}
    scaled.track(5.0, requests)
    with load(site.url(), clients=1, pace=0.05):
        scaled.wait_desired(2)
    assert "-AlarmHigh-" in scaled.activities()[0]["Cause"]
    scaled.close()
    site.delete()


def test_bounds_act_at_once_and_so_do_scheduled_actions(calm: Scaled) -> None:
    calm.register(MinCapacity=2)
    calm.wait_desired(2, 5)
    assert calm.activities()[0]["Cause"] == "minimum capacity was set to 2"
    moment = datetime.now(UTC) + timedelta(seconds=3)
    for name, when in (("soon", moment), ("later", moment + timedelta(hours=1))):
        calm.client.put_scheduled_action(
            **calm.target,
            ScheduledActionName=name,
            Schedule=f"at({when:%Y-%m-%dT%H:%M:%S})",
            ScalableTargetAction={"MinCapacity": 3, "MaxCapacity": 5},
        )
    assert calm.desired == 2
    calm.wait_desired(3, 8)
    causes = [one["Cause"] for one in calm.activities()]
    assert causes[:2] == [
        "minimum capacity was set to 3",
        "scheduled action name soon was triggered",
    ]
    (target,) = calm.client.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[calm.target["ResourceId"]]
    )["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (3, 5)


def test_a_step_policy_follows_the_users_own_alarm_which_tells_a_queue(calm: Scaled) -> None:
    region = calm.region
    arn = calm.client.put_scaling_policy(
        **calm.target,
        PolicyName="steps",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "Cooldown": 60,
            "StepAdjustments": [
                {
                    "MetricIntervalLowerBound": 0,
                    "MetricIntervalUpperBound": 10,
                    "ScalingAdjustment": 1,
                },
                {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 2},
            ],
        },
    )["PolicyARN"]
    sns, sqs = region.client("sns"), region.client("sqs")
    topic = sns.create_topic(Name="scaling")["TopicArn"]
    queue = sqs.create_queue(QueueName="scaling")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn["QueueArn"])
    cloudwatch = region.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="scaling-depth",
        Namespace="Own",
        MetricName="Depth",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[arn, topic],
    )
    (policy,) = calm.client.describe_scaling_policies(**calm.target)["ScalingPolicies"]
    assert [one["AlarmName"] for one in policy["Alarms"]] == ["scaling-depth"]
    cloudwatch.put_metric_data(Namespace="Own", MetricData=[{"MetricName": "Depth", "Value": 16}])
    calm.wait_desired(3, 10)

    def received() -> dict[str, Any] | None:
        found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=0).get("Messages", [])
        return json.loads(json.loads(found[0]["Body"])["Message"]) if found else None

    told = eventually(received, "the queue has the alarm's message") or {}
    assert (told["AlarmName"], told["NewStateValue"]) == ("scaling-depth", "ALARM")
    assert told["Trigger"]["MetricName"] == "Depth"
    cloudwatch.delete_alarms(AlarmNames=["scaling-depth"])


def test_an_alarm_of_metric_math_says_that_it_is_not_evaluated(fast: TestRegion) -> None:
    cloudwatch = fast.client("cloudwatch")
    stat = {"Metric": {"Namespace": "Own", "MetricName": "Depth"}, "Period": 60, "Stat": "Sum"}
    cloudwatch.put_metric_alarm(
        AlarmName="scaling-math",
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
        Metrics=[
            {"Id": "e", "Expression": "m * 2"},
            {"Id": "m", "MetricStat": stat, "ReturnData": False},
        ],
    )

    def alarm() -> dict[str, Any]:
        found = cloudwatch.describe_alarms(AlarmNames=["scaling-math"])["MetricAlarms"]
        return dict(found[0])

    eventually(lambda: "no metric math" in alarm()["StateReason"], "it says why")
    assert alarm()["StateValue"] == "INSUFFICIENT_DATA"
    cloudwatch.delete_alarms(AlarmNames=["scaling-math"])
