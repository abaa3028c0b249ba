"""Bodies that are signed chunk by chunk (`Content-Encoding: aws-chunked`).

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import IO

PAYLOAD = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
PAYLOAD_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

_HEAD = re.compile(rb"([0-9a-fA-F]{1,8});chunk-signature=([0-9a-f]{64})\r\n")
_LONGEST_LINE = 16 * 1024
_MOST_TRAILERS = 100
_NOTHING = sha256(b"").hexdigest()


@dataclass(frozen=True)
class Seed:
    """The start of the chain of chunk signatures: the signature of the request's head."""

    timestamp: str
    scope: str
    signature: str
    sign: Callable[[str], str]
    """A string to sign → its signature in hexadecimal digits."""


def are_signed(body: IO[bytes], seed: Seed, kind: str) -> bool:
    """Return whether each chunk, and the trailer if `kind` has one, is signed correctly.

    Reads `body` from its position to its end; one chunk is in memory at a time.
    """
    previous = seed.signature
    while True:
        head = _HEAD.fullmatch(body.readline(_LONGEST_LINE))
        if head is None:
            return False
        size = int(head[1], 16)
        data = body.read(size)
        if len(data) != size or not _is(head[2], _chunk(seed, previous, data)):
            return False
        previous = head[2].decode()
        if size == 0:
            break
        if body.read(2) != b"\r\n":
            return False
    return kind != PAYLOAD_TRAILER or _trailer_is_signed(body, seed, previous)


def _chunk(seed: Seed, previous: str, data: bytes) -> str:
    parts = (PAYLOAD.removeprefix("STREAMING-"), seed.timestamp, seed.scope, previous, _NOTHING)
    return seed.sign("\n".join((*parts, sha256(data).hexdigest())))


def _trailer_is_signed(body: IO[bytes], seed: Seed, previous: str) -> bool:
    """Check the trailing headers, each on a line that ends in a line feed, and their signature."""
    headers: list[bytes] = []
    for _ in range(_MOST_TRAILERS):
        line = body.readline(_LONGEST_LINE).strip()
        name, _, value = line.partition(b":")
        if name.lower() == b"x-amz-trailer-signature":
            canonical = b"".join(one + b"\n" for one in headers)
            parts = ("AWS4-HMAC-SHA256-TRAILER", seed.timestamp, seed.scope, previous)
            wanted = seed.sign("\n".join((*parts, sha256(canonical).hexdigest())))
            return _is(value.strip(), wanted)
        if not value:
            return False
        headers.append(name.strip().lower() + b":" + value.strip())
    return False


def _is(given: bytes, wanted: str) -> bool:
    return hmac.compare_digest(given, wanted.encode())
