"""The RPC v2 CBOR protocol, which newer SDKs use for CloudWatch, Cloud Map and the tagging API.

moto 5.2.5 does not support it: requests are passed on in JSON, and answers are converted to CBOR.
https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from __future__ import annotations

import base64
import io
import json
import struct
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from drydock.region.api.operations import Environ, identify

KIND = "application/cbor"
PROTOCOL = ("smithy-protocol", "rpc-v2-cbor")

Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def parse(body: bytes) -> Any:
    """Return the value in `body` as JSON has it; an empty structure without any. Raises ValueError."""
    if not body:
        return {}
    from botocore.parsers import ResponseParserError, RpcV2CBORParser  # noqa: PLC0415  (slow)

    parser = RpcV2CBORParser()
    try:
        return _as_json(parser.parse_data_item(parser.get_peekable_stream_from_bytes(body)))
    except (ResponseParserError, RecursionError, OverflowError, UnicodeDecodeError) as error:
        raise ValueError(f"the body is not CBOR: {error}") from None


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, Mapping):
        return {str(key): _as_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_as_json(one) for one in value]
    return value


def encode(value: Any, shape: Any = None) -> bytes:
    """Encode a JSON value in CBOR; `shape` says which texts are bytes and which numbers are times."""
    kind = shape.type_name if shape is not None else ""
    if isinstance(value, list):
        member = shape.member if kind == "list" else None
        return _head(4, len(value)) + b"".join(encode(one, member) for one in value)
    if isinstance(value, Mapping):
        inner = {key: encode(one, _below(shape, kind, key)) for key, one in value.items()}
        pairs = (encode(str(key)) + one for key, one in inner.items())
        return _head(5, len(inner)) + b"".join(pairs)
    if isinstance(value, str):
        data = base64.b64decode(value) if kind == "blob" else value.encode()
        return _head(2 if kind == "blob" else 3, len(data)) + data
    return _number(value, kind)


def _number(value: Any, kind: str) -> bytes:
    """Encode a value other than a list, structure or text."""
    simple = {None: b"\xf6", False: b"\xf4", True: b"\xf5"}
    if value is None or isinstance(value, bool):
        return simple[value]
    if kind == "timestamp":
        return b"\xc1\xfb" + struct.pack(">d", value)
    if isinstance(value, int) and kind not in {"float", "double"}:
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    return b"\xfb" + struct.pack(">d", value)


def _below(shape: Any, kind: str, key: str) -> Any:
    if kind == "map":
        return shape.value
    return shape.members.get(key) if kind == "structure" else None


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for extra, size in enumerate((1, 2, 4, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | 24 + extra]) + number.to_bytes(size)
    raise OverflowError(f"{number} is too large for CBOR")


class Translator:
    """moto, with support for requests in CBOR."""

    def __init__(self, moto: Wsgi) -> None:
        self._moto = moto

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        operation = identify(environ)
        if operation.protocol != "cbor":
            return self._moto(environ, start_response)
        from drydock.region.api.validation import models  # noqa: PLC0415

        asked = models.operation(operation.service, operation.name)
        model = models.service(operation.service)
        said: list[Any] = []
        found = b"".join(
            self._moto(
                _in_json(environ, f"{model.metadata['targetPrefix']}.{operation.name}"),
                lambda line, headers, _info=None: said.extend((line, headers)),
            )
        )
        ok = said[0].startswith("2")
        body = encode(json.loads(found or b"{}"), asked.output_shape if ok else None)
        headers = [("Content-Type", KIND), PROTOCOL, ("Content-Length", str(len(body)))]
        start_response(said[0], headers)
        return [body]


def _in_json(environ: Environ, target: str) -> Environ:
    sent: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    body = json.dumps(parse(sent)).encode()
    left = {key: one for key, one in environ.items() if key != "HTTP_SMITHY_PROTOCOL"}
    return {
        **left,
        "PATH_INFO": "/",
        "RAW_URI": "/",
        "HTTP_X_AMZ_TARGET": target,
        "HTTP_ACCEPT": "application/json",
        "CONTENT_TYPE": "application/x-amz-json-1.0",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
