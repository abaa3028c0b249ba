"""CloudWatch's alarms: their state, which a controller observes, and their history.

moto 5.2.5 evaluates none, starts them as OK, forgets state and history when one is put again, lacks
DescribeAlarmHistory, and DescribeAlarms applies only one of its filters.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import Alarm
from moto.cloudwatch.models import CloudWatchBackend as TheirBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from drydock.region.services.cloudwatch.operations import alarm_checks

_KEPT = 2000
_OUR_NAMES = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp")


@dataclass
class HistoryItem:
    """One line of an alarm's history; it outlives the alarm."""

    alarm_name: str
    kind: str
    """ConfigurationUpdate, StateUpdate, Action."""
    summary: str
    data: str
    """JSON."""
    alarm_type: str = "MetricAlarm"
    timestamp: datetime = field(default_factory=utcnow)

    def shown(self) -> dict[str, Any]:
        """Return the item as API_AlarmHistoryItem,
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AlarmHistoryItem.html
        """
        return {
            "AlarmName": self.alarm_name,
            "AlarmType": self.alarm_type,
            "HistoryItemType": self.kind,
            "HistorySummary": self.summary,
            "HistoryData": self.data,
            "Timestamp": self.timestamp,
        }


@dataclass(frozen=True)
class Seen:
    """The data of an alarm's last evaluation, for a scaling policy."""

    at: float
    """Seconds since 1970."""
    value: float | None
    """The newest data point."""


class AlarmBackend(TheirBackend):
    """The alarms' part of the CloudWatch backend.

    Alarms keep their state and history when put again.
    """

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.history: list[HistoryItem] = []
        self.seen: dict[str, Seen] = {}
        """By alarm name; only of alarms that were evaluated."""

    def put_metric_alarm(self, name: str, *args: Any, **kwargs: Any) -> Alarm:
        """PutMetricAlarm: change the configuration, keep the state; tags apply only to a new alarm."""
        if not kwargs.get("rule"):
            alarm_checks.check(kwargs)
        before = self.alarms.get(name)
        if before is not None:
            kwargs["tags"] = None
        alarm = super().put_metric_alarm(name, *args, **kwargs)
        if before is not None:
            for attribute in _OUR_NAMES:
                setattr(alarm, attribute, getattr(before, attribute))
        else:
            alarm.state_value = "INSUFFICIENT_DATA"
            alarm.state_reason_data = ""
        what = "updated" if before is not None else "created"
        self._record_history(
            alarm, "ConfigurationUpdate", f'Alarm "{name}" {what}', {"type": what.title()}
        )
        return alarm

    def delete_alarms(self, alarm_names: list[str]) -> None:
        for name in alarm_names:
            alarm = self.alarms.get(name)
            if alarm is not None:
                summary = f'Alarm "{name}" deleted'
                self._record_history(alarm, "ConfigurationUpdate", summary, {"type": "Delete"})
                self.tagger.delete_all_tags_for_resource(alarm.alarm_arn)
            self.seen.pop(name, None)
        super().delete_alarms(alarm_names)

    def set_state(self, alarm: Alarm, state: str, reason: str, data: str) -> None:
        """Change the state, and add a history item. `data`: JSON, or empty."""
        old = _state(alarm.state_value, alarm.state_reason, alarm.state_reason_data)
        summary = f"Alarm updated from {alarm.state_value} to {state}"
        alarm.state_value, alarm.state_reason, alarm.state_reason_data = state, reason, data
        alarm.state_updated_timestamp = utcnow()
        new = _state(state, reason, data)
        self._record_history(alarm, "StateUpdate", summary, {"oldState": old, "newState": new})

    def set_alarm_state(
        self, alarm_name: str, reason: str, reason_data: str, state_value: str
    ) -> None:
        """SetAlarmState, until the next evaluation; validated by moto."""
        alarm = self.alarms.get(alarm_name)
        if alarm is None:
            super().set_alarm_state(alarm_name, reason, reason_data, state_value)
            return
        before = (*(getattr(alarm, name) for name in _OUR_NAMES),)
        super().set_alarm_state(alarm_name, reason, reason_data, state_value)
        for name, value in zip(_OUR_NAMES, before, strict=True):
            setattr(alarm, name, value)
        if state_value != alarm.state_value:
            self.set_state(alarm, state_value, reason, reason_data or "")

    def acted(self, alarm: Alarm, action: str, error: str | None) -> None:
        """Record in the history that an action was executed, or its error.

        https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger
        """
        done = "Failed to execute" if error else "Successfully executed"
        data = {"actionState": "Failed" if error else "Succeeded", "notificationResource": action}
        summary = f"{done} action {action}"
        if error:
            data["error"] = error
            summary += f'. Received error: "{error}"'
        self._record_history(alarm, "Action", summary, data)

    def _record_history(self, alarm: Alarm, kind: str, summary: str, data: dict[str, Any]) -> None:
        text = json.dumps({"version": "1.0", **data}, separators=(",", ":"))
        item = HistoryItem(alarm.name, kind, summary, text)
        if alarm.rule is not None:
            item.alarm_type = "CompositeAlarm"
        self.history = [item, *self.history][:_KEPT]


