"""The attributes of load balancers: their keys, valid values and defaults.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
moto 5.2.5 takes any value.
"""

from __future__ import annotations

from collections.abc import Mapping

from drydock.region.services.elbv2.operations.problems import invalid, misconfigured
from drydock.region.services.elbv2.operations.values import Check, between, boolean, one_of, text

LOGS = ("access_logs", "connection_logs", "health_check_logs")
"""Kinds of logs that go to a bucket: `<kind>.s3.enabled`, `.bucket`, `.prefix`."""

_ANY: dict[str, Check] = {
    "access_logs.s3.bucket": text(255),
    "access_logs.s3.enabled": boolean,
    "access_logs.s3.prefix": text(512),
    "deletion_protection.enabled": boolean,
    "ipv6.deny_all_igw_traffic": boolean,
    "load_balancing.cross_zone.enabled": boolean,
    "zonal_shift.config.enabled": boolean,
}
_APPLICATION: dict[str, Check] = {
    "client_keep_alive.seconds": between(60, 604800),
    "connection_logs.s3.bucket": text(255),
    "connection_logs.s3.enabled": boolean,
    "connection_logs.s3.prefix": text(512),
    "health_check_logs.s3.bucket": text(255),
    "health_check_logs.s3.enabled": boolean,
    "health_check_logs.s3.prefix": text(512),
    "idle_timeout.timeout_seconds": between(1, 4000),
    "routing.http.desync_mitigation_mode": one_of("monitor", "defensive", "strictest"),
    "routing.http.drop_invalid_header_fields.enabled": boolean,
    "routing.http.preserve_host_header.enabled": boolean,
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": boolean,
    "routing.http.xff_client_port.enabled": boolean,
    "routing.http.xff_header_processing.mode": one_of("append", "preserve", "remove"),
    "routing.http2.enabled": boolean,
    "waf.fail_open.enabled": boolean,
}
_NETWORK: dict[str, Check] = {
    "dns_record.client_routing_policy": one_of(
        "any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity"
    ),
    "secondary_ips.auto_assigned.per_subnet": between(0, 7),
}
_BY_TYPE = {"application": {**_ANY, **_APPLICATION}, "network": {**_ANY, **_NETWORK}}


def defaults(scheme: str) -> dict[str, str]:
    """Return an Application Load Balancer's default attributes."""
    return {
        **{f"{kind}.s3.{part}": "" for kind in LOGS for part in ("bucket", "prefix")},
        **{f"{kind}.s3.enabled": "false" for kind in LOGS},
        "client_keep_alive.seconds": "3600",
        "deletion_protection.enabled": "false",
        "idle_timeout.timeout_seconds": "60",
        "ipv6.deny_all_igw_traffic": "true" if scheme == "internal" else "false",
        "load_balancing.cross_zone.enabled": "true",
        "routing.http.desync_mitigation_mode": "defensive",
        "routing.http.drop_invalid_header_fields.enabled": "false",
        "routing.http.preserve_host_header.enabled": "false",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
        "routing.http.xff_client_port.enabled": "false",
        "routing.http.xff_header_processing.mode": "append",
        "routing.http2.enabled": "true",
        "waf.fail_open.enabled": "false",
        "zonal_shift.config.enabled": "false",
    }


def check(wanted: Mapping[str, str], kind: str) -> None:
    """Raise ELBClientError when a load balancer of type `kind` cannot have these attributes."""
    known = _BY_TYPE.get(kind, _ANY)
    for key, value in wanted.items():
        if key not in known:
            if any(key in one for one in _BY_TYPE.values()):
                raise misconfigured(
                    f"Load balancer attribute key '{key}' is not supported on load balancers"
                    f" with type '{kind}'"
                )
            raise invalid(f"Load balancer attribute key '{key}' is not recognized")
        known[key](key, value)
    if kind == "application" and wanted.get("load_balancing.cross_zone.enabled") == "false":
        raise misconfigured(
            "Cross-zone load balancing cannot be turned off on an Application Load Balancer"
        )


def logs(attributes: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return kind, bucket and prefix of the enabled logs.

    Raises ELBClientError: no bucket is named.
    """
    found = []
    for kind in LOGS:
        if attributes.get(f"{kind}.s3.enabled") == "true":
            bucket = attributes.get(f"{kind}.s3.bucket", "")
            if not bucket:
                raise misconfigured(f"'{kind}.s3.bucket' must be specified when logs are enabled")
            found.append((kind, bucket, attributes.get(f"{kind}.s3.prefix", "")))
    return found
