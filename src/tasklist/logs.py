"""A log of one JSON object a line on stdout, which a container's log driver reads."""

from __future__ import annotations

import asyncio
import json
import select
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

Field = str | int | float | bool | None

_quoted = json.JSONEncoder().encode


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:-6]


def now() -> str:
    at = time.time()
    return f"{_second(int(at))}.{int(at % 1 * 1000):03d}Z"


class JsonLog:
    """Writes events at once, and the lines of requests together at the end of the loop's turn.

    `lost` counts lines that could not be written: a log reader that has gone away must not turn
    answers into errors.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._later: list[bytes] = []
        self._is_due = False
        self._lock = threading.Lock()  # OpenTelemetry's threads write, too

    def write(self, level: str, event: str, **fields: Field) -> None:
        head: dict[str, Field] = {"time": now(), "level": level, "event": event}
        self._add(json.dumps(head | fields, ensure_ascii=False, default=str))
        self._write()

    def info(self, event: str, **fields: Field) -> None:
        self.write("info", event, **fields)

    def exception(self, event: str, error: BaseException, **fields: Field) -> None:
        """Log an unexpected error with its traceback."""
        trace = "".join(traceback.format_exception(error))
        self.write("error", event, error=f"{type(error).__name__}: {error}", trace=trace, **fields)

    def request(self, request_id: str, method: str, path: str, status: int, ms: float) -> None:
        """Log an answered request. Call it in a running event loop."""
        if not self._is_due:
            # each write releases the GIL, for which the server's threads then queue
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._end_turn)
        # written by hand: this runs for every request and json.dumps of a dict costs thrice as much
        self._add(
            f'{{"time": "{now()}", "level": "info", "event": "request", '
            f'"request_id": {_quoted(request_id)}, "method": {_quoted(method)}, '
            f'"path": {_quoted(path)}, "status": {status}, "ms": {ms:.2f}}}'
        )

    def _end_turn(self) -> None:
        self._is_due = False
        self._write()

    def _add(self, text: str) -> None:
        # a lone surrogate in a path has no UTF-8; escape it rather than lose the line
        line = text.encode("utf-8", "backslashreplace") + b"\n"
        with self._lock:
            self._later.append(line)

    def _write(self) -> None:
        with self._lock:
            lines, self._later = self._later, []
        for together in _portions(lines):
            try:
                sys.stdout.buffer.write(b"".join(together))
                sys.stdout.buffer.flush()
            except OSError:
                self.lost += len(together)


def _portions(lines: list[bytes]) -> Iterator[list[bytes]]:
    """Split lines into portions that a pipe writes in one piece, since workers share a pipe."""
    portion: list[bytes] = []
    size = 0
    for line in lines:
        if portion and size + len(line) > select.PIPE_BUF:
            yield portion
            portion, size = [], 0
        portion.append(line)
        size += len(line)
    if portion:
        yield portion
