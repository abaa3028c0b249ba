"""A refusal in the words and shape of the service that was asked.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from drydock.region.api import faults
from drydock.region.api.operations import Operation

Why = Literal["denied", "unknown key", "expired", "unsigned"]

# json, ec2, s3, query (and the other XML)
_CODES: dict[Why, dict[str, tuple[int, str]]] = {
    "denied": {
        "json": (400, "AccessDeniedException"),
        "rest-json": (403, "AccessDeniedException"),
        "ec2": (403, "UnauthorizedOperation"),
        "s3": (403, "AccessDenied"),
        "query": (403, "AccessDenied"),
    },
    "unknown key": {
        "json": (400, "UnrecognizedClientException"),
        "rest-json": (403, "UnrecognizedClientException"),
        "ec2": (401, "AuthFailure"),
        "s3": (403, "InvalidAccessKeyId"),
        "query": (403, "InvalidClientTokenId"),
    },
    "expired": {
        "json": (400, "ExpiredTokenException"),
        "rest-json": (403, "ExpiredTokenException"),
        "ec2": (400, "RequestExpired"),
        "s3": (400, "ExpiredToken"),
        "query": (403, "ExpiredToken"),
    },
    "unsigned": {
        "json": (400, "MissingAuthenticationTokenException"),
        "rest-json": (403, "MissingAuthenticationTokenException"),
        "ec2": (403, "MissingAuthenticationToken"),
        "s3": (403, "AccessDenied"),
        "query": (403, "MissingAuthenticationToken"),
    },
}
_WORDS: dict[Why, str] = {
    "unknown key": "The security token included in the request is invalid.",
    "expired": "The security token included in the request is expired",
    "unsigned": "Request is missing Authentication Token",
}
_S3_WORDS: dict[Why, str] = {
    "unknown key": "The AWS Access Key Id you provided does not exist in our records.",
    "expired": "The provided token has expired.",
}
_EC2_WORDS: dict[Why, str] = {
    "unknown key": "AWS was not able to validate the provided access credentials",
    "expired": "Request has expired.",
}


@dataclass(frozen=True)
class Denial:
    """Why, and for a policy's denial AWS's sentence."""

    why: Why
    sentence: str = ""

    def render(self, operation: Operation) -> tuple[int, str, bytes]:
        """Status, content type and body, as `operation`'s protocol has them."""
        kind = "s3" if operation.service == "s3" else operation.protocol
        table = _CODES[self.why]
        status, code = table.get(kind, table["json" if kind == "cbor" else "query"])
        if operation.method == "HEAD":
            return status, "application/xml", b""
        words = self._words(kind)
        if kind == "cbor":
            return status, "application/cbor", _cbor({"__type": code, "message": words})
        content, body = faults.render(operation, code, words, fault="Sender")
        return status, content, body

    def _words(self, kind: str) -> str:
        if self.sentence:
            first = "You are not authorized to perform this operation. " if kind == "ec2" else ""
            return first + self.sentence
        special = {"s3": _S3_WORDS, "ec2": _EC2_WORDS}.get(kind, {})
        return special.get(self.why, _WORDS[self.why])


def _cbor(fields: dict[str, str]) -> bytes:
    """A map of texts (https://www.rfc-editor.org/rfc/rfc8949#section-3.1)."""
    parts = [bytes([0xA0 | len(fields)])]
    for text in (word for pair in fields.items() for word in pair):
        data = text.encode()
        parts.append(struct.pack(">BH", 0x79, len(data)) + data)
    return b"".join(parts)
