"""The attributes of listeners: headers that are added to responses, and names of request headers.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/header-modification.html
moto 5.2.5 shows a TCP time-out for every listener and takes any key.
"""

from __future__ import annotations

from collections.abc import Mapping

from drydock.region.services.elbv2.operations.problems import invalid, misconfigured
from drydock.region.services.elbv2.operations.values import Check, between, boolean, one_of, text

_REQUEST = "routing.http.request"
_RESPONSE = "routing.http.response"
_NAMES = {
    "x_amzn_mtls_clientcert_serial_number": "X-Amzn-Mtls-Clientcert-Serial-Number",
    "x_amzn_mtls_clientcert_issuer": "X-Amzn-Mtls-Clientcert-Issuer",
    "x_amzn_mtls_clientcert_subject": "X-Amzn-Mtls-Clientcert-Subject",
    "x_amzn_mtls_clientcert_validity": "X-Amzn-Mtls-Clientcert-Validity",
    "x_amzn_mtls_clientcert_leaf": "X-Amzn-Mtls-Clientcert-Leaf",
    "x_amzn_mtls_clientcert": "X-Amzn-Mtls-Clientcert",
    "x_amzn_tls_version": "X-Amzn-Tls-Version",
    "x_amzn_tls_cipher_suite": "X-Amzn-Tls-Cipher-Suite",
}
"""Headers that ELB adds to requests over HTTPS, and their default names."""
_METHOD = r"(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH)"
_VALUES: dict[str, Check] = {
    "strict_transport_security": text(
        1024,
        r"max-age=\d+(?:\s*;\s*includeSubDomains)?(?:\s*;\s*preload)?\s*;?",
        "like max-age=31536000; includeSubDomains; preload",
    ),
    "access_control_allow_origin": text(1024),
    "access_control_allow_methods": text(
        1024, rf"\*|{_METHOD}(?:\s*,\s*{_METHOD})*", "* or methods with commas between them"
    ),
    "access_control_allow_headers": text(1024),
    "access_control_allow_credentials": one_of("true", ""),
    "access_control_expose_headers": text(1024),
    "access_control_max_age": between(0, 86400, ""),
    "content_security_policy": text(1024),
    "x_content_type_options": one_of("nosniff", ""),
    "x_frame_options": text(
        1024, r"DENY|SAMEORIGIN|ALLOW-FROM \S+", "DENY, SAMEORIGIN or ALLOW-FROM and an origin"
    ),
}
_SERVER = f"{_RESPONSE}.server.enabled"
_HTTP: dict[str, Check] = {
    _SERVER: boolean,
    **{f"{_RESPONSE}.{header}.header_value": check for header, check in _VALUES.items()},
}
_NAME = text(40, r"[A-Za-z0-9_-]+", "a header's name of letters, digits, - and _")
_HTTPS_ONLY: dict[str, Check] = {f"{_REQUEST}.{header}.header_name": _NAME for header in _NAMES}
_TCP: dict[str, Check] = {"tcp.idle_timeout.seconds": between(60, 6000)}


def defaults(protocol: str) -> dict[str, str]:
    """Return a listener's default attributes."""
    if protocol not in ("HTTP", "HTTPS"):
        return {"tcp.idle_timeout.seconds": "350"}
    names = {f"{_REQUEST}.{header}.header_name": name for header, name in _NAMES.items()}
    return {
        **(names if protocol == "HTTPS" else {}),
        **{f"{_RESPONSE}.{header}.header_value": "" for header in _VALUES},
        _SERVER: "true",
    }


def check(wanted: Mapping[str, str], protocol: str) -> None:
    """Raise ELBClientError when a listener of this protocol cannot have these attributes."""
    known = {"HTTP": _HTTP, "HTTPS": {**_HTTP, **_HTTPS_ONLY}}.get(protocol, _TCP)
    for key, value in wanted.items():
        if key not in known:
            if key in {**_HTTP, **_HTTPS_ONLY, **_TCP}:
                raise misconfigured(
                    f"Listener attribute key '{key}' is not supported on {protocol} listeners"
                )
            raise invalid(f"Listener attribute key '{key}' is not recognized")
        known[key](key, value)
