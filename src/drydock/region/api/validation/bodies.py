"""Read the body of a request once, bounded, and put it back for later readers."""

from __future__ import annotations

import io
import zlib

from drydock.region.api.operations import Environ
from drydock.region.api.validation.problems import RequestProblem

LARGEST = 16 * 1024 * 1024
"""Bytes of an unpacked body that is parsed; the largest that AWS documents for one is 10 MB or so
(PutRecordBatch, PutParameter and the like stay far below). Objects of S3 are not parsed.
"""


def read(environ: Environ) -> bytes:
    """Return the body, unpacked. `wsgi.input` returns it again afterwards, as it was sent.

    Raises RequestProblem: larger than LARGEST, or packed and damaged.
    """
    length = _length(environ)
    if length == 0:
        return b""
    if length > LARGEST:
        raise _too_large()
    sent: bytes = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(sent)
    if str(environ.get("HTTP_CONTENT_ENCODING", "")).lower() == "gzip":
        return _unpacked(sent)
    return sent


def _length(environ: Environ) -> int:
    try:
        return max(int(environ.get("CONTENT_LENGTH") or 0), 0)
    except ValueError:
        raise RequestProblem("InvalidRequest", "The Content-Length is no number.") from None


def _unpacked(sent: bytes) -> bytes:
    """Unpack a body, up to LARGEST bytes."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacker.decompress(sent, LARGEST + 1)
    except zlib.error as error:
        raise RequestProblem("InvalidRequest", f"The body is not gzip: {error}.") from None
    if len(found) > LARGEST:
        raise _too_large()
    return found


def _too_large() -> RequestProblem:
    text = f"The request is larger than the {LARGEST // 1024 // 1024} MB that are taken."
    return RequestProblem("RequestEntityTooLargeException", text, 413)
