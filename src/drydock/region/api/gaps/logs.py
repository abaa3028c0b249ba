"""CloudWatch Logs: a way in for controllers, and a bound on what is kept.

moto 5.2.5 keeps every event for ever, counts event ids per process, so that two runs of a region would
give two events one id, and searches every stream whatever `logStreamNamePrefix` FilterLogEvents has.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any

from moto.core.utils import utcnow
from moto.logs import urls as their_urls
from moto.logs.exceptions import InvalidParameterException
from moto.logs.exceptions import ResourceNotFoundException as LogGroupMissing
from moto.logs.models import LogEvent, LogStream, logs_backends
from moto.logs.models import LogsBackend as TheirBackend
from moto.logs.responses import LogsResponse

from drydock.region.api.gaps import overlay

__all__ = ["LogGroupMissing", "LogsBackend", "install"]

KEPT_PER_STREAM = 20_000
"""Events; the oldest go first. CloudWatch keeps what the group's retention says, we what memory allows."""


class Stream(LogStream):
    """A stream whose events are saved as plain columns, several times faster than as objects, or as
    rows: of these the garbage collector would look at each."""

    def __getstate__(self) -> dict[str, Any]:
        events = self.events
        columns = (
            [one.event_id for one in events],
            [one.ingestion_time for one in events],
            [one.timestamp for one in events],
            [one.message for one in events],
        )
        return {**vars(self), "events": columns}

    def __setstate__(self, state: dict[str, Any]) -> None:
        columns = state.pop("events")
        if isinstance(columns, list):  # rows, of a region that an earlier version saved
            columns = tuple(zip(*columns, strict=True))
        vars(self).update(state)
        self.events = [_event(*row) for row in zip(*columns, strict=True)]

    def take(self, events: Sequence[tuple[int, str]]) -> None:
        """What PutLogEvents does where nobody has subscribed, in half of moto's time: no dictionary
        for each event, no list of all that were ever made."""
        self.last_ingestion_time = utcnow()
        ingested = int(time.time() * 1000)
        first = LogEvent._event_id
        LogEvent._event_id += len(events)
        self.events += [
            _event(number, ingested, at, text) for number, (at, text) in enumerate(events, first)
        ]
        self.stored_bytes += sum(len(text) for _, text in events)
        self.upload_sequence_token += 1


def _event(event_id: int, ingestion_time: int, timestamp: int, message: str) -> LogEvent:
    event: LogEvent = object.__new__(LogEvent)
    event.event_id, event.ingestion_time = event_id, ingestion_time
    event.timestamp, event.message = timestamp, message
    return event


def _forget_oldest(stream: LogStream) -> None:
    if len(stream.events) > KEPT_PER_STREAM:
        del stream.events[: len(stream.events) - KEPT_PER_STREAM]


class LogsBackend(TheirBackend):
    """Log groups, streams and events."""

    @property
    def _url_module(self) -> Any:
        return overlay.urls(their_urls, Responses)

    def open_stream(self, group: str, stream: str, *, create_group: bool = False) -> None:
        """Make the stream if it is not there, as the awslogs driver does when a task starts.

        `create_group` is the driver's `awslogs-create-group`. Raises LogGroupMissing, whose `message`
        is CloudWatch's own.
        """
        if create_group and group not in self.groups:
            self.create_log_group(group, {})
        self.ensure_log_stream(group, stream)

    def create_log_stream(self, log_group_name: str, log_stream_name: str) -> None:
        super().create_log_stream(log_group_name, log_stream_name)
        self.groups[log_group_name].streams[log_stream_name].__class__ = Stream

    def write_events(self, group: str, stream: str, events: Iterable[tuple[int, str]]) -> None:
        """Append (milliseconds since 1970, text) in the order they happened.

        Events with times out of order are put in order, as PutLogEvents demands it of its callers.
        Raises LogGroupMissing: no such group, or its stream was deleted.
        """
        ordered = sorted(events, key=lambda event: event[0])
        if not ordered:
            return
        if group not in self.groups or stream not in self.groups[group].streams:
            raise LogGroupMissing("The specified log group or log stream does not exist.")
        found = self.groups[group].streams[stream]
        if isinstance(found, Stream) and not self.groups[group].subscription_filters:
            found.take(ordered)
            _forget_oldest(found)
            return
        self.put_log_events(
            group, stream, [{"timestamp": ms, "message": text} for ms, text in ordered]
        )

    def put_log_events(
        self, log_group_name: str, log_stream_name: str, log_events: list[dict[str, Any]]
    ) -> tuple[str, dict[str, Any]]:
        answer = super().put_log_events(log_group_name, log_stream_name, log_events)
        _forget_oldest(self.groups[log_group_name].streams[log_stream_name])
        LogEvent.instances_tracked.clear()  # type: ignore[attr-defined]
        return answer

    def continue_event_ids(self) -> None:
        """After a restore: let new events have ids that no old one has."""
        newest = max(
            (
                event.event_id
                for group in self.groups.values()
                for stream in group.streams.values()
                for event in stream.events
            ),
            default=-1,
        )
        LogEvent._event_id = max(LogEvent._event_id, newest + 1)


class Responses(LogsResponse):
    """Logs' operations on our backend."""

    def filter_log_events(self) -> str:
        """FilterLogEvents: by the streams' names or the beginning of their names, never both.

        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
        """
        prefix = self._get_param("logStreamNamePrefix")
        if not prefix:
            return super().filter_log_events()
        if self._get_param("logStreamNames"):
            raise InvalidParameterException(
                msg="logStreamNames and logStreamNamePrefix cannot be given together."
            )
        name = self._get_param("logGroupName")
        group = self.logs_backend.groups.get(name)
        streams = [one for one in (group.streams if group else ()) if one.startswith(prefix)]
        if group is not None and not streams:
            return json.dumps({"events": [], "searchedLogStreams": []})
        events, token, searched = self.logs_backend.filter_log_events(
            name,
            streams,
            self._get_param("startTime"),
            self._get_param("endTime"),
            self._get_param("limit"),
            self._get_param("nextToken"),
            self._get_param("filterPattern"),
            self._get_param("interleaved", False),
        )
        found = {"events": events, "nextToken": token, "searchedLogStreams": searched}
        return json.dumps(found)


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(logs_backends, LogsBackend)
