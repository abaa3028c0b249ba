"""Which service and operation a request is for, and whether it may change anything."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

Environ = dict[str, Any]

_ALIASES = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "application-autoscaling": "applicationautoscaling",
}
"""Names in signatures that are not moto's names."""

_READING = (
    "Describe", "List", "Get", "Head", "BatchGet", "Lookup", "Search", "Filter", "Simulate", "Test",
    "Validate", "Check", "Select", "Query", "Scan", "Estimate", "Decode", "Preview", "Verify",
    "Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateMac", "GenerateRandom", "Sign",
    "DeriveSharedSecret", "StartQuery", "StartLiveTail",
)  # fmt: skip
"""How the names of operations begin that change no resource."""

_UNSIGNED = {"AssumeRoleWithWebIdentity": "sts", "AssumeRoleWithSAML": "sts"}
"""Operations that nobody signs, and whose they are."""
_RPC = re.compile(r"/service/[^/]+/operation/([^/]+)")
"""The path in the protocol that newer SDKs speak (https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html)."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LARGEST_FORM = 4 * 1024 * 1024


@dataclass(frozen=True)
class Operation:
    """`service` is moto's name; `name` is "" for REST services, which the method decides."""

    service: str
    name: str
    method: str
    protocol: str
    """json, query, ec2, cbor, rest-xml or rest-json: how the answer is written."""

    @property
    def changes(self) -> bool:
        """May it change a resource?"""
        if self.name:
            return not self.name.startswith(_READING)
        return self.method not in _SAFE_METHODS

    def __str__(self) -> str:
        return f"{self.service}:{self.name or self.method}"


def identify(environ: Environ) -> Operation:
    """The operation that a WSGI request asks for. A form body is read and put back."""
    method = environ.get("REQUEST_METHOD", "GET").upper()
    service = _service(environ)
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    if target:
        return Operation(service, target.rsplit(".", 1)[-1], method, "json")
    path = _RPC.fullmatch(str(environ.get("PATH_INFO", "")))
    if path and "HTTP_SMITHY_PROTOCOL" in environ:
        return Operation(service, path[1], method, "cbor")
    action = _action(environ)
    if action in _UNSIGNED and "HTTP_AUTHORIZATION" not in environ:
        service = _UNSIGNED[action]
    if action:
        return Operation(service, action, method, "ec2" if service == "ec2" else "query")
    xml = service in {"s3", "route53", "cloudfront", "s3control"}
    return Operation(service, "", method, "rest-xml" if xml else "rest-json")


def _service(environ: Environ) -> str:
    """From the signature's scope (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html)."""
    scope = str(environ.get("HTTP_AUTHORIZATION", ""))
    if "Credential=" in scope:
        scope = scope.split("Credential=", 1)[1].split(",", 1)[0]
    else:
        scope = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    parts = scope.split("/")
    name = parts[3].lower() if len(parts) == 5 else "s3"
    return _ALIASES.get(name, name)


def _action(environ: Environ) -> str:
    query = parse_qs(str(environ.get("QUERY_STRING", "")))
    if "Action" in query:
        return query["Action"][0]
    if not environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return ""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not 0 < length <= _LARGEST_FORM:
        return ""
    body: bytes = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    try:
        return parse_qs(body.decode()).get("Action", [""])[0]
    except UnicodeDecodeError:
        return ""
