"""Describe an evaluation as CloudWatch does. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from drydock.region.services.cloudwatch.controller.evaluation import Rule, Verdict

_COMPARED = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching"}
_SHOWN = 5


def reason(rule: Rule, verdict: Verdict, before: str) -> str:
    """Return the StateReason of an alarm whose former state was `before`."""
    if verdict.state == "INSUFFICIENT_DATA" or not verdict.used:
        return _of_nothing(rule, verdict)
    alarm = verdict.state == "ALARM"
    total = len(verdict.used)
    breaching = [one for one in verdict.used if rule.breaches(one.value)]
    told = breaching if alarm else [one for one in verdict.used if one not in breaching]
    values = ", ".join(f"{one.value} ({_moment(one.at)})" for one in told[:_SHOWN])
    verb = ("was" if len(told) == 1 else "were") + ("" if alarm else " not")
    compared = f"{verb} {_COMPARED[rule.comparison]} the threshold ({rule.threshold})"
    if rule.periods == 1:
        return f"Threshold Crossed: 1 datapoint [{values}] {compared}."
    least = rule.datapoints if alarm else rule.periods - rule.datapoints + 1
    noun = "datapoint" if least == 1 else "datapoints"
    transition = f"{before} -> {verdict.state}"
    return (
        f"Threshold Crossed: {len(told)} out of the last {total} datapoints [{values}] {compared} "
        f"(minimum {least} {noun} for {transition} transition)."
    )


def _of_nothing(rule: Rule, verdict: Verdict) -> str:
    count = verdict.filled
    noun = "datapoint was" if count == 1 else "datapoints were"
    if verdict.state == "INSUFFICIENT_DATA":
        return f"Insufficient Data: {count} {noun} unknown."
    periods = "period" if count == 1 else "periods"
    treated = _TREATED.get(rule.missing, rule.missing)
    return (
        f"Threshold Crossed: no datapoints were received for {count} {periods} and {count} missing "
        f"{noun} treated as [{treated}]."
    )


def reason_data(rule: Rule, verdict: Verdict, period: int, now: float) -> str:
    """Return the StateReasonData as JSON. `period` in seconds, as the alarm has it."""
    data: dict[str, Any] = {"version": "1.0", "queryDate": _iso(now)}
    if verdict.used:
        data["startDate"] = _iso(verdict.used[-1].at)
    if rule.unit:
        data["unit"] = rule.unit
    percentile = rule.statistic.startswith("p")
    data["extendedStatistic" if percentile else "statistic"] = rule.statistic
    data["period"] = period
    data["recentDatapoints"] = [one.value for one in reversed(verdict.used)]
    data["threshold"] = rule.threshold
    data["evaluatedDatapoints"] = [
        {"timestamp": _iso(one.at), "sampleCount": one.count, "value": one.value}
        for one in verdict.used
    ]
    return json.dumps(data, separators=(",", ":"))


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d/%m/%y %H:%M:%S")


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
