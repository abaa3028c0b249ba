"""Render listeners as HAProxy's frontends. Pure.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
"""

from __future__ import annotations

from collections.abc import Sequence

from drydock.region.dataplane.balancer import logs
from drydock.region.dataplane.balancer.certificates import list_file
from drydock.region.dataplane.balancer.decisions import decision_lines
from drydock.region.dataplane.balancer.firewall.lines import firewall_lines
from drydock.region.dataplane.balancer.headers import (
    connection_lines,
    request_lines,
    response_lines,
)
from drydock.region.dataplane.balancer.spec import Listener, LoadBalancer
from drydock.region.dataplane.balancer.traffic import counting_lines
from drydock.region.dataplane.balancer.words import proxy_name


def frontend_name(key: str) -> str:
    """Return the frontend of a listener."""
    return proxy_name("listener", key)


def frontend(
    spec: LoadBalancer, listener: Listener, descriptors: Sequence[int], log_fd: int = -1
) -> list[str]:
    """Return a listener on some descriptors, as lines; `log_fd` is the one that its logs are
    written to.
    """
    lines = [f"frontend {frontend_name(listener.key)} from aws"]
    lines += [f"bind fd@{descriptor}{_tls(listener)}" for descriptor in descriptors]
    if listener.tls is None:
        # AWS speaks HTTP/2 over TLS only
        lines.append("option disable-h2-upgrade")
    lines += logs.target_lines(spec, listener, log_fd)
    lines += connection_lines(spec)
    lines += logs.first_lines(spec, listener)
    lines += firewall_lines(spec.firewall)
    lines += request_lines(spec, listener)
    lines += logs.later_lines(spec, listener)
    lines += decision_lines(spec, listener)
    lines += counting_lines()
    lines += response_lines(spec, listener)
    return lines


def _tls(listener: Listener) -> str:
    """Return the TLS options of an HTTPS listener's sockets."""
    tls = listener.tls
    if tls is None:
        return ""
    options = [
        f"ssl crt-list {list_file(listener.key)}",
        f"ssl-min-ver {tls.minimum} ssl-max-ver {tls.maximum}",
        f"alpn {'h2,http/1.1' if tls.http2 else 'http/1.1'}",
    ]
    # OpenSSL 3 refuses the signatures of TLS before 1.2 by default
    level = ["@SECLEVEL=0"] if tls.minimum in ("TLSv1.0", "TLSv1.1") else []
    if tls.ciphers or level:
        options.append(f"ciphers {':'.join([*(tls.ciphers or ['DEFAULT']), *level])}")
    if tls.suites:
        options.append(f"ciphersuites {':'.join(tls.suites)}")
    return " " + " ".join(options)
