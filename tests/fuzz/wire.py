"""Requests on the wire: WSGI environs made with botocore's serialisers, then spoilt; answers read back."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from urllib.parse import urlencode

_BAD: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**40,
    1.5,
    "",
    "nonsense",
    "x" * 3000,
    [],
    ["nonsense"],
    {},
    {"a": {"b": 1}},
    "\u0000",
    "é☃",
)
_BAD_TEXT = (
    "",
    "nonsense",
    "-1",
    "99999999999",
    "1.5",
    "x" * 3000,
    "true",
    "é☃",
    "\u0000",
    "{}",
    "a/b",
    "%2F",
)


@dataclass(frozen=True)
class Request:
    """One request; `body` is a form's parameters, JSON or bytes."""

    method: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = b""
    scope: str = ""

    def environ(self) -> dict[str, Any]:
        """For a WSGI application."""
        body = self.body
        if isinstance(body, Mapping):
            body = urlencode(body, doseq=True)
        if isinstance(body, str):
            body = body.encode(errors="replace")
        if not isinstance(body, bytes):
            body = bytes(body or b"")
        authorization = (
            f"AWS4-HMAC-SHA256 Credential=AKIAFUZZFUZZFUZZFUZZ/20260101/ap-southeast-2/{self.scope}"
            "/aws4_request, SignedHeaders=host, Signature=0"
        )
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": _path(self.path),
            "QUERY_STRING": urlencode(self.query, doseq=True),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "4566",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1:4566",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_AUTHORIZATION": authorization,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = str(value)
        return environ


def _path(path: str) -> str:
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(path).decode("latin-1")


def serialise(serialiser: Any, operation: Any, values: Mapping[str, Any], scope: str) -> Request:
    """As an SDK sends it. Raises what botocore raises for values that it cannot write."""
    found = serialiser.serialize_to_request(values, operation)
    path, _, query = str(found["url_path"]).partition("?")
    pairs = dict(part.partition("=")[::2] for part in query.split("&") if part)
    given = found.get("query_string") or {}
    headers = {str(name): str(value) for name, value in (found.get("headers") or {}).items()}
    return Request(
        str(found["method"]),
        path or "/",
        {**pairs, **given},
        headers,
        found.get("body", b""),
        scope,
    )


def spoil(random: Random, request: Request) -> Request:
    """The same with one thing wrong."""
    body = request.body
    if isinstance(body, Mapping):
        return replace(request, body=_spoil_form(random, dict(body)))
    text = body if isinstance(body, bytes) else str(body or "").encode()
    if text[:1] == b"{":
        return replace(request, body=_spoil_json(random, text))
    if text[:1] == b"<":
        return replace(request, body=_spoil_xml(random, text))
    if request.query and random.random() < 0.7:
        name = random.choice(list(request.query))
        return replace(request, query={**request.query, name: random.choice(_BAD_TEXT)})
    if random.random() < 0.5:
        return replace(request, path=request.path.rsplit("/", 1)[0] + "/" + "nonsense")
    return replace(request, body=random.choice((b"{", b"[]", b"\xff\xfe", b"null", b"<a", b"a=b")))


def _spoil_form(random: Random, form: dict[str, Any]) -> dict[str, Any]:
    names = [name for name in form if name not in {"Action", "Version"}]
    if not names:
        return {
            **form,
            random.choice(("MaxResults", "NextToken", "Marker", "MaxRecords")): "nonsense",
        }
    name = random.choice(names)
    way = random.randrange(4)
    if way == 0:
        del form[name]
    elif way == 1:
        form[f"{name}.1.{random.choice('ab')}"] = form.pop(name)
    else:
        form[name] = random.choice(_BAD_TEXT)
    return form


def _spoil_json(random: Random, text: bytes) -> bytes:
    value = json.loads(text)
    way = random.randrange(12)
    if way == 0:
        return random.choice((b"{", b"[]", b"null", b'"x"', b"\xff", b"", text[:-1], b"[" * 5000))
    if not value:
        value = {
            random.choice(("nextToken", "NextToken", "maxResults", "Limit")): random.choice(_BAD)
        }
        return json.dumps(value).encode()
    holder: Any = value
    key = random.choice(list(value))
    while isinstance(holder[key], dict | list) and holder[key] and random.random() < 0.6:
        holder = holder[key]
        key = (
            random.choice(list(holder))
            if isinstance(holder, dict)
            else random.randrange(len(holder))
        )
    if way < 4 and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = random.choice(_BAD)
    return json.dumps(value).encode()


def _spoil_xml(random: Random, text: bytes) -> bytes:
    way = random.randrange(4)
    if way == 0:
        return text[:-3]
    if way == 1:
        return b'<!DOCTYPE a [<!ENTITY b "c">]>' + text
    if way == 2:
        return b"<nonsense/>"
    start = text.find(b">", len(text) // 2)
    return text[: start + 1] + b"nonsense" + text[start + 1 :]
