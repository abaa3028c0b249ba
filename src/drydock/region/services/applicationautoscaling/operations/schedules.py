"""Validation of PutScheduledAction. Pure.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from moto.applicationautoscaling.exceptions import AWSValidationException

_FORMS = re.compile(
    r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)"
    r"|rate\([1-9]\d* (minute|minutes|hour|hours|day|days)\)"
    r"|cron\(\S+( \S+){5}\)"
)


def check(action: Mapping[str, Any]) -> None:
    """Raise AWSValidationException for an invalid action. `action`: moto's names of the parameters."""
    schedule, zone = action.get("schedule"), action.get("timezone")
    if schedule is not None and not _FORMS.fullmatch(schedule):
        raise AWSValidationException(f"Failed to parse schedule: {schedule}")
    if zone is not None and zone not in available_timezones():
        raise AWSValidationException(f"Timezone {zone} is not valid.")
    bounds = action.get("scalable_target_action") or {}
    least, most = bounds.get("MinCapacity"), bounds.get("MaxCapacity")
    if schedule is not None and least is None and most is None:
        raise AWSValidationException(
            "Minimum capacity or maximum capacity must be specified for a scheduled action."
        )
    if least is not None and most is not None and most < least:
        raise AWSValidationException("Maximum capacity cannot be less than minimum capacity.")
