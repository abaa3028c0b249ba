"""Whether an exception inside moto was the request's fault: a pagination token that is none of ours."""

from __future__ import annotations

import logging
from typing import Any

from drydock.region.api import faults
from drydock.region.api.operations import Environ, Operation
from drydock.region.api.validation import bodies, forms, jsons, models, rest, words
from drydock.services import lookup

log = logging.getLogger(__name__)

_TOKENS = frozenset({
    "nexttoken", "marker", "paginationtoken", "continuationtoken", "startingtoken", "pagetoken",
    "startname", "exclusivestartkey", "exclusivestarttablename", "keymarker", "startrecordname",
})  # fmt: skip
"""Names of members that say where a list goes on, in small letters."""


def blame(
    environ: Environ, operation: Operation, error: Exception
) -> tuple[int, str, bytes] | None:
    """The service's 400 for a bad token, when the request that failed had one and only reads; else None."""
    if operation.changes or not isinstance(error, Exception):
        return None
    try:
        asked, values = _read(environ, operation)
    except Exception:
        log.exception("%s could not be read again", operation)
        return None
    name = next((one for one, value in values.items() if value and one.lower() in _TOKENS), None)
    if asked is None or name is None:
        return None
    errors = [shape.name for shape in asked.error_shapes]
    code, text = words.token(operation.service, operation.protocol, errors, name)
    kind, body = faults.render(operation, code, text, fault="Sender")
    return 400, kind, body


def _read(environ: Environ, operation: Operation) -> tuple[Any, dict[str, Any]]:
    """The operation's model and its input. moto has read the body: it is found again in the input."""
    protocol = operation.protocol
    if not operation.name:
        service = lookup.by_name()[operation.service]
        found = rest.match(service.botocore, environ)
        if found is None or found[0].input_shape is None:
            return None, {}
        query = rest.query(environ)
        members = found[0].input_shape.members
        return found[0], {
            name: query[wire][0]
            for name, member in members.items()
            if (wire := str(member.serialization.get("name", name))) in query
        }
    asked = models.operation(operation.service, operation.name)
    if asked is None or asked.input_shape is None:
        return None, {}
    stream = environ["wsgi.input"]
    if hasattr(stream, "seek"):
        stream.seek(0)
    body = bodies.read(environ)
    if protocol in {"query", "ec2"}:
        return asked, dict(forms.parse(str(environ.get("QUERY_STRING", "")), body))
    found_json = jsons.parse(body)
    return asked, found_json if isinstance(found_json, dict) else {}
