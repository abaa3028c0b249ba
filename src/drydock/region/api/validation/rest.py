"""Requests of REST services: their operation, and the members in URL, headers and body.

https://smithy.io/2.0/spec/http-bindings.html
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from drydock.region.api.operations import Environ
from drydock.region.api.validation import bodies, jsons, xmls
from drydock.region.api.validation.problems import Path


def match(botocore_name: str, environ: Environ) -> tuple[Any, Mapping[str, str]] | None:
    """Return the operation's model and the labels of the URL; None: no operation matches."""
    from moto.core.request import Request  # noqa: PLC0415  (moto, slow)
    from moto.core.routing import get_service_router  # noqa: PLC0415
    from werkzeug.exceptions import HTTPException  # noqa: PLC0415

    try:
        found: tuple[Any, Mapping[str, str]] = get_service_router(botocore_name).match(
            Request(dict(environ))
        )
    except (HTTPException, NotImplementedError):
        return None
    return found


def decode(shape: Any, environ: Environ, labels: Mapping[str, str], xml: bool) -> dict[str, Any]:
    """Return the values of an operation's input. Raises Malformed and RequestProblem."""
    found: dict[str, Any] = {}
    found_query = query(environ)
    for name, member in shape.members.items():
        place = member.serialization.get("location")
        wire = str(member.serialization.get("name", name))
        if place == "uri" and wire in labels:
            found[name] = jsons.from_text(member.type_name, labels[wire], (name,))
        elif place == "querystring" and wire in found_query:
            found[name] = _from_query(member, found_query[wire], (name,))
        elif place == "header":
            text = environ.get("HTTP_" + wire.upper().replace("-", "_"))
            if text is not None and member.type_name in {"integer", "long", "boolean"}:
                found[name] = jsons.from_text(member.type_name, text, (name,))
            elif text is not None:
                found[name] = text if member.type_name != "list" else None
    found |= _body(shape, environ, xml)
    return found


def query(environ: Environ) -> dict[str, list[str]]:
    """Return the query parameters of the URL."""

    return parse_qs(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)


def _from_query(member: Any, texts: list[str], path: Path) -> Any:
    if member.type_name == "list":
        inner = member.member.type_name
        return [
            jsons.from_text(inner, text, (*path, str(place)))
            for place, text in enumerate(texts, start=1)
        ]
    if member.type_name == "map":
        return None
    return jsons.from_text(member.type_name, texts[0], path)


def _leave_out(environ: Environ) -> None:
    """Drop a body, which AWS ignores where the operation has none; moto 5.2.5 parses it."""
    environ["wsgi.input"] = io.BytesIO()
    environ["CONTENT_LENGTH"] = "0"


def _body(shape: Any, environ: Environ, xml: bool) -> dict[str, Any]:
    """Return the members of a parsed body; an S3 object is not read."""
    payload = shape.serialization.get("payload")
    if payload:
        member = shape.members[payload]
        if member.type_name != "structure" or member.serialization.get("eventstream"):
            return {}
        body = bodies.read(environ)
        if not body.strip():
            return {}
        node: Any = xmls.parse(body) if xml else jsons.parse(body)
        return {payload: xmls.decode(member, node) if xml else jsons.decode(member, node)}
    if not any("location" not in one.serialization for one in shape.members.values()):
        _leave_out(environ)
        return {}
    body = bodies.read(environ)
    if not body.strip():
        return {}
    values = xmls.decode(shape, xmls.parse(body)) if xml else jsons.decode(shape, jsons.parse(body))
    return values if isinstance(values, dict) else {}
