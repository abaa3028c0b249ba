"""One JSON object a line on stdout, written at once: what the log driver of a container reads."""

from __future__ import annotations

import json
import sys
import traceback
from datetime import UTC, datetime

Field = str | int | float | bool | None


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


class JsonLog:
    """Writes events. `lost` counts lines that nobody could take: a reader that has gone away
    must not turn answers into errors."""

    def __init__(self) -> None:
        self.lost = 0

    def write(self, level: str, event: str, **fields: Field) -> None:
        head: dict[str, Field] = {"time": now(), "level": level, "event": event}
        self._line(json.dumps(head | fields, ensure_ascii=False, default=str))

    def info(self, event: str, **fields: Field) -> None:
        self.write("info", event, **fields)

    def exception(self, event: str, error: BaseException, **fields: Field) -> None:
        """An error that nobody foresaw, with where it came from."""
        trace = "".join(traceback.format_exception(error))
        self.write("error", event, error=f"{type(error).__name__}: {error}", trace=trace, **fields)

    def request(self, request_id: str, method: str, path: str, status: int, ms: float) -> None:
        # written by hand: this runs for every request and json.dumps of a dict costs thrice as much
        self._line(
            f'{{"time": "{now()}", "level": "info", "event": "request", '
            f'"request_id": {json.dumps(request_id)}, "method": {json.dumps(method)}, '
            f'"path": {json.dumps(path)}, "status": {status}, "ms": {ms:.2f}}}'
        )

    def _line(self, text: str) -> None:
        try:
            # a lone surrogate in a path has no UTF-8; escape it rather than lose the line
            sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
            sys.stdout.buffer.flush()
        except OSError:
            self.lost += 1
