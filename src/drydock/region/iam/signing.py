"""Verify that a request is signed with the secret of its access key.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html. botocore computes the expected
signatures, also the older ones of S3 (version 2), which SDKs still make for signed URLs.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import IO, Any
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlsplit

from botocore.auth import HmacV1Auth, S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from drydock.region.api import environ as requests
from drydock.region.api.denial import Why
from drydock.region.api.operations import Environ
from drydock.region.iam import chunks

ALGORITHM = "AWS4-HMAC-SHA256"
_SKEW = timedelta(minutes=15)
_LONGEST = timedelta(days=7)
_STAMP = "%Y%m%dT%H%M%SZ"
_UNSIGNED = "UNSIGNED-PAYLOAD"
_FIELD = re.compile(r"\s*(Credential|SignedHeaders|Signature)\s*=\s*([^,\s]+)\s*")
_S3 = frozenset({"s3", "s3-object-lambda", "s3-outposts", "s3express"})


@dataclass(frozen=True)
class Signature:
    """The signature of a request and its parameters (version 4)."""

    scope: str
    """`DATE/REGION/SERVICE/aws4_request`."""
    headers: tuple[str, ...]
    value: str
    timestamp: str
    expires: int | None = None
    """Seconds for which a signed URL is valid; None: the signature is in a header."""

    @property
    def is_url(self) -> bool:
        return self.expires is not None

    @property
    def service(self) -> str:
        return self.scope.split("/")[2]


def problem(environ: Environ, secret: str, now: datetime) -> Why | None:
    """Return what is wrong with the signature of a request that names an access key; None if it is
    valid.

    The body is read, and can be read again afterwards.
    """
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    query = _query(environ)
    if header.startswith("AWS ") or (not header and "AWSAccessKeyId" in query):
        return _older(environ, secret, query, now)
    if header and not header.startswith(ALGORITHM):
        return "unsupported"
    if not header and query.get("X-Amz-Algorithm") != ALGORITHM:
        return "unsupported"
    signature = _in_header(environ, header) if header else _in_url(query)
    if signature is None:
        return "malformed"
    return _date_problem(signature, now) or _signed_problem(environ, signature, secret)


def _in_header(environ: Environ, header: str) -> Signature | None:
    found = dict(_FIELD.findall(header.removeprefix(ALGORITHM)))
    stamp = str(environ.get("HTTP_X_AMZ_DATE", "")) or _stamp_of(environ.get("HTTP_DATE"))
    if len(found) != 3 or not stamp:
        return None
    return _made(found["Credential"], found["SignedHeaders"], found["Signature"], stamp)


def _in_url(query: Mapping[str, str]) -> Signature | None:
    names = ("Credential", "SignedHeaders", "Signature", "Date", "Expires")
    if any(f"X-Amz-{one}" not in query for one in names):
        return None
    credential, headers, value, stamp, expires = (query[f"X-Amz-{one}"] for one in names)
    if not (expires.isascii() and expires.isdecimal()):
        return None
    return _made(credential, headers, value, stamp, int(expires))


def _made(
    credential: str, headers: str, value: str, stamp: str, expires: int | None = None
) -> Signature | None:
    parts = credential.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request" or not stamp.startswith(parts[1]):
        return None
    signed = tuple(headers.lower().split(";"))
    return Signature("/".join(parts[1:]), signed, value, stamp, expires)


def _stamp_of(date: Any) -> str:
    """Return a `Date` header in the format of X-Amz-Date; empty if it is invalid."""
    try:
        return parsedate_to_datetime(str(date)).astimezone(UTC).strftime(_STAMP)
    except ValueError:
        return ""


def _date_problem(signature: Signature, now: datetime) -> Why | None:
    try:
        made = datetime.strptime(signature.timestamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return "malformed"
    if signature.expires is None:
        return "skewed" if abs(now - made) > _SKEW else None
    if timedelta(seconds=signature.expires) > _LONGEST:
        return "malformed"
    if made - now > _SKEW:
        return "skewed"
    return "over" if now > made + timedelta(seconds=signature.expires) else None


def _signed_problem(environ: Environ, signature: Signature, secret: str) -> Why | None:
    given: list[tuple[str, str]] = environ[requests.HEADERS]
    is_s3 = signature.service in _S3
    if "host" not in signature.headers:
        return "malformed"
    if not is_s3 and "HTTP_X_AMZ_TARGET" in environ and "x-amz-target" not in signature.headers:
        return "malformed"
    payload = _payload(environ, signature)
    signer = (_S3Signer if is_s3 else _Signer)(signature, secret, payload)
    for url in _urls(environ):
        request = signer.request(str(environ["REQUEST_METHOD"]), url, given)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        if hmac.compare_digest(signer.signature(text, request), signature.value):
            return _body_problem(environ, signature, signer, request, payload)
    return "wrong"


def _payload(environ: Environ, signature: Signature) -> str:
    """Return the payload hash, or its replacement, in the signed text."""
    is_signed_url = signature.is_url and signature.service in _S3
    said = str(environ.get("HTTP_X_AMZ_CONTENT_SHA256", ""))
    if said and not (is_signed_url and "x-amz-content-sha256" not in signature.headers):
        return said
    if is_signed_url:
        return _UNSIGNED
    return _digest(environ["wsgi.input"])


def _body_problem(
    environ: Environ, signature: Signature, signer: Any, request: AWSRequest, payload: str
) -> Why | None:
    """Return what is wrong if the body is not the signed one."""
    if payload in {_UNSIGNED, chunks.UNSIGNED_TRAILER}:
        return None
    body: IO[bytes] = environ["wsgi.input"]
    if payload in {chunks.PAYLOAD, chunks.PAYLOAD_TRAILER}:
        seed = chunks.Seed(
            signature.timestamp,
            signature.scope,
            signature.value,
            lambda text: str(signer.signature(text, request)),
        )
        good = chunks.are_signed(body, seed, payload)
        body.seek(0)
        return None if good else "wrong"
    return None if hmac.compare_digest(_digest(body), payload.lower()) else "other body"


def _digest(body: IO[bytes]) -> str:
    """Return the SHA-256 of a body, in hexadecimal digits; it can be read again afterwards."""
    found = sha256()
    while part := body.read(1024 * 1024):
        found.update(part)
    body.seek(0)
    return found.hexdigest()


class _Signing:
    """botocore's signer, for an existing signature."""

    def __init__(self, signature: Signature, secret: str, payload: str) -> None:
        _, region, service, _ = signature.scope.split("/")
        super().__init__(Credentials("", secret), service, region)  # type: ignore[call-arg]
        self._signature = signature
        self._payload = payload

    def request(self, method: str, url: str, given: list[tuple[str, str]]) -> AWSRequest:
        made = AWSRequest(method=method, url=url)
        made.context["timestamp"] = self._signature.timestamp
        for name, value in given:
            if name in self._signature.headers:
                made.headers.add_header(name, _text(value))
        return made

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        """Return the headers that the client has signed, and no other."""
        return request.headers

    def payload(self, _request: AWSRequest) -> str:
        return self._payload


