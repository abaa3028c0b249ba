"""Read a stream's events in order, in chunks, so that a large stream is never whole in memory.

Each step of SQLite returns several rows (their numbers as JSON, their texts as one piece): a step
for each row would release the interpreter's lock and wait for it again every time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from drydock.region.api.bulk.disk import Database

_FIRST, _LARGEST = 256, 16_384
"""Events read in one step: few at first, more while few of them match."""
_ENOUGH = 256 * 1024
"""Characters of one step beyond which the next one is smaller."""
FOREVER = 2**62

_PACKED = (
    "SELECT group_concat('[' || at || ',' || id || ',' || ingested || ',' ||"
    " length(CAST(message AS BLOB)) || ']'), CAST(group_concat(message, '') AS BLOB)"
    " FROM events WHERE "
)


class Position(NamedTuple):
    """The position of an event in its stream."""

    at: int
    """Milliseconds since 1970."""
    id: int


class Event(NamedTuple):
    """A log event. Times in milliseconds since 1970."""

    at: int
    id: int
    ingested: int
    message: str


class Passed(NamedTuple):
    """Progress of a walk in which nothing matched so far."""

    at: int
    id: int
    looked_at: int
    """Events examined since the last one of these."""


@dataclass(frozen=True)
class Span:
    """A selection of a stream's events: a time range, both ends included, and one side of a
    position.
    """

    since: int = -FOREVER
    until: int = FOREVER
    after: Position | None = None
    before: Position | None = None
    needles: tuple[str, ...] = ()
    """Texts that a message has to contain, all of them."""
    descending: bool = False


Walk = Iterator[Event | Passed]


def walk(database: Database, stream: int, span: Span) -> Walk:
    """Yield a stream's matching events, and a `Passed` after each step. Raises StorageFailed."""
    wanted, here = _FIRST, span.before if span.descending else span.after
    while True:
        here_now, count = here, wanted
        found, here, looked_at = database.read(
            lambda connection, at=here_now, most=count: _step(connection, stream, span, at, most)  # type: ignore[misc]
        )
        yield from found
        if here is None:
            return
        yield Passed(here.at, here.id, looked_at)
        large = sum(len(one.message) for one in found) > _ENOUGH
        wanted = max(wanted // 2, 16) if large else min(wanted * 4, _LARGEST)


def _step(
    connection: sqlite3.Connection, stream: int, span: Span, here: Position | None, most: int
) -> tuple[list[Event], Position | None, int]:
    """Return the matching ones of the next `most` events, and the last position; None: no more."""
    order, side, side_end = ("DESC", "<", ">") if span.descending else ("ASC", ">", "<")
    where = "stream = ? AND at BETWEEN ? AND ?"
    values: list[int | str] = [stream, span.since, span.until]
    if here is not None:
        where += f" AND at {side}= ? AND (at, id) {side} (?, ?)"
        values += [here.at, here.at, here.id]
    # both texts are constants
    inner = f"SELECT at, id FROM events WHERE {where} ORDER BY at {order}, id {order}"  # noqa: S608
    row = connection.execute(f"{inner} LIMIT 1 OFFSET ?", [*values, most - 1]).fetchone()
    last = Position(*row) if row is not None else None
    if last is not None:
        where += f" AND at {side_end}= ? AND (at, id) {side_end}= (?, ?)"
        values += [last.at, *last]
    for needle in span.needles:
        where += " AND instr(message, ?)"
        values.append(needle)
    return sorted(_packed(connection, where, values), reverse=span.descending), last, most


def _packed(
    connection: sqlite3.Connection, where: str, values: Sequence[int | str]
) -> Iterator[Event]:
    try:
        numbers, texts = connection.execute(_PACKED + where, values).fetchone()
    except UnicodeEncodeError:  # a needle that no text can contain
        return
    start = 0
    for at, number, ingested, length in json.loads(f"[{numbers or ''}]"):
        text = texts[start : start + length].decode("utf-8", "replace")
        start += length
        yield Event(at, number, ingested, text)
