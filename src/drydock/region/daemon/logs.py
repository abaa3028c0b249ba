"""The region's own log: one line per event, a constant message and its fields."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class FieldsFormatter(logging.Formatter):
    """Formats lines: `2026-11-23T08:00:00.123Z INFO drydock.region: vpc added vpc=vpc-1
    resolver=10.0.0.2`
    """

    def format(self, record: logging.LogRecord) -> str:
        moment = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z"
        text = f"{moment} {record.levelname} {record.name}: {record.getMessage()}"
        fields = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        text += "".join(f" {key}={_word(value)}" for key, value in fields.items())
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text


def _word(value: Any) -> str:
    text = str(value)
    return repr(text) if " " in text or "\n" in text or not text else text


def set_up(level: int = logging.INFO) -> None:
    """Log to standard error, which the launcher has pointed at the region's log file."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FieldsFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("werkzeug", "botocore", "urllib3", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
