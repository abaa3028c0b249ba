"""Decide by its headers whether a request is accepted, before a byte of its body is read.

The API runs programs, so a web page must not reach it: not by a name of its own that leads to this
machine (DNS rebinding), and not by a form or a script of another site. Programs send neither
`Origin` nor `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/), and address the region by one
of its own names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Literal

OWN = "/_drydock/"
"""Drydock's own paths; AWS has none that begin so."""
LARGEST_HEAD = 64 * 1024
"""Bytes of names and values. AWS takes 8 KiB for an object's; a signed URL may be longer."""
LARGEST_BODY = 64 * 1024 * 1024
"""Bytes; the largest of AWS except S3's: a function's archive (50 MB), encoded in base64."""
LARGEST_OBJECT = 5 * 1024**3
"""Bytes of one PutObject or UploadPart (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)."""
LARGEST_OWN = 1024 * 1024
"""Bytes of a request to Drydock's own paths."""

Side = Literal["host", "inside"]
"""The kind of socket: the host's loopback, or one in the region's namespaces."""

_LOCAL = ("localhost",)
_AWS = ("amazonaws.com", "api.aws", "ecr.aws", "docker.io")
"""Names that resolve to the region inside of it; a name of S3's has the bucket in front."""


@dataclass(frozen=True)
class Head:
    """The parts of a request's head that decide."""

    method: str
    path: str
    """Decoded, without the query."""
    host: str
    origin: str | None = None
    site: str = ""
    """`Sec-Fetch-Site`."""
    content_type: str = ""
    size: int = 0
    """Bytes of the header's names and values."""
    hosts: int = 1
    """How many Host headers there are."""

    @classmethod
    def of(cls, method: str, path: str, headers: Iterable[tuple[bytes, bytes]]) -> Head:
        """Return the head of a request with these headers, whose names are in lower case."""
        pairs = list(headers)
        last: Mapping[bytes, bytes] = dict(pairs)

        def text(name: bytes) -> str:
            return last.get(name, b"").decode("latin-1").strip()

        return cls(
            method,
            path,
            text(b"host"),
            text(b"origin") if b"origin" in last else None,
            text(b"sec-fetch-site").lower(),
            text(b"content-type").partition(";")[0].strip().lower(),
            sum(len(name) + len(value) for name, value in pairs),
            sum(name == b"host" for name, _ in pairs),
        )


@dataclass(frozen=True)
class Refusal:
    """A status and its message."""

    status: HTTPStatus
    words: str


def refusal(head: Head, side: Side) -> Refusal | None:
    """Return why a request is not served; None if it is."""
    if head.size > LARGEST_HEAD:
        words = f"The headers are larger than {LARGEST_HEAD // 1024} KiB."
        return Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, words)
    if not head.path.startswith("/"):
        return Refusal(HTTPStatus.BAD_REQUEST, "The request names no path.")
    if head.hosts != 1 or not is_own(head.host, side):
        words = (
            f"This region does not answer to the host {head.host!r}: ask 127.0.0.1, localhost or a "
            "name that ends in .localhost."
        )
        return Refusal(HTTPStatus.FORBIDDEN, words)
    if head.origin is not None and head.origin.lower() != f"http://{head.host.lower()}":
        words = f"This region does not answer to web pages (Origin: {head.origin!r})."
        return Refusal(HTTPStatus.FORBIDDEN, words)
    if head.site in {"cross-site", "same-site"}:
        words = f"This region does not answer to web pages (Sec-Fetch-Site: {head.site})."
        return Refusal(HTTPStatus.FORBIDDEN, words)
    if head.path.startswith(OWN) and head.method == "POST" and not _is_json(head):
        words = f"{OWN} takes Content-Type: application/json alone."
        return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, words)
    return None


def is_own(host: str, side: Side) -> bool:
    """Return whether a Host header (name or address, with or without a port) names the region."""
    name = _name(host)
    if name is None:
        return False
    if _below(name, _LOCAL):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return side == "inside" and _below(name, _AWS)
    return side == "inside" or address.is_loopback


def _name(host: str) -> str | None:
    """Return the name in a Host header, in lower case; None if it is malformed."""
    name, colon, port = host.rpartition(":")
    if (host.startswith("[") and host.endswith("]")) or not colon:
        name = host
    elif not (port.isascii() and port.isdecimal()):
        return None
    if name.startswith("[") != name.endswith("]"):
        return None
    name = name.lower().removeprefix("[").removesuffix("]").removesuffix(".")
    return name or None


def _below(name: str, names: Iterable[str]) -> bool:
    return any(name == one or name.endswith(f".{one}") for one in names)


def _is_json(head: Head) -> bool:
    return head.content_type == "application/json"
