"""Parse a request's body into a task's fields, or refuse it with a sentence. Pure.

The rules are the original's (Go's encoding/json): any content type, keys in any case, unknown keys and the
client's `id` ignored, `null` means not given, missing fields default to "", 0 and false.
"""

from __future__ import annotations

import json
from typing import TypedDict

from tasklist.errors import Refusal

MAX_BODY = 64 * 1024
MAX_TITLE = 1000
MIN_INT, MAX_INT = -(2**31), 2**31 - 1
MAX_LIMIT = 1000


class Fields(TypedDict, total=False):
    """The fields of a task that a client may set."""

    priority: int
    title: str
    complete: bool


def new_task(body: bytes) -> Fields:
    """Return all three fields. Raises Refusal 400."""
    return Fields(priority=0, title="", complete=False) | changes(body)


def changes(body: bytes) -> Fields:
    """Return the fields that the body names. Raises Refusal 400."""
    fields = Fields()
    for key, value in _json_object(body).items():
        name = key.lower()
        if value is None:
            continue
        if name == "priority":
            fields["priority"] = _priority(value)
        elif name == "title":
            fields["title"] = _title(value)
        elif name == "complete":
            fields["complete"] = _complete(value)
    return fields


def task_id(text: str) -> int | None:
    """Return a task's id from a path, or None if no task can have it."""
    if text.isascii() and text.isdecimal() and len(text) <= 10 and 0 < int(text) <= MAX_INT:
        return int(text)
    return None


def page(limit: str | None, after: str | None) -> tuple[int, int] | None:
    """Return `limit` and `after` of a query, or None if neither is given. Raises Refusal 400."""
    if limit is None and after is None:
        return None
    size = _whole_number("limit", limit, 1, MAX_LIMIT) if limit is not None else MAX_LIMIT
    return size, _whole_number("after", after, 0, MAX_INT) if after is not None else 0


def _json_object(body: bytes) -> dict[str, object]:
    try:
        document = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise Refusal(400, "The body must be JSON in UTF-8.") from None
    except RecursionError:
        raise Refusal(400, "The body is nested too deeply; send one flat JSON object.") from None
    except ValueError as error:
        # JSONDecodeError, or an integer of thousands of digits
        where = (
            f" (line {error.lineno}, column {error.colno})"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise Refusal(
            400, f'The body is not valid JSON{where}; send {{"title": "…", "priority": 0}}.'
        ) from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise Refusal(400, "The body must be a JSON object with title, priority and complete.")
    return document


def _priority(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and MIN_INT <= value <= MAX_INT:
        return value
    raise Refusal(400, f"priority must be a whole number from {MIN_INT} to {MAX_INT}.")


def _title(value: object) -> str:
    if not isinstance(value, str):
        raise Refusal(400, "title must be a text.")
    if len(value) > MAX_TITLE:
        raise Refusal(
            400, f"title may have at most {MAX_TITLE} characters; this one has {len(value)}."
        )
    if "\0" in value:
        raise Refusal(400, "title must not contain the character NUL (U+0000).")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise Refusal(400, "title must be valid Unicode, without lone surrogates.")
    return value


def _complete(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Refusal(400, "complete must be true or false.")


def _whole_number(name: str, text: str, lowest: int, highest: int) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 10 and lowest <= int(text) <= highest:
        return int(text)
    raise Refusal(400, f"{name} must be a whole number from {lowest} to {highest}.")