class _Signer(_Signing, SigV4Auth):
    pass


class _S3Signer(_Signing, S3SigV4Auth):
    pass


def _text(value: str) -> str:
    """Return a header's value decoded as UTF-8, if it is valid."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return value


def _query(environ: Environ) -> dict[str, str]:
    return dict(parse_qsl(str(environ.get("QUERY_STRING", "")), keep_blank_values=True))


def _urls(environ: Environ) -> Iterator[str]:
    """Yield the URL as it was sent, and as AWS normalizes it; a signed URL's signature is left out.

    A client may send a character unescaped that it has signed escaped.
    """
    path, _, query = str(environ["RAW_URI"]).partition("?")
    pairs = [one for one in query.split("&") if one and not one.startswith("X-Amz-Signature=")]
    yield f"http://region{path}?{'&'.join(one if '=' in one else f'{one}=' for one in pairs)}"
    again = [[_escaped(part) for part in one.partition("=")[::2]] for one in pairs]
    clean = quote(unquote_to_bytes(path), safe="/-_.~")
    yield f"http://region{clean}?{'&'.join('='.join(one) for one in again)}"


def _escaped(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="-_.~")


# -- version 2, only for S3 (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html)


class _OlderSigner(HmacV1Auth):
    """botocore's signer of version 2, for an existing date."""

    def __init__(self, secret: str, date: str) -> None:
        super().__init__(Credentials("", secret))
        self._date = date

    def _get_date(self) -> str:
        return self._date


def _older(environ: Environ, secret: str, query: Mapping[str, str], now: datetime) -> Why | None:
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    amz_date = str(environ.get("HTTP_X_AMZ_DATE", ""))
    date = str(environ.get("HTTP_DATE", ""))
    expires = query.get("Expires", "")
    if header:
        try:
            made = parsedate_to_datetime(amz_date or date).astimezone(UTC)
        except ValueError:
            return "malformed"
        if abs(now - made) > _SKEW:
            return "skewed"
        given, signer = header.rpartition(":")[2], _OlderSigner(secret, "" if amz_date else date)
    else:
        if not (expires.isascii() and expires.isdecimal()):
            return "malformed"
        if now.timestamp() > int(expires):
            return "over"
        given, signer = query.get("Signature", ""), _OlderSigner(secret, expires)
    split = urlsplit(f"http://region{environ['RAW_URI']}")
    bucket = str(environ.get("HTTP_HOST", "")).partition(".")[0]
    for path in (split.path, f"/{bucket}{split.path}"):  # the bucket may be in the host's name
        headers: Any = HTTPHeaders()
        for name, value in environ[requests.HEADERS]:
            headers.add_header(name, _text(value))
        method = str(environ["REQUEST_METHOD"])
        wanted = signer.get_signature(method, split, headers, auth_path=path)
        if hmac.compare_digest(wanted.encode(), given.encode()):
            return None
    return "wrong"
