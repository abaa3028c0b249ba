"""The controller of alarms: one pass evaluates all of them, once a minute of region time.

An alarm whose topic is encrypted with a key that CloudWatch may not use has a pass of its own,
which reports that before the alarm is ever needed.

A period of 60 seconds is one minute of region time long; data points have wall-clock times.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from drydock.region.services.cloudwatch.controller import actions, words
from drydock.region.services.cloudwatch.controller.evaluation import (
    EXTRA,
    OPERATORS,
    Rule,
    datapoints,
    evaluate,
)
from drydock.region.services.cloudwatch.operations.alarms import Seen
from drydock.region.services.cloudwatch.operations.backend import Key, Value
from drydock.region.services.kit.controller import DONE, Outcome, Requeue, TerminalError
from drydock.region.services.kit.parts import Parts

log = logging.getLogger(__name__)

_LATE = 0.25
"""Minutes after its end at which a minute is evaluated, so that its measurements have been written."""
_KEY = "alarms"


class AlarmController:
    """Evaluates metric alarms; composite ones stay as they are."""

    name = "alarms"
    wakes_on: frozenset[str] = frozenset()

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._minute = parts.minute
        self.resync = self._minute
        self._evaluated = 0.0
        self.on_evaluated: Callable[[], None] = lambda: None
        """Set by the daemon: wakes the controllers that act on alarms."""

    def all_keys(self) -> Iterable[str]:
        with self._store.locked():
            alarms = self._store.backend("cloudwatch").alarms.values()
            dumb = [one.alarm_arn for one in alarms if actions.hopeless(self._store, one)]
            return [_KEY, *dumb] if alarms else []

    def reconcile(self, key: str) -> Outcome:
        if key != _KEY:
            return self._look_at_actions(key)
        now = time.time()
        late = _LATE * self._minute
        end = math.floor((now - late) / self._minute) * self._minute
        if end > self._evaluated:
            self._evaluated = end
            with self._store.locked():
                if not self._store.backend("cloudwatch").alarms:
                    return DONE
                self._evaluate_all(end)
            self.on_evaluated()
        return Requeue(max(0.01, end + self._minute + late - time.time()))

    def close(self) -> None:
        """Do nothing: the controller runs nothing of its own."""

    def _look_at_actions(self, arn: str) -> Outcome:
        with self._store.locked():
            alarms = self._store.backend("cloudwatch").alarms.values()
            alarm = next((one for one in alarms if one.alarm_arn == arn), None)
            found = actions.hopeless(self._store, alarm) if alarm is not None else []
        if found:
            # a command that waits for the stack goes on: it is complete without the message
            raise TerminalError("; ".join(found), lasting=False)
        return DONE

    def _evaluate_all(self, end: float) -> None:
        backend = self._store.backend("cloudwatch")
        alarms = [one for one in backend.alarms.values() if one.rule is None]
        known = [alarm for alarm in alarms if _unknown(alarm) is None]
        since = end - max((self._span(alarm) for alarm in known), default=0.0)
        values = backend.values({_key(alarm) for alarm in known}, since)
        changed = False
        for alarm in alarms:
            changed = self._evaluate(alarm, values, end) or changed
        if changed:
            self._store.changed("cloudwatch")

    def _length(self, alarm: Any) -> float:
        return int(alarm.period) / 60 * self._minute

    def _span(self, alarm: Any) -> float:
        return (int(alarm.evaluation_periods) + EXTRA + 1) * self._length(alarm)

    def _evaluate(self, alarm: Any, values: Mapping[Key, list[Value]], end: float) -> bool:
        """Evaluate an alarm; return whether its state changed."""
        backend = self._store.backend("cloudwatch")
        if (why := _unknown(alarm)) is not None:
            return self._enter(alarm, "INSUFFICIENT_DATA", why, "")
        rule, length = _rule(alarm), self._length(alarm)
        # a longer period ends with the last minute, as CloudWatch's do
        points = datapoints(rule, values[_key(alarm)], end, length)
        verdict = evaluate(rule, points, alarm.state_value)
        newest = verdict.used[0].value if verdict.used else None
        backend.seen[alarm.name] = Seen(end, newest)
        if verdict.state == alarm.state_value:
            return False
        reason = words.reason(rule, verdict, alarm.state_value)
        data = words.reason_data(rule, verdict, int(alarm.period), time.time())
        return self._enter(alarm, verdict.state, reason, data)

    def _enter(self, alarm: Any, state: str, reason: str, data: str) -> bool:
        before = alarm.state_value
        if (before, alarm.state_reason) == (state, reason):
            return False
        if before == state:  # no transition: only why it is so
            alarm.state_reason = reason
            return True
        backend = self._store.backend("cloudwatch")
        backend.set_state(alarm, state, reason, data)
        if alarm.actions_enabled:
            for action in actions.of(alarm, state):
                why = actions.execute(self._store, alarm, action, before)
                if why is not None:
                    fields = {"alarm": alarm.name, "action": action, "why": why}
                    log.warning("alarm's action failed", extra=fields)
                backend.acted(alarm, action, why)
        return True


def _unknown(alarm: Any) -> str | None:
    """Return why the local region cannot evaluate an alarm; None if it can."""
    if alarm.metric_data_queries:
        return (
            "Insufficient Data: the local region evaluates no metric math and no Metrics Insights."
        )
    if alarm.comparison_operator not in OPERATORS:
        return "Insufficient Data: the local region has no anomaly detection."
    return None


def _key(alarm: Any) -> Key:
    dimensions = tuple(sorted((one.name, one.value or "") for one in alarm.dimensions))
    return (alarm.namespace, alarm.metric_name, dimensions)


def _rule(alarm: Any) -> Rule:
    periods = int(alarm.evaluation_periods)
    return Rule(
        statistic=str(alarm.statistic or alarm.extended_statistic),
        comparison=alarm.comparison_operator,
        threshold=float(alarm.threshold),
        periods=periods,
        datapoints=int(alarm.datapoints_to_alarm or periods),
        missing=alarm.treat_missing_data or "missing",
        unit=alarm.unit or None,
    )
