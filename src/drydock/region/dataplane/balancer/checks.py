"""Health checks in HAProxy's configuration. Pure.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

from drydock.region.dataplane.balancer.spec import HealthCheck, TargetGroup, Version
from drydock.region.dataplane.balancer.words import milliseconds, quoted

_GRPC_CODES = range(100)


def check_options(check: HealthCheck, group: TargetGroup) -> str:
    """Return the keywords of a checked server."""
    options = [
        f"check inter {milliseconds(check.interval)}",
        f"rise {check.healthy_threshold} fall {check.unhealthy_threshold}",
    ]
    if check.port is not None:
        options.append(f"port {check.port}")
    if check.protocol != group.protocol:
        options.append("check-ssl verify none" if check.protocol == "HTTPS" else "no-check-ssl")
    if group.version != "HTTP1":
        options.append("check-alpn h2" if check.protocol == "HTTPS" else "check-proto h2")
    return " ".join(options)


def check_lines(check: HealthCheck, version: Version) -> list[str]:
    """Return a backend's lines with the request of the check and the answers that pass."""
    return [
        "option httpchk",
        *(_grpc(check) if version == "GRPC" else _http(check)),
        f"timeout check {milliseconds(check.timeout)}",
    ]


def _host(check: HealthCheck) -> str:
    return "%[srv_name]" if check.port is None else f"%[srv_name,field(1,:)]:{check.port}"


def _http(check: HealthCheck) -> list[str]:
    return [
        f"http-check send meth GET uri {quoted(check.path)} ver HTTP/1.1 hdr Host {_host(check)} "
        'hdr User-Agent ELB-HealthChecker/2.0 hdr Accept-Encoding "gzip, compressed"',
        f"http-check expect status {check.matcher}",
    ]


def _grpc(check: HealthCheck) -> list[str]:
    """Return the check as a gRPC call without a message; the answer must have none either.

    HAProxy's checks do not see trailers: an answer that ends with a code there passes if 0 would.
    """
    allowed = _codes(check.matcher)
    refused = "|".join(str(code) for code in _GRPC_CODES if code not in allowed)
    lines = [
        f"http-check send meth POST uri {quoted(check.path)} ver HTTP/2 hdr Host {_host(check)} "
        "hdr User-Agent ELB-HealthChecker/2.0 hdr Content-Type application/grpc hdr TE trailers "
        'body-lf "%[bin(0000000000)]"',
        "http-check expect status 200",
    ]
    if 0 in allowed:
        if refused:
            lines.append(f"http-check expect ! {_status(refused)}")
        return lines
    passed = "|".join(str(code) for code in sorted(allowed))
    return [*lines, f"http-check expect {_status(passed)}"]


def _status(codes: str) -> str:
    return f"hdr name grpc-status value -m reg {quoted(f'^({codes})$')}"


def _codes(matcher: str) -> set[int]:
    """Parse codes: `0,5-7` is {0, 5, 6, 7}."""
    found: set[int] = set()
    for piece in matcher.split(","):
        first, _, last = piece.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found
