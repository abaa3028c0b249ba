"""Identify the service and operation of a request, and whether it may change anything."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from drydock.services import lookup

Environ = dict[str, Any]

_READING = (
    "Describe", "List", "Get", "Head", "BatchGet", "Lookup", "Search", "Filter", "Simulate", "Test",
    "Validate", "Check", "Select", "Query", "Scan", "Estimate", "Decode", "Preview", "Verify",
    "Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateMac", "GenerateRandom", "Sign",
    "DeriveSharedSecret", "StartQuery", "StartLiveTail",
)  # fmt: skip
"""Prefixes of the names of operations that change no resource."""

_UNSIGNED = {"AssumeRoleWithWebIdentity": "sts", "AssumeRoleWithSAML": "sts"}
"""Unsigned operations, and their services."""
_RPC = re.compile(r"/service/[^/]+/operation/([^/]+)")
"""The path in the CBOR protocol
(https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html).
"""
_XML = frozenset({"s3", "route53", "cloudfront", "s3control"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LARGEST_FORM = 16 * 1024 * 1024
_CLASSIC_BALANCERS = "2012-06-01"
"""The API version of classic load balancers, which share their signing name with ELBv2."""


@dataclass(frozen=True)
class Operation:
    """An operation.

    `service` is moto's name; `name` is "" for REST services, where the method decides.
    """

    service: str
    name: str
    method: str
    protocol: str
    """json, query, ec2, cbor, rest-xml or rest-json: the format of the answer."""

    @property
    def changes(self) -> bool:
        """Whether the operation may change a resource."""
        if self.name:
            return not self.name.startswith(_READING)
        return self.method not in _SAFE_METHODS

    def __str__(self) -> str:
        return f"{self.service}:{self.name or self.method}"


def identify(environ: Environ) -> Operation:
    """Return the operation of a WSGI request. A form body is read and put back."""
    method = environ.get("REQUEST_METHOD", "GET").upper()
    service = _service(environ)
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    if target:
        return Operation(service, target.rsplit(".", 1)[-1], method, "json")
    path = _RPC.fullmatch(str(environ.get("PATH_INFO", "")))
    if path and "HTTP_SMITHY_PROTOCOL" in environ:
        return Operation(service, path[1], method, "cbor")
    action = _parameter(environ, "Action")
    if action in _UNSIGNED and "HTTP_AUTHORIZATION" not in environ:
        service = _UNSIGNED[action]
    if service == "elbv2" and _parameter(environ, "Version") == _CLASSIC_BALANCERS:
        service = "elb"
    if action:
        return Operation(service, action, method, "ec2" if service == "ec2" else "query")
    xml = service in _XML
    return Operation(service, "", method, "rest-xml" if xml else "rest-json")


def _service(environ: Environ) -> str:
    """Return the service in the signature's scope
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html).
    """
    scope = str(environ.get("HTTP_AUTHORIZATION", ""))
    if "Credential=" in scope:
        scope = scope.split("Credential=", 1)[1].split(",", 1)[0]
    else:
        scope = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    parts = scope.split("/")
    name = parts[3].lower() if len(parts) == 5 else "s3"
    path = str(environ.get("PATH_INFO", ""))
    if (name, path[:4]) == ("ses", "/v2/"):
        return "sesv2"
    if name == "s3" and path.startswith("/v20180820/"):
        return "s3control"
    if str(environ.get("HTTP_X_AMZ_TARGET", "")).startswith("DynamoDBStreams_"):
        return "dynamodbstreams"
    known = lookup.by_scope(name)
    return known.name if known else name


def _parameter(environ: Environ, name: str) -> str:
    """Return a parameter of a form, in the URL or in the body, which is put back."""
    pattern = rf"(?:^|&){name}=([^&]*)"
    if found := re.search(pattern, str(environ.get("QUERY_STRING", ""))):
        return unquote_plus(found[1])
    if not environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return ""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return ""
    if not 0 < length <= _LARGEST_FORM:
        return ""
    body: bytes = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    if in_body := re.search(pattern.encode(), body):
        return unquote_plus(in_body[1].decode(errors="replace"))
    return ""
