"""Render a load balancer as HAProxy's configuration, from a spec and descriptor numbers. Pure.

It uses the fewest steps per request: a rule is one `use_backend`, and an answer without a target
(redirect, fixed response) is a backend too, so the first rule that matches decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from drydock.region.dataplane.balancer import logs, pages
from drydock.region.dataplane.balancer.answers import UNAVAILABLE, own_answers, unavailable
from drydock.region.dataplane.balancer.firewall.lines import firewall_settings, firewall_tables
from drydock.region.dataplane.balancer.frontends import frontend
from drydock.region.dataplane.balancer.groups import CONNECT_TIMEOUT, backend
from drydock.region.dataplane.balancer.spec import LoadBalancer
from drydock.region.dataplane.balancer.words import milliseconds, quoted

_GENERATED = (400, 408, 413, 500, 502, 504)


@dataclass(frozen=True)
class Placement:
    """The process-specific values of a configuration, besides the spec."""

    stats_fd: int
    listener_fds: Mapping[str, Sequence[int]]
    """By listener key: descriptors of listening sockets, as the process will see them."""
    state_file: str
    fail_open: Collection[str] = ()
    """Keys of the target groups that send requests to unhealthy targets, having no others."""
    threads: int = 1
    log_fd: int = -1
    """The descriptor of the log file, if there is one."""


def render(spec: LoadBalancer, placement: Placement) -> str:
    """Return the text of haproxy.cfg. Raises BalancerFailed if an action names a missing group."""
    sections = [[*_global(placement), *firewall_settings(spec.firewall)], _defaults(spec)]
    for listener in spec.listeners:
        descriptors = placement.listener_fds.get(listener.key, ())
        if descriptors:
            sections.append(frontend(spec, listener, descriptors, placement.log_fd))
            sections.extend(own_answers(spec, listener))
    sections.extend(
        backend(
            group,
            spec.cookie_secret,
            fail_open=group.key in placement.fail_open,
            first=logs.action_lines(spec, "forward", group.key),
        )
        for group in spec.target_groups
    )
    said = logs.action_lines(spec, "forward")
    sections.append([f"backend {UNAVAILABLE} from aws", *said, unavailable()])
    sections.extend(firewall_tables(spec.firewall))
    return "\n\n".join("\n    ".join(section) for section in sections) + "\n"


def _global(placement: Placement) -> list[str]:
    return [
        "global",
        f"stats socket fd@{placement.stats_fd} level admin",
        f"server-state-file {quoted(placement.state_file)}",
        f"nbthread {placement.threads}",
        "maxconn 10000",
        # an ordinary user's limit of open files may be lower; then fewer connections are the answer
        "no strict-limits",
        # AWS takes 64 KiB of request headers; HAProxy needs them in one buffer, with room to add some
        "tune.bufsize 67584",
        "tune.maxrewrite 2048",
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
        "tune.h2.max-concurrent-streams 128",
    ]


def _defaults(spec: LoadBalancer) -> list[str]:
    idle = milliseconds(spec.idle_timeout)
    errors = [_error(status) for status in _GENERATED]
    return [
        "defaults aws",
        "mode http",
        f"timeout client {idle}",
        f"timeout server {idle}",
        f"timeout connect {milliseconds(CONNECT_TIMEOUT)}",
        f"timeout http-request {idle}",
        f"timeout http-keep-alive {idle}",
        f"timeout tunnel {idle}",
        "retries 1",
        "option redispatch 1",
        "http-reuse safe",
        # an old process that drains closes a client's idle connection only after one more answer,
        # so that no request meets a closing connection
        "option idle-close-on-response",
        "load-server-state-from-file global",
        *errors,
    ]


def _error(status: int) -> str:
    body = quoted(pages.page(pages.TITLES[status]))
    return (
        f"http-error status {status} content-type text/html string {body} hdr server {pages.SERVER}"
    )
