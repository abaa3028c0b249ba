"""Decode JSON by a shape, without members that are not in the shape, as AWS does.

The messages are those of Coral's JSON protocols.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from drydock.region.api.validation.problems import Malformed, Path

DEEPEST = 128
"""The limit of nested lists and structures."""
_TOO_DEEP = f"The request is nested deeper than {DEEPEST} levels"
_INTEGERS = frozenset({"integer", "long", "short", "byte"})
_JAVA = {
    "integer": "Integer",
    "long": "Long",
    "short": "Short",
    "byte": "Byte",
    "boolean": "Boolean",
}
_JAVA |= {"float": "Float", "double": "Double", "string": "String", "timestamp": "Date"}


def parse(body: bytes) -> Any:
    """Parse the JSON in `body`, an empty object without any. Raises Malformed."""
    if not body.strip():
        return {}
    try:
        return json.loads(body)
    except RecursionError:
        raise Malformed(_TOO_DEEP) from None
    except ValueError:
        raise Malformed("The request body is not valid JSON") from None


def decode(shape: Any, value: Any, path: Path = (), *, text: bool = False) -> Any:
    """Return `value` with the model's names of members instead of those on the wire.

    Raises Malformed.

    `text`: numbers and booleans come as text (in the URL and in headers).
    """
    if len(path) > DEEPEST:
        raise Malformed(_TOO_DEEP, path[:1])
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, value, path)
    if kind == "list":
        if not isinstance(value, list):
            raise Malformed(_found(value, "list"), path)
        member = shape.member
        return [
            None if one is None else decode(member, one, (*path, str(place)))
            for place, one in enumerate(value, start=1)
        ]
    if kind == "map":
        if not isinstance(value, Mapping):
            raise Malformed(_found(value, "map"), path)
        inner = shape.value
        return {
            key: None if one is None else decode(inner, one, (*path, str(key)))
            for key, one in value.items()
        }
    return scalar(kind, value, path) if not text else from_text(kind, value, path)


def _structure(shape: Any, value: Any, path: Path) -> Any:
    if shape.is_document_type:
        return value
    if not isinstance(value, Mapping):
        raise Malformed(_found(value, "structure"), path)
    found = {}
    for name, member in shape.members.items():
        serialization = member.serialization
        if "location" in serialization:
            continue
        one = value.get(serialization.get("name", name))
        if one is not None:
            found[name] = decode(member, one, (*path, name))
    return found


def scalar(kind: str, value: Any, path: Path) -> Any:
    """Return a JSON value that is neither a list nor a structure. Raises Malformed."""
    if isinstance(value, list | Mapping):
        raise Malformed(_found(value, kind), path)
    if kind in {"string", "character"}:
        if not isinstance(value, str):
            raise Malformed(_cannot(value, "String"), path)
        return value
    if kind in _INTEGERS:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if type(value) is not int:
            raise Malformed(_cannot(value, _JAVA[kind]), path)
        return value
    if kind in {"float", "double"}:
        if isinstance(value, str) and value in {"NaN", "Infinity", "-Infinity"}:
            return float(value)
        if type(value) not in {int, float}:
            raise Malformed(_cannot(value, _JAVA[kind]), path)
        return value
    if kind == "boolean" and not isinstance(value, bool):
        raise Malformed(_cannot(value, "Boolean"), path)
    if kind == "timestamp":
        return timestamp(value, path)
    if kind == "blob":
        return blob(value, path)
    return value


def from_text(kind: str, value: Any, path: Path) -> Any:
    """Parse a scalar that comes as text: in forms, XML, URLs and headers. Raises Malformed."""
    text = str(value)
    if kind in _INTEGERS:
        try:
            return int(text.strip())
        except ValueError:
            raise Malformed(f'For input string: "{text[:100]}"', path, text) from None
    if kind in {"float", "double"}:
        try:
            return float(text.strip())
        except ValueError:
            raise Malformed(f'For input string: "{text[:100]}"', path, text) from None
    if kind == "boolean":
        if text.strip().lower() not in {"true", "false", "1", "0", ""}:
            raise Malformed(f"Invalid boolean value: {text[:100]}", path, text)
        return text.strip().lower() in {"true", "1"}
    if kind == "timestamp":
        return timestamp(text, path)
    return text


def blob(value: Any, path: Path) -> bytes:
    """Decode base64. Raises Malformed."""
    if not isinstance(value, str):
        raise Malformed(_cannot(value, "Blob"), path)
    try:
        return base64.b64decode(value, validate=False)
    except (binascii.Error, ValueError):
        raise Malformed("Invalid base64 in a binary member", path) from None


def timestamp(value: Any, path: Path) -> Any:
    """Return a time in seconds, or in a form that AWS accepts. Raises Malformed."""
    from botocore.utils import parse_timestamp  # noqa: PLC0415  (slow)

    if isinstance(value, bool):
        raise Malformed(_cannot(value, "Date"), path)
    try:
        parse_timestamp(value)
    except (ValueError, TypeError, OverflowError, RuntimeError):
        raise Malformed(f"{str(value)[:100]} is no timestamp", path, str(value)) from None
    return value


def _found(value: Any, wanted: str) -> str:
    if isinstance(value, list):
        return "Start of list found where not expected"
    if isinstance(value, Mapping):
        return "Start of structure or map found where not expected."
    if wanted in {"list", "map", "structure"}:
        return "Unexpected field type"
    return _cannot(value, _JAVA.get(wanted, wanted))


def _cannot(value: Any, wanted: str) -> str:
    if isinstance(value, bool):
        found = "TRUE_VALUE" if value else "FALSE_VALUE"
    elif isinstance(value, int | float):
        found = "NUMBER_VALUE" if isinstance(value, int) else "DECIMAL_VALUE"
    else:
        found = "STRING_VALUE"
    return f"{found} can not be converted to a{'n' if wanted[0] in 'AEIOU' else ''} {wanted}"
