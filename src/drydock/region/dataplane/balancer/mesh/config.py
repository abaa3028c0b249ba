"""Render a proxy's configuration. Pure: a mesh and descriptor numbers → text.

As AWS's proxy does: round robin, two more attempts when a connection fails, timeouts of the
endpoint. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts.html
"""

from __future__ import annotations

from collections.abc import Mapping

from drydock.region.dataplane.balancer.mesh.spec import IngressPort, Mesh, Protocol
from drydock.region.dataplane.balancer.words import milliseconds, proxy_name

CONNECT_TIMEOUT = 2.0
"""Seconds of one attempt."""
_FOR_EVER = 24 * 86400.0
"""About HAProxy's longest time."""


def backend_name(key: str) -> str:
    """Return the backend of a route's servers."""
    return proxy_name("to", key)


def ingress_key(ingress: IngressPort) -> str:
    """Its key among those of `listening`."""
    return f"port {ingress.port}"


def server_options(protocol: Protocol) -> str:
    """Return the keywords of a route's servers."""
    return "proto h2" if protocol in ("http2", "grpc") else ""


def listening(mesh: Mesh) -> list[str]:
    """The keys of everything that needs a listening socket."""
    return [route.key for route in mesh.routes] + [ingress_key(ingress) for ingress in mesh.ingress]


def render(
    mesh: Mesh, stats_fd: int, descriptors: Mapping[str, int], log_fd: int | None = None
) -> str:
    """Return the text of haproxy.cfg.

    `descriptors`: of listening sockets, by the keys of `listening`; `log_fd`: where errors are
    written to.
    """
    sections = [_global(stats_fd, log_fd), _defaults(logs=log_fd is not None)]
    for route in mesh.routes:
        name = backend_name(route.key)
        sections += _pair(name, route.protocol, descriptors[route.key], route.idle, route.request)
    for ingress in mesh.ingress:
        name = backend_name(ingress_key(ingress))
        sections += _pair(
            name, ingress.protocol, descriptors[ingress_key(ingress)], ingress.idle, 0
        )
        server = f"server own 127.0.0.1:{ingress.to} {server_options(ingress.protocol)}"
        sections[-1].append(server.rstrip())
    return "\n\n".join("\n    ".join(section) for section in sections) + "\n"


def _global(stats_fd: int, log_fd: int | None) -> list[str]:
    return [
        "global",
        f"stats socket fd@{stats_fd} level admin",
        "nbthread 1",
        "maxconn 4000",
        # an ordinary user's limit of open files may be lower; then fewer connections are the answer
        "no strict-limits",
        *([] if log_fd is None else [f"log fd@{log_fd} format raw local0 notice"]),
    ]


def _defaults(*, logs: bool) -> list[str]:
    return [
        "defaults",
        f"timeout connect {milliseconds(CONNECT_TIMEOUT)}",
        "retries 2",
        "option redispatch 1",
        "http-reuse safe",
        *(["log global", "option log-separate-errors", "option dontlog-normal"] if logs else []),
    ]


def _pair(
    name: str, protocol: Protocol, descriptor: int, idle: float, request: float
) -> list[list[str]]:
    """Return a frontend and its backend, which is the last one."""
    mode = "tcp" if protocol == "tcp" else "http"
    wait, rest = _time(request), _time(idle)
    return [
        [
            f"frontend from-{name}",
            f"mode {mode}",
            f"option {mode}log",
            f"bind fd@{descriptor}",
            f"timeout client {rest}",
            *([f"timeout http-keep-alive {rest}"] if mode == "http" else []),
            f"default_backend {name}",
        ],
        [
            f"backend {name}",
            f"mode {mode}",
            "balance roundrobin",
            f"timeout server {rest if mode == 'tcp' else wait}",
            f"timeout tunnel {rest}",
        ],
    ]


def _time(seconds: float) -> str:
    return milliseconds(seconds or _FOR_EVER)
