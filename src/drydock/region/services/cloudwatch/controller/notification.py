"""The message that an alarm publishes to an SNS topic, in CloudWatch's format. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any


def subject(alarm: Any, region: str) -> str:
    """Return the subject, at most 100 characters, SNS's limit."""
    text = f'{alarm.state_value}: "{alarm.name}" in {region}'
    return text if len(text) <= 100 else text[:97] + "..."


def message(alarm: Any, before: str, account: str, region: str) -> str:
    """Return the message as JSON.

    `alarm`: moto's record, in its new state; `before`: its former state.
    """
    return json.dumps(
        {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": account,
            "AlarmConfigurationUpdatedTimestamp": _iso(alarm.configuration_updated_timestamp),
            "NewStateValue": alarm.state_value,
            "NewStateReason": alarm.state_reason,
            "StateChangeTime": _iso(alarm.state_updated_timestamp),
            "Region": region,
            "AlarmArn": alarm.alarm_arn,
            "OldStateValue": before,
            "OKActions": alarm.ok_actions,
            "AlarmActions": alarm.alarm_actions,
            "InsufficientDataActions": alarm.insufficient_data_actions,
            "Trigger": _trigger(alarm),
        }
    )


def _trigger(alarm: Any) -> dict[str, Any]:
    trigger = {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": "ExtendedStatistic" if alarm.extended_statistic else "Statistic",
        "Statistic": alarm.extended_statistic or str(alarm.statistic or "").upper(),
        "Unit": alarm.unit,
        "Dimensions": [{"value": one.value, "name": one.name} for one in alarm.dimensions],
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.datapoints_to_alarm is not None:
        trigger["DatapointsToAlarm"] = alarm.datapoints_to_alarm
    return trigger


def _iso(moment: datetime) -> str:
    """Format a time without a zone, which moto keeps in UTC."""
    return moment.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
