"""Translate the API's attributes, which are texts, into the balancer's settings. Pure.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ListenerAttribute.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from drydock.region.dataplane.balancer.spec import (
    ForwardedFor,
    Listener,
    LoadBalancer,
    Stickiness,
)

Attributes = Mapping[str, str | None]

_RESPONSE = "routing.http.response."
_RESPONSE_HEADERS = (
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
)
_MODES: Mapping[str, ForwardedFor] = {
    "append": "append",
    "preserve": "preserve",
    "remove": "remove",
}


def of_load_balancer(arn: str, attributes: Attributes, spec: LoadBalancer) -> LoadBalancer:
    """Return `spec` with a load balancer's attributes applied. Connection timeouts are not scaled."""

    def on(name: str) -> bool:
        return attributes.get(f"routing.http.{name}.enabled") == "true"

    mode = attributes.get("routing.http.xff_header_processing.mode") or "append"
    return replace(
        spec,
        idle_timeout=float(attributes.get("idle_timeout.timeout_seconds") or 60),
        client_keep_alive=float(attributes.get("client_keep_alive.seconds") or 3600),
        drop_invalid_headers=on("drop_invalid_header_fields"),
        preserve_host=on("preserve_host_header"),
        forwarded_for=_MODES[mode],
        forwarded_port=on("xff_client_port"),
        tls_headers=on("x_amzn_tls_version_and_cipher_suite"),
        cookie_secret=hashlib.sha256(arn.encode()).hexdigest(),
    )


def of_listener(attributes: Attributes, listener: Listener) -> Listener:
    """Return `listener` with its attributes applied."""

    def header(name: str, default: str) -> str:
        return attributes.get(f"routing.http.request.{name}.header_name") or default

    wanted = (
        (name, attributes.get(f"{_RESPONSE}{name.lower().replace('-', '_')}.header_value"))
        for name in _RESPONSE_HEADERS
    )
    return replace(
        listener,
        response_headers=tuple((name, value) for name, value in wanted if value),
        server_header=attributes.get(f"{_RESPONSE}server.enabled") != "false",
        tls_version_header=header("x_amzn_tls_version", listener.tls_version_header),
        tls_cipher_header=header("x_amzn_tls_cipher_suite", listener.tls_cipher_header),
    )


def stickiness(attributes: Attributes) -> Stickiness | None:
    """Return a target group's cookie stickiness; None when it is off."""
    if attributes.get("stickiness.enabled") != "true":
        return None
    if attributes.get("stickiness.type") == "app_cookie":
        return Stickiness(
            int(attributes.get("stickiness.app_cookie.duration_seconds") or 86400),
            attributes.get("stickiness.app_cookie.cookie_name") or "",
        )
    return Stickiness(int(attributes.get("stickiness.lb_cookie.duration_seconds") or 86400))
