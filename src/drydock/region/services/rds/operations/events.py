"""RDS's events of clusters and instances, recorded by the controller.

moto 5.2.5 has events of snapshots only, and DescribeEvents ignores its times and categories.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.utils import utcnow
from moto.rds.exceptions import InvalidParameterCombination
from moto.rds.models import RDSBackend

_KEPT = timedelta(days=14)
_MOST = 2000
_LAST_HOUR = 60
"""Minutes that DescribeEvents looks back by default."""


@dataclass
class Event:
    """An event as DescribeEvents shows it."""

    source_identifier: str
    source_type: str
    message: str
    event_categories: list[str]
    source_arn: str
    date: datetime = field(default_factory=utcnow)


class EventOperations(RDSBackend):
    """The events' part of the RDS backend."""

    events: list[Any]

    def record_event(self, resource: Any, message: str, *categories: str) -> None:
        """Record an event of a cluster, an instance or a snapshot of either."""
        kind = {
            "cluster": "db-cluster",
            "db": "db-instance",
            "snapshot": "db-snapshot",
            "cluster-snapshot": "db-cluster-snapshot",
        }[resource.resource_type]
        self.events.append(
            Event(resource.resource_id, kind, message, list(categories), resource.arn)
        )
        oldest = utcnow() - _KEPT
        self.events[:] = [one for one in self.events if one.date > oldest][-_MOST:]

    def describe_events(
        self,
        source_identifier: str | None = None,
        source_type: str | None = None,
        start_time: Any = None,
        end_time: Any = None,
        duration: int | None = None,
        event_categories: Sequence[str] | None = None,
        **_: Any,
    ) -> list[Any]:
        """DescribeEvents: by default of the last hour; the oldest first."""
        if source_identifier is not None and source_type is None:
            raise InvalidParameterCombination(
                "Cannot specify source identifier without source type"
            )
        end = _time(end_time) or utcnow()
        begin = _time(start_time) or end - timedelta(minutes=int(duration or _LAST_HOUR))
        wanted = set(event_categories or ())
        return [
            one
            for one in self.events
            if begin <= one.date <= end
            and source_identifier in (None, one.source_identifier)
            and source_type in (None, one.source_type)
            and (not wanted or wanted.intersection(one.event_categories))
        ]


def _time(value: Any) -> datetime | None:
    """Return a request's time in UTC and without a zone, as moto keeps times."""
    if value is None:
        return None
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
