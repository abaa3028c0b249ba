"""The health check of a target group: ELB's defaults and bounds.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
moto 5.2.5 gives GRPC groups the matcher of HTTP, and checks nothing when a group is modified.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drydock.region.services.elbv2.operations.problems import invalid

_GRPC_PATH = "/AWS.ALB/healthcheck"
_LONGEST_PATH = 1024
_PATH = re.compile(r"/[A-Za-z0-9_.$/~\"'@:+&%=?,;!()*#\[\]-]*")


@dataclass(frozen=True)
class HealthCheck:
    """A health check. Times in seconds. `port`: a number or traffic-port.

    `matcher`: {"HttpCode": …} or {"GrpcCode": …}.
    """

    protocol: str
    port: str
    path: str
    interval: int
    timeout: int
    healthy: int
    unhealthy: int
    matcher: Mapping[str, str]


def defaults(version: str) -> HealthCheck:
    """Return the default of an HTTP or HTTPS group with this protocol version."""
    grpc = version == "GRPC"
    matcher = {"GrpcCode": "12"} if grpc else {"HttpCode": "200"}
    return HealthCheck("HTTP", "traffic-port", _GRPC_PATH if grpc else "/", 30, 5, 5, 2, matcher)


def wanted(asked: Mapping[str, Any], base: HealthCheck, version: str) -> HealthCheck:
    """Return `base` with a request's changes applied. Raises ELBClientError (ValidationError)."""
    check = HealthCheck(
        protocol=str(asked.get("HealthCheckProtocol") or base.protocol),
        port=str(asked.get("HealthCheckPort") or base.port),
        path=str(asked.get("HealthCheckPath") or base.path),
        interval=int(asked.get("HealthCheckIntervalSeconds") or base.interval),
        timeout=int(asked.get("HealthCheckTimeoutSeconds") or base.timeout),
        healthy=int(asked.get("HealthyThresholdCount") or base.healthy),
        unhealthy=int(asked.get("UnhealthyThresholdCount") or base.unhealthy),
        matcher={key: value for key, value in (asked.get("Matcher") or {}).items() if value}
        or base.matcher,
    )
    if str(asked.get("HealthCheckEnabled", True)).lower() == "false":
        raise invalid("Health checks cannot be disabled for target groups of this target type")
    _check(check, version)
    return check


def _check(check: HealthCheck, version: str) -> None:
    if check.protocol not in ("HTTP", "HTTPS"):
        raise invalid(f"Health check protocol '{check.protocol}' must be one of '[HTTP, HTTPS]'")
    if check.timeout >= check.interval:
        raise invalid(
            f"Health check timeout '{check.timeout}' must be smaller than the interval"
            f" '{check.interval}'"
        )
    if check.port != "traffic-port" and not (
        check.port.isdigit() and 1 <= int(check.port) <= 65535
    ):
        raise invalid(
            f"Health check port '{check.port}' must be 'traffic-port' or a port number between 1"
            " and 65535"
        )
    if len(check.path) > _LONGEST_PATH or not _PATH.fullmatch(check.path):
        raise invalid(
            f"Health check path '{check.path}' must be an absolute path of the form '/path'"
        )
    key, lowest, highest = ("GrpcCode", 0, 99) if version == "GRPC" else ("HttpCode", 200, 499)
    if set(check.matcher) != {key}:
        raise invalid(f"You must specify '{key}' as the matcher of a group of version '{version}'")
    if not _matches_codes(check.matcher[key], lowest, highest):
        raise invalid(
            f"Health check matcher {key} '{check.matcher[key]}' must be within '{lowest}-{highest}'"
            ", like '200', '200,202' or '200-299'"
        )


def _matches_codes(codes: str, lowest: int, highest: int) -> bool:
    for part in codes.split(","):
        numbers = part.split("-")
        if len(numbers) > 2 or not all(re.fullmatch(r"\d{1,3}", one) for one in numbers):
            return False
        first, last = int(numbers[0]), int(numbers[-1])
        if not lowest <= first <= last <= highest:
            return False
    return True
