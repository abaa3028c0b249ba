"""CloudWatch's alarms through a real client: what is put reads back, state and history last."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served

TOPIC = "arn:aws:sns:ap-southeast-2:123456789012:told"
PLAIN: dict[str, Any] = {
    "AlarmName": "busy",
    "AlarmDescription": "Tasks are busy",
    "ActionsEnabled": False,
    "AlarmActions": [TOPIC],
    "OKActions": [TOPIC],
    "InsufficientDataActions": [TOPIC],
    "Namespace": "AWS/ECS",
    "MetricName": "CPUUtilization",
    "Dimensions": [{"Name": "ClusterName", "Value": "a"}, {"Name": "ServiceName", "Value": "b"}],
    "Statistic": "Average",
    "Unit": "Percent",
    "Period": 60,
    "EvaluationPeriods": 5,
    "DatapointsToAlarm": 3,
    "Threshold": 70.5,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
}
PERCENTILE: dict[str, Any] = {
    **{key: value for key, value in PLAIN.items() if key not in ("Statistic", "Unit")},
    "AlarmName": "slow",
    "ExtendedStatistic": "p99.9",
    "EvaluateLowSampleCountPercentile": "ignore",
}
METRIC = {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount"}
WHERE = [{"Name": "LoadBalancer", "Value": "app/web/1"}]
MATH: dict[str, Any] = {
    "AlarmName": "ratio",
    "EvaluationPeriods": 2,
    "Threshold": 10.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "Metrics": [
        {"Id": "e1", "Expression": "m1 * 2", "Label": "Twice", "ReturnData": True},
        {
            "Id": "m1",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {**METRIC, "Dimensions": WHERE},
                "Period": 120,
                "Stat": "Sum",
                "Unit": "Count",
            },
        },
    ],
}


def read(served: Served, name: str) -> dict[str, Any]:
    (found,) = served.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return dict(found)


@pytest.mark.parametrize("wanted", [PLAIN, PERCENTILE, MATH], ids=["plain", "percentile", "math"])
def test_an_alarm_reads_back_as_it_was_put(served: Served, wanted: dict[str, Any]) -> None:
    cloudwatch = served.client("cloudwatch")
    cloudwatch.put_metric_alarm(**wanted, Tags=[{"Key": "a", "Value": "b"}])
    seen = read(served, wanted["AlarmName"])
    assert {key: seen.get(key) for key in wanted} == wanted
    assert seen["StateValue"] == "INSUFFICIENT_DATA"
    assert seen["StateReason"] == "Unchecked: Initial alarm creation"
    tags = cloudwatch.list_tags_for_resource(ResourceARN=seen["AlarmArn"])["Tags"]
    assert tags == [{"Key": "a", "Value": "b"}]


def test_state_outlives_another_configuration_and_history_tells_of_all(served: Served) -> None:
    cloudwatch = served.client("cloudwatch")
    cloudwatch.put_metric_alarm(**PLAIN)
    cloudwatch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="because")
    cloudwatch.put_metric_alarm(**{**PLAIN, "Threshold": 80.0})
    seen = read(served, "busy")
    assert (seen["StateValue"], seen["StateReason"], seen["Threshold"]) == ("ALARM", "because", 80)
    cloudwatch.delete_alarms(AlarmNames=["busy"])
    items = cloudwatch.describe_alarm_history(AlarmName="busy")["AlarmHistoryItems"]
    assert [(one["HistoryItemType"], one["HistorySummary"]) for one in items] == [
        ("ConfigurationUpdate", 'Alarm "busy" deleted'),
        ("ConfigurationUpdate", 'Alarm "busy" updated'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("ConfigurationUpdate", 'Alarm "busy" created'),
    ]
    (only,) = cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert only["AlarmName"] == "busy"
    first = cloudwatch.describe_alarm_history(MaxRecords=1, ScanBy="TimestampAscending")
    assert first["AlarmHistoryItems"][0]["HistorySummary"] == 'Alarm "busy" created'
    assert first["NextToken"]
    assert cloudwatch.describe_alarm_history(AlarmName="other")["AlarmHistoryItems"] == []


def test_filters_of_describe_alarms_count_together(served: Served) -> None:
    cloudwatch = served.client("cloudwatch")
    for wanted in (PLAIN, PERCENTILE):
        cloudwatch.put_metric_alarm(**wanted)
    cloudwatch.set_alarm_state(AlarmName="busy", StateValue="OK", StateReason="because")

    def names(**filters: Any) -> list[str]:
        return [one["AlarmName"] for one in cloudwatch.describe_alarms(**filters)["MetricAlarms"]]

    assert names() == ["busy", "slow"]
    assert names(AlarmNamePrefix="b", StateValue="OK") == ["busy"]
    assert names(AlarmNamePrefix="s", StateValue="OK") == []
    assert names(AlarmTypes=["CompositeAlarm"]) == []
    page = cloudwatch.describe_alarms(MaxRecords=1)
    assert names(NextToken=page["NextToken"]) == ["slow"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ComparisonOperator": "Above"}, "ValidationError"),
        ({"TreatMissingData": "never"}, "ValidationError"),
        ({"DatapointsToAlarm": 6}, "ValidationError"),
        ({"Period": 45}, "ValidationError"),
        ({"ExtendedStatistic": "p99"}, "InvalidParameterCombination"),
    ],
)
def test_what_is_refused(served: Served, change: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        served.client("cloudwatch").put_metric_alarm(**{**PLAIN, **change})
    assert caught.value.response["Error"]["Code"] == code
    assert served.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
