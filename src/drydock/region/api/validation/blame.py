"""Detect failures inside moto that a request caused: an invalid token, or a missing name."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from drydock.region.api import cbor, faults
from drydock.region.api.operations import Environ, Operation
from drydock.region.api.validation import bodies, forms, jsons, models, rest, words
from drydock.services import lookup

log = logging.getLogger(__name__)

_TOKENS = frozenset({
    "nexttoken", "marker", "paginationtoken", "continuationtoken", "startingtoken", "pagetoken",
    "startname", "exclusivestartkey", "exclusivestarttablename", "keymarker", "startrecordname",
})  # fmt: skip
"""Names of pagination token members, in lower case."""
_ABSENT = ("NotFound", "NoSuch", "DoesNotExist", "NonExistent")

Values = Mapping[str, Any]


def blame(
    environ: Environ, operation: Operation, error: Exception
) -> tuple[int, str, bytes] | None:
    """Return the service's answer to a request that caused an internal failure; None: it did not.

    It did where it only reads and has a pagination token; and where moto looked for a text of the
    request and did not find it, if the operation's model has one error for that.
    """
    try:
        asked, values = _read(environ, operation)
        found = asked and (_token(operation, asked, values) or _absent(asked, values, error))
    except Exception:
        log.exception("%s could not be read again", operation)
        return None
    if not found:
        return None
    code, text, status = found
    kind, body = faults.render(operation, code, text, fault="Sender")
    return status, kind, body


def _token(operation: Operation, asked: Any, values: Values) -> tuple[str, str, int] | None:
    name = next((one for one, value in values.items() if value and one.lower() in _TOKENS), None)
    if name is None or operation.changes:
        return None
    errors = [shape.name for shape in asked.error_shapes]
    return *words.token(operation.service, operation.protocol, errors, name), 400


def _absent(asked: Any, values: Values, error: Exception) -> tuple[str, str, int] | None:
    key = error.args[0] if isinstance(error, KeyError) and error.args else None
    if not isinstance(key, str) or not key or key not in set(_texts(values)):
        return None
    shapes = [one for one in asked.error_shapes if any(part in one.name for part in _ABSENT)]
    if len(shapes) != 1:
        return None
    said = shapes[0].metadata.get("error", {})
    code = str(said.get("code", shapes[0].name))
    return code, f"{key} is not there.", int(said.get("httpStatusCode", 400))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _read(environ: Environ, operation: Operation) -> tuple[Any, Values]:
    """Return the operation's model and its input. moto has read the body: it is rewound."""
    protocol = operation.protocol
    if not operation.name:
        service = lookup.by_name()[operation.service]
        found = rest.match(service.botocore, environ)
        if found is None or found[0].input_shape is None:
            return None, {}
        query = rest.query(environ)
        members = found[0].input_shape.members
        named = {
            name: query[wire][0]
            for name, member in members.items()
            if (wire := str(member.serialization.get("name", name))) in query
        }
        return found[0], {**found[1], **named}
    asked = models.operation(operation.service, operation.name)
    if asked is None or asked.input_shape is None:
        return None, {}
    stream = environ["wsgi.input"]
    if hasattr(stream, "seek"):
        stream.seek(0)
    body = bodies.read(environ)
    if protocol in {"query", "ec2"}:
        return asked, forms.parse(str(environ.get("QUERY_STRING", "")), body)
    sent = cbor.parse(body) if protocol == "cbor" else jsons.parse(body)
    return asked, sent if isinstance(sent, dict) else {}
