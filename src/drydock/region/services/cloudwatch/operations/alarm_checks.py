"""Validation of PutMetricAlarm. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, ValidationError

_OPERATORS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)
_MISSING = ("breaching", "notBreaching", "ignore", "missing")


def check(alarm: Mapping[str, Any]) -> None:
    """Raise ValidationError or InvalidParameterCombination.

    `alarm`: moto's names of the parameters.
    """
    operator = alarm.get("comparison_operator")
    if operator not in _OPERATORS:
        raise ValidationError(
            f"1 validation error detected: Value '{operator}' at 'comparisonOperator' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(_OPERATORS)}]"
        )
    missing = alarm.get("treat_missing_data")
    if missing is not None and missing not in _MISSING:
        raise ValidationError(
            f"Option {missing} is not supported. Supported options for parameter TreatMissingData are "
            "breaching, notBreaching, ignore and missing."
        )
    periods, datapoints = alarm.get("evaluation_periods"), alarm.get("datapoints_to_alarm")
    if datapoints is not None and periods is not None and int(datapoints) > int(periods):
        raise ValidationError(
            "Value for DatapointsToAlarm must be less than or equal to EvaluationPeriods."
        )
    if alarm.get("metric_data_queries"):
        return
    if not alarm.get("metric_name") or not alarm.get("namespace"):
        raise ValidationError("The parameters MetricName and Namespace must be specified.")
    if bool(alarm.get("statistic")) == bool(alarm.get("extended_statistic")):
        raise InvalidParameterCombination(
            "Exactly one of Statistic and ExtendedStatistic must be specified."
        )
    period = int(alarm.get("period") or 0)
    if period not in (10, 20, 30) and (period < 60 or period % 60):
        raise ValidationError("Period must be 10, 20, 30 or a multiple of 60.")
