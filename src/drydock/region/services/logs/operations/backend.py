"""The CloudWatch Logs backend: writing for controllers, and bounded events on disk (`api/bulk`).

moto 5.2.5 keeps every event for ever, counts event ids per process, so that two runs of a region
would give two events one id, and searches every stream whatever `logStreamNamePrefix`
FilterLogEvents has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from moto.logs.exceptions import InvalidParameterException
from moto.logs.exceptions import ResourceNotFoundException as LogGroupMissing
from moto.logs.models import LogGroup, LogQuery
from moto.logs.models import LogsBackend as TheirBackend
from moto.moto_api._internal import mock_random

from drydock.region.api import bulk, changes
from drydock.region.api.bulk.walking import FOREVER, Span
from drydock.region.services.logs.operations import search
from drydock.region.services.logs.operations.protection import ProtectionResponses
from drydock.region.services.logs.operations.streams import MOST, Stream

__all__ = ["LogGroupMissing", "LogsBackend", "Stream"]

_QUERIES = 100
"""Queries of Logs Insights that are kept, the newest, with their answers."""
_QUERY_ROWS = 20_000
"""Rows of all their answers together."""
_TAILED = 500
"""Events that StartLiveTail returns at once."""
_DAY = 86_400_000
"""In milliseconds."""


class LogsBackend(TheirBackend):
    """Log groups, streams and events."""

    def open_stream(self, group: str, stream: str, *, create_group: bool = False) -> None:
        """Make the stream if it does not exist, as the awslogs driver does when a task starts.

        `create_group` is the driver's `awslogs-create-group`. Raises LogGroupMissing, whose
        `message` is CloudWatch's own.
        """
        if create_group and group not in self.groups:
            self.create_log_group(group, {})
        self.ensure_log_stream(group, stream)

    def create_log_stream(self, log_group_name: str, log_stream_name: str) -> None:
        super().create_log_stream(log_group_name, log_stream_name)
        Stream.take_over(self.groups[log_group_name].streams[log_stream_name])
        if self.groups[log_group_name].retention_in_days:
            _retain(self.groups[log_group_name])

    def delete_log_stream(self, log_group_name: str, log_stream_name: str) -> None:
        group = self.groups.get(log_group_name)
        stream = group.streams.get(log_stream_name) if group else None
        super().delete_log_stream(log_group_name, log_stream_name)
        _release([stream])

    def delete_log_group(self, log_group_name: str) -> None:
        group = self.groups.get(log_group_name)
        super().delete_log_group(log_group_name)
        _release(group.streams.values() if group else ())

    def stream(self, group: str, stream: str) -> Stream:
        """Return a stream. Raises LogGroupMissing: no such group, or its stream was deleted."""
        found = self.groups[group].streams.get(stream) if group in self.groups else None
        if not isinstance(found, Stream):
            raise LogGroupMissing("The specified log group or log stream does not exist.")
        return found

    def write_events(self, group: str, stream: str, events: Iterable[tuple[int, str]]) -> None:
        """Append (milliseconds since 1970, text), on disk within 0.5 s; no record changes.

        Events are sorted by time first, as PutLogEvents requires of its callers. Raises
        LogGroupMissing: no such group, or its stream was deleted.
        """
        ordered = sorted(events, key=lambda event: event[0])
        if not ordered:
            return
        found = self.stream(group, stream)
        if not self.groups[group].subscription_filters:
            bulk.current().write_lines(found.uid, ordered)
            return
        for one in self.groups[group].subscription_filters.values():
            changes.touch(one.destination_arn.split(":")[2])
        self.put_log_events(
            group, stream, [{"timestamp": ms, "message": text} for ms, text in ordered]
        )

    def filter_log_events(
        self,
        log_group_name: str,
        log_stream_names: list[str],
        start_time: int,
        end_time: int,
        limit: int | None,
        next_token: str | None,
        filter_pattern: str,
        interleaved: bool,
    ) -> tuple[list[dict[str, Any]], str | None, list[dict[str, Any]]]:
        """FilterLogEvents, a page of at most 1 MiB as on AWS, with moto's patterns."""
        group = self.groups.get(log_group_name)
        if group is None:
            raise LogGroupMissing
        if limit and limit > MOST:
            raise InvalidParameterException(
                constraint="Member must have value less than or equal to 10000",
                parameter="limit",
                value=limit,
            )
        streams: Any = [
            stream
            for name, stream in group.streams.items()
            if not log_stream_names or name in log_stream_names
        ]
        span = Span(
            since=start_time or -FOREVER,
            until=end_time or FOREVER,
            needles=search.needles(filter_pattern),
        )
        events, token = search.filtered(
            group, streams, span, search.limit_of(limit), next_token, bool(interleaved)
        )
        searched = [
            {"logStreamName": one.log_stream_name, "searchedCompletely": True} for one in streams
        ]
        return events, token, searched

    def start_query(
        self, log_group_names: list[str], start_time: int, end_time: int, query_string: str
    ) -> str:
        """StartQuery; at most 10,000 rows, as CloudWatch's, and the oldest queries are dropped."""
        for name in log_group_names:
            if name not in self.groups:
                raise LogGroupMissing
        groups = [self.groups[name] for name in log_group_names]
        query_id = str(mock_random.uuid1())
        made = LogQuery(query_id, start_time, end_time, query_string, [])
        made.log_group_names = list(log_group_names)
        made.results = search.query(groups, query_string, start_time, end_time)
        self.queries[query_id] = made
        while len(self.queries) > 1 and (
            len(self.queries) > _QUERIES
            or sum(len(one.results) for one in self.queries.values()) > _QUERY_ROWS
        ):
            del self.queries[next(iter(self.queries))]
        return query_id

    def start_live_tail(
        self,
        log_group_identifiers: list[str],
        log_stream_names: list[str] | None,
        log_stream_name_prefixes: list[str] | None,
        log_event_filter_pattern: str | None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """StartLiveTail, validated by moto; returns the events that exist, the oldest first."""
        start, update = _Untold(self).start_live_tail(
            log_group_identifiers, log_stream_names, log_stream_name_prefixes, None
        )
        start["logEventFilterPattern"] = log_event_filter_pattern or ""
        groups = [self._find_live_tail_log_group(one) for one in log_group_identifiers]
        streams: Any = [
            (group, stream)
            for group in groups
            for stream in self._get_live_tail_streams(
                group, log_stream_names or [], log_stream_name_prefixes or []
            )
        ]
        told = search.tail(streams, log_event_filter_pattern or "", _TAILED + 1)
        update["sessionMetadata"] = {"sampled": len(told) > _TAILED}
        update["sessionResults"] = told[:_TAILED]
        return start, update

    def put_retention_policy(self, log_group_name: str, retention_in_days: str) -> None:
        super().put_retention_policy(log_group_name, retention_in_days)
        _retain(self.groups[log_group_name])

    def delete_retention_policy(self, log_group_name: str) -> None:
        super().delete_retention_policy(log_group_name)
        _retain(self.groups[log_group_name])

    def continue_event_ids(self) -> None:
        """Convert streams that an earlier version saved as moto's, after a restore."""
        for group in self.groups.values():
            for stream in group.streams.values():
                Stream.take_over(stream)
            _retain(group)


class _Untold(TheirBackend):
    """A view of a backend without events, for moto's validation of StartLiveTail."""

    def __init__(self, backend: LogsBackend) -> None:
        self.groups = backend.groups

    @staticmethod
    def _get_live_tail_streams(*_: object, **__: object) -> list[Any]:
        return []


def _retain(group: LogGroup) -> None:
    days = group.retention_in_days
    for one in group.streams.values():
        if isinstance(one, Stream):
            bulk.current().logs.retain(one.uid, int(days) * _DAY if days else None)


def _release(streams: Iterable[Any]) -> None:
    for one in streams:
        if isinstance(one, Stream):
            bulk.current().logs.release(one.uid)


class Responses(ProtectionResponses):
    """The CloudWatch Logs operations on our backend."""

    def filter_log_events(self) -> str:
        """FilterLogEvents by stream names or by a prefix of them, never both.

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
