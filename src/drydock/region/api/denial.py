"""Access denials with the code, message and format of the requested service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from drydock.region.api import faults
from drydock.region.api.operations import Operation

Why = Literal[
    "denied", "unknown key", "expired", "unsigned",
    "wrong", "skewed", "over", "malformed", "unsupported", "other body",
]  # fmt: skip
"""The second line is for signatures: mismatch, time skew, an expired signed URL, a missing part,
another kind of signature, another body.
"""

_WRONG = {
    "json": (400, "InvalidSignatureException"),
    "rest-json": (403, "InvalidSignatureException"),
    "ec2": (401, "AuthFailure"),
    "s3": (403, "SignatureDoesNotMatch"),
    "query": (403, "SignatureDoesNotMatch"),
}
_INCOMPLETE = {
    "json": (400, "IncompleteSignatureException"),
    "rest-json": (403, "IncompleteSignatureException"),
    "ec2": (400, "IncompleteSignature"),
    "s3": (400, "AuthorizationHeaderMalformed"),
    "query": (400, "IncompleteSignature"),
}

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
    "wrong": _WRONG,
    "skewed": {**_WRONG, "ec2": (400, "RequestExpired"), "s3": (403, "RequestTimeTooSkewed")},
    "over": {**_WRONG, "ec2": (400, "RequestExpired"), "s3": (403, "AccessDenied")},
    "malformed": _INCOMPLETE,
    "unsupported": {**_INCOMPLETE, "s3": (400, "InvalidRequest")},
    "other body": {**_WRONG, "s3": (400, "XAmzContentSHA256Mismatch")},
}
_NO_MATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key and signing method. Consult the service documentation for details."
)
_WORDS: dict[Why, str] = {
    "unknown key": "The security token included in the request is invalid.",
    "expired": "The security token included in the request is expired",
    "unsigned": "Request is missing Authentication Token",
    "wrong": _NO_MATCH,
    "skewed": "Signature expired or not yet current: its time is more than 15 minutes from now",
    "over": "Signature expired: the time for which the URL was signed is over",
    "malformed": "The request signature does not conform to AWS standards: a part is missing or wrong",
    "unsupported": "The request signature does not conform to AWS standards: use AWS4-HMAC-SHA256",
    "other body": _NO_MATCH,
}
_S3_WORDS: dict[Why, str] = {
    "unknown key": "The AWS Access Key Id you provided does not exist in our records.",
    "expired": "The provided token has expired.",
    "wrong": (
        "The request signature we calculated does not match the signature you provided. Check your "
        "key and signing method."
    ),
    "skewed": "The difference between the request time and the current time is too large.",
    "over": "Request has expired",
    "malformed": "The authorization header that you provided is not valid.",
    "unsupported": (
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    ),
    "other body": "The provided 'x-amz-content-sha256' header does not match what was computed.",
}
_EC2_WORDS: dict[Why, str] = {
    "unknown key": "AWS was not able to validate the provided access credentials",
    "expired": "Request has expired.",
    "wrong": "AWS was not able to validate the provided access credentials",
    "other body": "AWS was not able to validate the provided access credentials",
    "skewed": "Request has expired.",
    "over": "Request has expired.",
}


@dataclass(frozen=True)
class Denial:
    """The reason of a denial, and for a policy's denial AWS's sentence."""

    why: Why
    sentence: str = ""

    def render(self, operation: Operation) -> tuple[int, str, bytes]:
        """Return status, content type and body in the protocol of `operation`."""
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
    """Return a map of texts (https://www.rfc-editor.org/rfc/rfc8949#section-3.1)."""
    parts = [bytes([0xA0 | len(fields)])]
    for text in (word for pair in fields.items() for word in pair):
        data = text.encode()
        parts.append(struct.pack(">BH", 0x79, len(data)) + data)
    return b"".join(parts)