def _state(value: str, reason: str, data: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"stateValue": value, "stateReason": reason}
    if data:
        shown["stateReasonData"] = json.loads(data)
    return shown


class AlarmResponse(CloudWatchResponse):
    """DescribeAlarms with all its filters, and DescribeAlarmHistory."""

    def describe_alarms(self) -> ActionResult:
        """Answer
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
        """
        names, kinds = self._get_param("AlarmNames", []), self._get_param("AlarmTypes", [])
        state, prefix = self._get_param("StateValue"), self._get_param("AlarmNamePrefix") or ""
        action = self._get_param("ActionPrefix") or ""
        found = [
            alarm
            for alarm in self.cloudwatch_backend.alarms.values()
            if (not names or alarm.name in names)
            and state in (None, alarm.state_value)
            and alarm.name.startswith(prefix)
            and (not action or any(one.startswith(action) for one in alarm.alarm_actions))
        ]
        start = int(self._get_param("NextToken") or 0)
        end = start + int(self._get_param("MaxRecords") or 50)
        page = found[start:end]
        metric = [
            one for one in page if one.rule is None and "MetricAlarm" in (kinds or ["MetricAlarm"])
        ]
        composite = [one for one in page if one.rule is not None and "CompositeAlarm" in kinds]
        result: dict[str, Any] = {"MetricAlarms": metric, "CompositeAlarms": composite}
        if end < len(found):
            result["NextToken"] = str(end)
        return ActionResult(result)

    def describe_alarm_history(self) -> ActionResult:
        """Answer
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html
        """
        backend: Any = self.cloudwatch_backend
        name, kind = self._get_param("AlarmName"), self._get_param("HistoryItemType")
        since, until = _naive(self._get_param("StartDate")), _naive(self._get_param("EndDate"))
        types = self._get_param("AlarmTypes", []) or ["MetricAlarm"]
        found = [
            item
            for item in backend.history
            if name in (None, item.alarm_name)
            and kind in (None, item.kind)
            and item.alarm_type in types
            and (since is None or item.timestamp >= since)
            and (until is None or item.timestamp <= until)
        ]
        if self._get_param("ScanBy") == "TimestampAscending":
            found.reverse()
        start = int(self._get_param("NextToken") or 0)
        end = start + int(self._get_param("MaxRecords") or 100)
        result: dict[str, Any] = {"AlarmHistoryItems": [one.shown() for one in found[start:end]]}
        if end < len(found):
            result["NextToken"] = str(end)
        return ActionResult(result)


def _naive(moment: datetime | None) -> datetime | None:
    """Return a time in UTC without a zone, as moto keeps times."""
    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)
