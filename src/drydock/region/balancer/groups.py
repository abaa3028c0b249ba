"""Target groups as HAProxy's backends, targets as their servers. Pure.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

from collections.abc import Sequence

from drydock.region.balancer import pages
from drydock.region.balancer.answers import unavailable
from drydock.region.balancer.spec import HealthCheck, Target, TargetGroup
from drydock.region.balancer.words import milliseconds, proxy_name, quoted

CONNECT_TIMEOUT = 5.0
"""Seconds; with the one retry these are the ten that AWS gives a target to accept a connection."""
_BALANCE = {
    "round_robin": "roundrobin",
    "least_outstanding_requests": "leastconn",
    "weighted_random": "random",
}
_STATE_COLUMNS = (
    "be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
    "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state "
    "srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl "
    "srv_check_port srv_check_addr srv_agent_addr srv_agent_port"
)


def group_name(key: str) -> str:
    """The backend of a target group."""
    return proxy_name("tg", key)


def open_name(target: Target) -> str:
    """The server that gives a target requests although it is unhealthy; see `fails_open`."""
    return f"open:{target.name}"


def fails_open(states: Sequence[str]) -> bool:
    """Whether a group whose targets are in these states sends requests to all of them.

    AWS: "If a target group contains only unhealthy registered targets, the load balancer routes
    requests to all those targets, regardless of their health status."
    """
    return bool(states) and set(states) == {"unhealthy"}


def backend(group: TargetGroup, *, fail_open: bool = False) -> list[str]:
    """A group's section, as lines; `fail_open`: all its targets get requests, unhealthy as they are."""
    lines = [
        f"backend {group_name(group.key)} from aws",
        f"balance {_BALANCE[group.algorithm]}",
        # what fails open is a backup: HAProxy takes it only while no other server is up
        "option allbackups",
        *_failed_connections(),
        unavailable("if { nbsrv eq 0 }"),
    ]
    check = group.health_check
    if check is not None:
        lines += _check(check)
    options = server_options(group)
    for target in group.targets:
        lines.append(f"server {target.name} {target.name} {options}".rstrip())
        if fail_open:
            lines.append(f"server {open_name(target)} {target.name} {open_options(group)}")
    return lines


def open_options(group: TargetGroup) -> str:
    """The keywords of a server that takes requests although its target is unhealthy."""
    return "ssl verify none backup" if group.protocol == "HTTPS" else "backup"


def server_options(group: TargetGroup) -> str:
    """The keywords of each server of a group, for the configuration and for `add server` alike."""
    options = []
    if group.protocol == "HTTPS":
        # AWS doesn't check a target's certificate either
        options.append("ssl verify none")
    check = group.health_check
    if check is not None:
        options.append(_check_options(check, group))
    if group.slow_start:
        options.append(f"slowstart {milliseconds(group.slow_start)}")
    return " ".join(options)


def _failed_connections() -> list[str]:
    """502 for a target that refuses a connection and 504 for one that doesn't take it in time.

    HAProxy says 503 for both and forgets which; how long it tried tells them apart.
    """
    limit = round(CONNECT_TIMEOUT * 1000) - 100
    waited = f"date(0,ms),sub(txn.begun),div({limit}),bool"
    title = f"%[{waited},iif({pages.TITLES[504]},{pages.TITLES[502]})]"
    body = quoted(pages.page("TITLE")).replace("TITLE", title)
    return [
        "http-request set-var(txn.begun) date(0,ms)",
        f"http-error status 503 content-type text/html lf-string {body} "
        f'hdr server {pages.SERVER} hdr x-drydock-meant "%[{waited},iif(504,502)]"',
        "http-after-response set-status 504 if { status 503 } { res.hdr(x-drydock-meant) 504 }",
        "http-after-response set-status 502 if { status 503 } { res.hdr(x-drydock-meant) 502 }",
        "http-after-response del-header x-drydock-meant if { status 502 504 }",
    ]


def _check_options(check: HealthCheck, group: TargetGroup) -> str:
    options = [
        f"check inter {milliseconds(check.interval)}",
        f"rise {check.healthy_threshold} fall {check.unhealthy_threshold}",
    ]
    if check.port is not None:
        options.append(f"port {check.port}")
    if check.protocol != group.protocol:
        options.append("check-ssl verify none" if check.protocol == "HTTPS" else "no-check-ssl")
    return " ".join(options)


def _check(check: HealthCheck) -> list[str]:
    host = "%[srv_name]" if check.port is None else f"%[srv_name,field(1,:)]:{check.port}"
    return [
        "option httpchk",
        f"http-check send meth GET uri {quoted(check.path)} ver HTTP/1.1 hdr Host {host} "
        'hdr User-Agent ELB-HealthChecker/2.0 hdr Accept-Encoding "gzip, compressed"',
        f"http-check expect status {check.matcher}",
        f"timeout check {milliseconds(check.timeout)}",
    ]


def state_file(
    up: Sequence[tuple[TargetGroup, Target]], down: Sequence[tuple[TargetGroup, Target]]
) -> str:
    """Which servers HAProxy starts as up and which as down, before its first own check.

    Format: HAProxy's management guide, `show servers state`, version 1.
    """
    lines = ["1", f"# {_STATE_COLUMNS}"]
    for number, (group, target) in enumerate((*up, *down), start=1):
        running = 2 if number <= len(up) else 0
        lines.append(
            f"1 {group_name(group.key)} {number} {target.name} {target.address} {running} 0 1 1 0 1 0 0 "
            f"6 0 0 0 - {target.port} - 0 0 - - 0"
        )
    return "\n".join(lines) + "\n"
