"""Render target groups as HAProxy's backends, targets as their servers. Pure.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

from collections.abc import Sequence

from drydock.region.dataplane.balancer import pages
from drydock.region.dataplane.balancer.answers import unavailable
from drydock.region.dataplane.balancer.checks import check_lines, check_options
from drydock.region.dataplane.balancer.spec import Target, TargetGroup
from drydock.region.dataplane.balancer.stickiness import target_lines
from drydock.region.dataplane.balancer.words import milliseconds, proxy_name, quoted

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
    """Return the backend of a target group."""
    return proxy_name("tg", key)


def open_name(target: Target) -> str:
    """Return the server that sends a target requests although it is unhealthy; see `fails_open`."""
    return f"open:{target.name}"


def fails_open(states: Sequence[str]) -> bool:
    """Return whether a group whose targets are in these states sends requests to all of them.

    AWS: "If a target group contains only unhealthy registered targets, the load balancer routes
    requests to all those targets, regardless of their health status."
    """
    return bool(states) and set(states) == {"unhealthy"}


def backend(
    group: TargetGroup, secret: str, *, fail_open: bool = False, first: Sequence[str] = ()
) -> list[str]:
    """Return a group's section, as lines; `fail_open`: all its targets get requests, even unhealthy
    ones.

    `secret`: the key of the stickiness cookies. `first`: lines that apply to every request.
    """
    lines = [
        f"backend {group_name(group.key)} from aws",
        f"balance {_BALANCE[group.algorithm]}",
        # what fails open is a backup: HAProxy takes it only while no other server is up
        "option allbackups",
        *first,
        *_failed_connections(),
        *_protocol_mismatch(group),
        unavailable("if { nbsrv eq 0 }"),
        *target_lines(group, secret),
    ]
    if group.health_check is not None:
        lines += check_lines(group.health_check, group.version)
    options = server_options(group)
    for target in group.targets:
        lines.append(f"server {target.name} {target.name} {options}".rstrip())
        if fail_open:
            lines.append(f"server {open_name(target)} {target.name} {open_options(group)}")
    return lines


def open_options(group: TargetGroup) -> str:
    """Return the keywords of a server that takes requests although its target is unhealthy."""
    return f"{_connection(group)} backup".strip()


def server_options(group: TargetGroup) -> str:
    """Return the keywords of each server of a group, for the configuration and for `add server`."""
    options = [_connection(group)]
    if group.health_check is not None:
        options.append(check_options(group.health_check, group))
    if group.slow_start:
        options.append(f"slowstart {milliseconds(group.slow_start)}")
    return " ".join(option for option in options if option)


def _connection(group: TargetGroup) -> str:
    """Return the connection options to targets. AWS does not check a target's certificate either."""
    http2 = group.version != "HTTP1"
    if group.protocol == "HTTPS":
        return "ssl verify none" + (" alpn h2" if http2 else "")
    return "proto h2" if http2 else ""


def _protocol_mismatch(group: TargetGroup) -> list[str]:
    """Return the lines that answer 464 to requests in a protocol that these targets do not support.

    AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-464-issues
    """
    refusal = f"http-request return status 464 hdr server {pages.SERVER} if"
    if group.version == "HTTP1":
        return []
    lines = [f"{refusal} !{{ req.ver 2.0 }}"]
    if group.version == "GRPC":
        lines.append(f"{refusal} !{{ method POST }}")
    return lines


def _failed_connections() -> list[str]:
    """Return the lines that answer 502 when a target refuses a connection, 504 when it is too slow.

    HAProxy answers 503 for both; the time that it tried distinguishes them.
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


def state_file(
    up: Sequence[tuple[TargetGroup, Target]], down: Sequence[tuple[TargetGroup, Target]]
) -> str:
    """Return the state file: which servers HAProxy starts as up or down, before its first own
    check.

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
