"""Search the events of several streams: FilterLogEvents, Logs Insights queries, StartLiveTail.

moto 5.2.5 puts every event of every stream into one list for each of them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from moto.logs.logs_query import ParsedEvent
from moto.logs.logs_query.query_parser import parse_query
from moto.logs.models import LogGroup
from moto.logs.utils import EventMessageFilter, QuotedTermFilterPattern, SingleTermFilterPattern

from drydock.region.api import bulk
from drydock.region.api.bulk.walking import FOREVER, Event, Passed, Position, Span
from drydock.region.services.logs.operations.streams import MOST, OVERHEAD, PAGE, Stream, record

LOOKED_AT = 500_000
"""Events that one FilterLogEvents call examines; its token leads to the rest, as on AWS.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""
QUERY_ROWS = 10_000
"""The limit of a query's rows, as CloudWatch's."""

Found = tuple[int, int, int, Stream, Event | Passed]
"""Time, id, the stream's number, the stream, and the event or the passed block."""


def needles(pattern: str) -> tuple[str, ...]:
    """Return the texts that a message must contain for moto's pattern to match it."""
    kind = EventMessageFilter(pattern).filter_type
    if isinstance(kind, QuotedTermFilterPattern):
        return (kind.term[1:-1],)
    if isinstance(kind, SingleTermFilterPattern):
        return tuple(kind.term.split(" "))
    return ()


def filtered(
    group: LogGroup,
    streams: Sequence[Stream],
    span: Span,
    limit: int,
    token: str | None,
    interleaved: bool,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return one page of matching events, and the token of the next, if there is one."""
    start = _position(group.name, token, streams) if token else (None, None)
    if token and start == (None, None):
        return [], None  # moto's answer to a token that is none
    page: list[dict[str, Any]] = []
    size, looked_at, last = 0, 0, ""
    for stream, one in _met(streams, span, *start, interleaved=interleaved):
        if isinstance(one, Passed):
            looked_at += one.looked_at
            last = _token(group.name, stream, one)
            if looked_at >= LOOKED_AT:
                return page, last
            continue
        size += len(one.message) + OVERHEAD
        if page and (len(page) == limit or size > PAGE):
            return page, last
        page.append({**record(one).to_filter_dict(), "logStreamName": stream.log_stream_name})
        last = _token(group.name, stream, one)
    return page, None


def _met(
    streams: Sequence[Stream],
    span: Span,
    first: Stream | None,
    after: Position | None,
    *,
    interleaved: bool,
) -> Iterator[tuple[Stream, Event | Passed]]:
    """Yield the events after a position: stream by stream, or of all streams by time."""
    if interleaved:
        spans = dict.fromkeys(range(len(streams)), _after(span, after))
        for _, _, _, stream, one in _merged(streams, spans, descending=span.descending):
            yield stream, one
        return
    begin = streams.index(first) if first is not None else 0
    for stream in streams[begin:]:
        here = _after(span, after if stream is first else None)
        for one in bulk.current().logs.walk(stream.uid, here):
            yield stream, one


def _after(span: Span, after: Position | None) -> Span:
    return Span(span.since, span.until, after, None, span.needles, span.descending)


def _merged(
    streams: Sequence[Stream], spans: Mapping[int, Span], *, descending: bool
) -> Iterator[Found]:
    def walk(number: int, stream: Stream) -> Iterator[Found]:
        for one in bulk.current().logs.walk(stream.uid, spans[number]):
            yield one.at, one.id, number, stream, one

    walks = [walk(number, stream) for number, stream in enumerate(streams)]
    return heapq.merge(*walks, key=lambda found: found[:3], reverse=descending)


def query(groups: Iterable[LogGroup], text: str, start: int, end: int) -> list[dict[str, Any]]:
    """Return the rows of a Logs Insights query, times in seconds since 1970; moto parses it."""
    parsed = parse_query(text)
    most = min(parsed.limit or QUERY_ROWS, QUERY_ROWS)
    owners = [(group, stream) for group in groups for stream in group.streams.values()]
    span = Span(
        since=start * 1000 if start else -FOREVER,
        until=end * 1000 if end else FOREVER,
        descending=parsed.sort_reversed(),
    )
    streams: Any = [stream for _, stream in owners]
    spans = dict.fromkeys(range(len(streams)), span)
    met = _merged(streams, spans, descending=span.descending)
    events = (found for found in met if isinstance(found[4], Event))
    return [
        ParsedEvent(record(one), parsed, stream, owners[number][0]).fields  # type: ignore[arg-type]
        for _, _, number, stream, one in islice(events, most)
    ]


def tail(
    streams: Sequence[tuple[LogGroup, Stream]], pattern: str, most: int
) -> list[dict[str, Any]]:
    """Return the first matching events, as StartLiveTail shows them."""
    spans = dict.fromkeys(range(len(streams)), Span(needles=needles(pattern)))
    met = _merged([stream for _, stream in streams], spans, descending=False)
    events = (found for found in met if isinstance(found[4], Event))
    return [
        {
            "ingestionTime": one.ingested,  # type: ignore[union-attr]
            "logGroupIdentifier": streams[number][0].arn,
            "logStreamName": stream.log_stream_name,
            "message": one.message,  # type: ignore[union-attr]
            "timestamp": at,
        }
        for at, _, number, stream, one in islice(events, most)
    ]


def limit_of(asked: int | None) -> int:
    """Return the maximum number of events of an answer."""
    return min(asked or MOST, MOST)


def _token(group: str, stream: Stream, here: Event | Passed) -> str:
    return f"{group}@{stream.log_stream_name}@{here.at}@{here.id}"


def _position(
    group: str, token: str, streams: Sequence[Stream]
) -> tuple[Stream | None, Position | None]:
    """Parse a token into stream and position; (None, None): the token is invalid."""
    try:
        rest, at, number = token.rsplit("@", 2)
        here = Position(int(at), int(number))
    except ValueError:
        return None, None
    for stream in streams:
        if rest == f"{group}@{stream.log_stream_name}":
            return stream, here
    return None, None
