"""The rotation schedule of a managed master password: every so many days, or an expression.

moto 5.2.5 keeps only AutomaticallyAfterDays and never rotates by itself.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.secretsmanager.exceptions import InvalidParameterException
from moto.secretsmanager.models import FakeSecret

from drydock.region.services.kit.schedule import Schedule, next_match, parse

DAYS = 7
"""The default number of days after which RDS rotates the password that it manages."""
_DAY = 86400
_LEAST, _MOST = 4 * 3600.0, 999 * float(_DAY)
"""The bounds of a rate(), in seconds."""
_DURATION = re.compile(r"([1-9]|1\d|2[0-4])h")


class ManagedSecret(FakeSecret):
    """A secret whose password RDS sets, with its rotation rules."""

    schedule_expression = ""
    """rate() or cron() in UTC; empty: `auto_rotate_after_days` counts."""
    rotation_window = ""
    """Stored and shown; a rotation happens where its window begins."""

    def to_dict(self) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_dict()
        if self.rotation_requested and self.schedule_expression:
            shown["RotationRules"] = {"ScheduleExpression": self.schedule_expression}
        if self.rotation_requested and self.rotation_window:
            shown["RotationRules"]["Duration"] = self.rotation_window
        return shown


def set_rules(secret: Any, rules: Mapping[str, Any]) -> None:
    """Change the rotation rules of a managed secret. Raises InvalidParameterException."""
    days, expression = rules.get("AutomaticallyAfterDays"), rules.get("ScheduleExpression")
    window = rules.get("Duration") or ""
    if days is not None and expression:
        raise InvalidParameterException(
            "You can't specify both AutomaticallyAfterDays and ScheduleExpression."
        )
    if days is not None and not 1 <= int(days) <= 1000:
        raise InvalidParameterException(
            "RotationRules.AutomaticallyAfterDays must be within 1-1000."
        )
    if window and not _DURATION.fullmatch(window):
        raise InvalidParameterException(f"Invalid rotation window duration: {window}")
    if expression:
        _read(expression)
    secret.__class__ = ManagedSecret
    secret.rotation_window = window
    if expression or days is not None:
        secret.schedule_expression = expression or ""
        secret.auto_rotate_after_days = int(days or 0)
    set_next(secret)


def set_next(secret: Any) -> None:
    """Write the date of the next rotation, in AWS's days."""
    schedule = _schedule(secret)
    if schedule.kind == "rate":
        secret.next_rotation_date = int(_last(secret) + schedule.every)
        return
    moment = next_match(schedule, datetime.now(UTC))
    secret.next_rotation_date = int(moment.timestamp()) if moment is not None else None


def is_due(secret: Any, day: float) -> bool:
    """Return whether a rotation is due; a day lasts `day` seconds here, but cron() follows the
    clock.
    """
    if not secret.rotation_enabled:
        return False
    schedule = _schedule(secret)
    if schedule.kind == "cron":
        due = secret.next_rotation_date
        return due is not None and time.time() >= due
    return time.time() - _last(secret) > schedule.every / _DAY * day


def _schedule(secret: Any) -> Schedule:
    """Return the secret's rate or cron; every so many days where it has no expression."""
    if expression := getattr(secret, "schedule_expression", ""):
        return _read(expression)
    return Schedule("rate", every=float((secret.auto_rotate_after_days or DAYS) * _DAY))


def _last(secret: Any) -> float:
    """Return when the password was set last, in seconds since 1970."""
    return float(secret.last_rotation_date or secret.created_date or time.time())


def _read(expression: str) -> Schedule:
    """Parse an expression. Raises InvalidParameterException if Secrets Manager would refuse it."""
    refusal = InvalidParameterException(f"Invalid schedule expression: {expression}")
    try:
        schedule = parse(expression)
        if schedule.kind == "cron":
            on_the_hour = schedule.cron[0] == "0"
            valid = on_the_hour and next_match(schedule, datetime.now(UTC)) is not None
        else:
            valid = schedule.kind == "rate" and _LEAST <= schedule.every <= _MOST
    except ValueError as error:
        raise refusal from error
    if not valid:
        raise refusal
    return schedule
