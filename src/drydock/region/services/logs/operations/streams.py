"""Log streams whose events are on disk (`api/bulk`), so that new lines change no record.

moto 5.2.5 keeps every event for ever as an object in its stream.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.core.utils import unix_time_millis
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogEvent, LogStream

from drydock.region.api import bulk
from drydock.region.api.bulk.events import Kept, Line
from drydock.region.api.bulk.walking import FOREVER, Event, Passed, Position, Span, Walk

PAGE = 1024 * 1024
"""Bytes of the events of one answer, with `OVERHEAD` for each; the rest is left to the next token.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
"""
OVERHEAD = 26
MOST = 10_000
"""Events of one answer."""


class Events:
    """A stream's events as moto's records, read while they are iterated over."""

    def __init__(self, uid: str) -> None:
        self._uid = uid

    def __iter__(self) -> Iterator[LogEvent]:
        for one in bulk.current().logs.walk(self._uid, Span()):
            if isinstance(one, Event):
                yield record(one)

    def __len__(self) -> int:
        return bulk.current().logs.kept(self._uid).events


class Stream(LogStream):
    """A stream of moto's without events of its own; `uid` identifies its events on disk."""

    uid: str

    @classmethod
    def take_over(cls, stream: LogStream) -> None:
        """Convert moto's stream into one of ours, with the events that it has."""
        if isinstance(stream, cls):
            return
        state = dict(vars(stream))
        stream.__class__ = cls
        vars(stream).clear()
        stream.__setstate__(state)  # type: ignore[attr-defined]

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the stream, also from an earlier version that saved events in columns or in rows."""
        events = state.pop("events", ())
        for name in ("stored_bytes", "upload_sequence_token", "last_ingestion_time"):
            state.pop(name, None)
        vars(self).update(state)
        if "uid" not in state:
            self.uid = uuid4().hex
        logs = bulk.current().logs
        logs.adopt(self.uid)
        if lines := list(_lines(events)):
            logs.put(self.uid, lines)

    @property
    def kept(self) -> Kept:
        """The stored extent of the stream, with what was written until now."""
        return bulk.current().logs.kept(self.uid)

    @property
    def alive(self) -> bool:
        """Whether the stream was not deleted."""
        return bulk.current().logs.has(self.uid)

    @property
    def events(self) -> Any:
        return Events(self.uid)

    @events.setter
    def events(self, _: object) -> None:
        """Ignore moto's own list."""

    @property
    def stored_bytes(self) -> int:  # type: ignore[override]
        return self.kept.size

    @property
    def upload_sequence_token(self) -> int:  # type: ignore[override]
        return self.kept.writes

    @property
    def last_ingestion_time(self) -> datetime | None:  # type: ignore[override]
        kept = self.kept
        if not kept.writes:
            return None
        return datetime.fromtimestamp(kept.ingested / 1000, UTC).replace(tzinfo=None)

    def _update(self) -> None:
        kept = self.kept
        self.first_event_timestamp: Any = kept.oldest if kept.events else None
        self.last_event_timestamp: Any = kept.newest if kept.events else None

    def to_describe_dict(self) -> dict[str, Any]:
        kept = self.kept
        found = {
            "arn": self.arn,
            "creationTime": int(unix_time_millis(self.creation_time)),
            "logStreamName": self.log_stream_name,
            "storedBytes": kept.size,
        }
        if kept.events:
            found.update(
                firstEventTimestamp=kept.oldest,
                lastEventTimestamp=kept.newest,
                lastIngestionTime=kept.ingested,
                uploadSequenceToken=str(kept.writes),
            )
        return found

    def put_log_events(self, log_events: list[dict[str, Any]]) -> str:
        """PutLogEvents, on disk when it returns; then sent to subscribers. Raises StorageFailed."""
        lines = [(int(one["timestamp"]), str(one["message"])) for one in log_events]
        first = bulk.current().logs.put(self.uid, lines)
        for subscription in self.log_group.subscription_filters.values():
            self._send_log_events(
                service=subscription.destination_arn.split(":")[2],
                destination_arn=subscription.destination_arn,
                filter_name=subscription.name,
                log_events=[
                    {"id": number, "timestamp": at, "message": text}
                    for number, (at, text) in enumerate(lines, first)
                ],
            )
        return f"{self.kept.writes:056d}"

    def get_log_events(
        self,
        start_time: Any,
        end_time: Any,
        limit: Any,
        next_token: str | None,
        start_from_head: Any,
    ) -> tuple[list[dict[str, Any]], str | None, str | None]:
        """Return a page and the tokens of the previous and the next page.

        Tokens are positions, which stay valid when the oldest events are dropped.
        """
        most = MOST if limit is None else max(0, int(limit))
        direction, here = _position(next_token)
        back = direction == "b" or (direction is None and not start_from_head)
        walk = bulk.current().logs.walk(
            self.uid,
            Span(
                since=start_time or -FOREVER,
                until=end_time or FOREVER,
                after=here if direction == "f" else None,
                before=here if direction == "b" else None,
                descending=back,
            ),
        )
        page = take(walk, most)
        if back:
            page.reverse()
        if not page:
            here = here or Position(0, 0)
            after = Position(here.at, here.id - 1) if direction == "b" else here
            before = Position(here.at, here.id + 1) if direction == "f" else here
            return [], _token("b", before), _token("f", after)
        events = [record(one).to_response_dict() for one in page]
        return events, _token("b", page[0]), _token("f", page[-1])


def take(walk: Walk, most: int) -> list[Event]:
    """Return the events of one page."""
    found: list[Event] = []
    left = PAGE
    for one in walk if most else ():
        if isinstance(one, Passed):
            continue
        left -= len(one.message) + OVERHEAD
        if left < 0 and found:
            break
        found.append(one)
        if len(found) == most:
            break
    return found


def record(one: Event) -> LogEvent:
    """Return an event as moto's record."""
    event: LogEvent = object.__new__(LogEvent)
    event.event_id, event.ingestion_time = one.id, one.ingested
    event.timestamp, event.message = one.at, one.message
    return event


def _token(direction: str, here: Event | Position) -> str:
    return f"{direction}/{here.at:020d}-{here.id:035d}"


def _position(token: str | None) -> tuple[str | None, Position | None]:
    """Parse a token into direction and position. Raises InvalidParameterException."""
    if token is None:
        return None, None
    try:
        at, _, number = token[2:].rpartition("-")
        return {"f/": "f", "b/": "b"}[token[:2]], Position(int(at), int(number))
    except (ValueError, KeyError) as error:
        raise InvalidParameterException(msg="The specified nextToken is invalid.") from error


def _lines(events: Sequence[Any]) -> Iterator[Line]:
    """Yield lines of moto's records, of rows (id, ingested, time, text), or of columns of these."""
    if isinstance(events, tuple):
        rows: Sequence[Any] = list(zip(*events, strict=True))
    else:
        rows = events
    for one in rows:
        if isinstance(one, LogEvent):
            yield one.timestamp, one.message
        else:
            yield one[2], one[3]
