"""Compute when at(), rate() and cron() schedules are due, by the wall clock. Pure functions.

https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = {name.upper(): n for n, name in enumerate(calendar.month_abbr) if name}
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_RATES = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
_LOOK_AHEAD_DAYS = 5 * 366
_LOOK_BACK = timedelta(minutes=10)
"""What a region missed in a longer sleep is not made up for."""
_FIELDS: tuple[tuple[str, int, int, Mapping[str, int]], ...] = (
    ("minutes", 0, 59, {}),
    ("hours", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 1, 7, _DAYS),
    ("year", 1970, 2199, {}),
)


@dataclass(frozen=True)
class Schedule:
    """A parsed schedule expression."""

    kind: str
    """at, rate, cron."""
    at: datetime | None = None
    every: float = 0.0
    """Seconds."""
    cron: tuple[str, ...] = ()


def parse(expression: str, zone: str = "UTC") -> Schedule:
    """Parse an expression. Raises ValueError: an unknown form, or no such time zone."""
    place = _zone(zone)
    match = re.fullmatch(r"(at|rate|cron)\((.*)\)", expression.strip())
    if match is None:
        raise ValueError(expression)
    kind, inside = match[1], match[2].strip()
    if kind == "at":
        moment = datetime.fromisoformat(inside)
        return Schedule("at", at=moment.replace(tzinfo=place).astimezone(UTC))
    if kind == "rate":
        rate = re.fullmatch(r"([1-9]\d*) (minute|hour|day)s?", inside)
        if rate is None:
            raise ValueError(expression)
        return Schedule("rate", every=int(rate[1]) * _RATES[rate[2]])
    fields = tuple(inside.split())
    if len(fields) != len(_FIELDS):
        raise ValueError(expression)
    for field, (_, least, most, names) in zip(fields, _FIELDS, strict=True):
        if field not in ("*", "?", "L") and not re.fullmatch(r"L|\d+W|\w+#\d|\w+L", field):
            _values(field, least, most, names)
    return Schedule("cron", cron=fields)


def is_due(
    schedule: Schedule,
    since: datetime,
    now: datetime,
    *,
    zone: str = "UTC",
    begins: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
) -> bool:
    """Return whether the schedule is due after `since` and until `now`. All times have a zone.

    `begins`: when the action was made, from which a rate without a start counts; `start` and `end`
    bound recurring ones.
    """
    if schedule.kind == "at":
        return schedule.at is not None and since < schedule.at <= now
    since = max(since, now - _LOOK_BACK)
    if schedule.kind == "rate":
        first = start or begins
        passed = (now - first).total_seconds() // schedule.every
        due = first + timedelta(seconds=passed * schedule.every)
        earliest = 0 if start is not None else 1
        return passed >= earliest and since < due and (end is None or due <= end)
    moment = since.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while moment <= now:
        inside = (start is None or moment >= start) and (end is None or moment <= end)
        if inside and _matches(schedule.cron, moment.astimezone(_zone(zone))):
            return True
        moment += timedelta(minutes=1)
    return False


def next_match(schedule: Schedule, after: datetime) -> datetime | None:
    """Return when a cron schedule in UTC is due next; None: not within five years.

    `after` has a zone.
    """
    _, hours, *day_fields = schedule.cron
    minutes = sorted(_values(schedule.cron[0], 0, 59, {}))
    midnight = after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(_LOOK_AHEAD_DAYS):
        if _matches(("*", "*", *day_fields), midnight):
            for hour in sorted(_values(hours, 0, 23, {})):
                for minute in minutes:
                    moment = midnight.replace(hour=hour, minute=minute)
                    if moment > after:
                        return moment
        midnight += timedelta(days=1)
    return None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(name) from error


def _matches(fields: tuple[str, ...], moment: datetime) -> bool:
    weekday = moment.isoweekday() % 7 + 1
    seen = (moment.minute, moment.hour, moment.day, moment.month, weekday, moment.year)
    for index, (field, value) in enumerate(zip(fields, seen, strict=True)):
        _, least, most, names = _FIELDS[index]
        if index == 2 and re.fullmatch(r"L|\d+W", field):
            if not _special_day(field, moment):
                return False
        elif index == 4 and re.fullmatch(r"\w+#\d|\w*L", field):
            if not _special_weekday(field, moment, weekday):
                return False
        elif value not in _values(field, least, most, names):
            return False
    return True


def _special_day(field: str, moment: datetime) -> bool:
    """Match a special day of the month. L: the last day; 15W: the weekday nearest to the 15th."""
    last = calendar.monthrange(moment.year, moment.month)[1]
    if field == "L":
        return moment.day == last
    day = min(int(field[:-1]), last)
    weekday = calendar.weekday(moment.year, moment.month, day)
    if weekday == calendar.SATURDAY:
        day = day - 1 if day > 1 else day + 2
    elif weekday == calendar.SUNDAY:
        day = day + 1 if day < last else day - 2
    return moment.day == day


def _special_weekday(field: str, moment: datetime, weekday: int) -> bool:
    """Match a special weekday. 6#3: the month's third Friday; 6L: its last; L: Saturday."""
    if field == "L":
        return weekday == 7
    name, _, number = field.partition("#")
    wanted = name if number else field[:-1]
    if weekday != (_DAYS.get(wanted.upper()) or int(wanted)):
        return False
    if number:
        return (moment.day - 1) // 7 + 1 == int(number)
    return moment.day + 7 > calendar.monthrange(moment.year, moment.month)[1]


def _values(field: str, least: int, most: int, names: Mapping[str, int]) -> set[int]:
    """Return the values of lists, ranges and increments.

    Raises ValueError when it is none of these.
    """
    if field in ("*", "?"):
        return set(range(least, most + 1))
    found: set[int] = set()
    for part in field.upper().split(","):
        body, _, step = part.partition("/")
        first, _, last = body.partition("-")
        every = first == "*" or (not first and bool(step))
        begin = least if every else names.get(first) or int(first)
        until = (names.get(last) or int(last)) if last else (most if step or every else begin)
        found |= set(range(begin, until + 1, int(step or 1)))
    if not found or not found <= set(range(least, most + 1)):
        raise ValueError(field)
    return found
