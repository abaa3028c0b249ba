"""Listeners as HAProxy's frontends: the headers that AWS adds, and where each request goes. Pure.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
"""

from __future__ import annotations

from collections.abc import Sequence

from drydock.errors import BalancerFailed
from drydock.region.balancer.answers import UNAVAILABLE, answer_name
from drydock.region.balancer.certificates import list_file
from drydock.region.balancer.conditions import acls
from drydock.region.balancer.groups import group_name
from drydock.region.balancer.spec import Action, Forward, Listener, LoadBalancer
from drydock.region.balancer.words import proxy_name


def frontend_name(key: str) -> str:
    """The frontend of a listener."""
    return proxy_name("listener", key)


def frontend(spec: LoadBalancer, listener: Listener, descriptors: Sequence[int]) -> list[str]:
    lines = [f"frontend {frontend_name(listener.key)} from aws"]
    lines += [f"bind fd@{descriptor}{_tls(listener)}" for descriptor in descriptors]
    if listener.tls is None:
        # AWS speaks HTTP/2 over TLS only
        lines.append("option disable-h2-upgrade")
    if spec.host_client:
        lines.append(
            f"tcp-request connection set-src str({spec.host_client}) if {{ src 127.0.0.0/8 }}"
        )
    scheme = listener.protocol.lower()
    lines += [
        'http-request set-header X-Forwarded-For "%[req.fhdr(x-forwarded-for)], %[src]"'
        " if { req.fhdr(x-forwarded-for) -m found }",
        "option forwardfor if-none",
        f"http-request set-header X-Forwarded-Proto {scheme}",
        f"http-request set-header X-Forwarded-Port {listener.port}",
        'http-request set-header X-Amzn-Trace-Id "Root=1-%[date,htonl,hex,lower]-'
        '%[uuid,bytes(24,12)]%[uuid,bytes(24,12)]" unless { req.hdr(x-amzn-trace-id) -m found }',
    ]
    for rule in sorted(listener.rules, key=lambda rule: rule.priority):
        answer = answer_name(listener, str(rule.priority))
        lines += _choices(spec, rule.action, answer, acls(rule))
    lines += _choices(spec, listener.default_action, answer_name(listener, "default"), "")
    return lines


def _tls(listener: Listener) -> str:
    """What an HTTPS listener's sockets agree to."""
    tls = listener.tls
    if tls is None:
        return ""
    options = [
        f"ssl crt-list {list_file(listener.key)}",
        f"ssl-min-ver {tls.minimum} ssl-max-ver {tls.maximum}",
        f"alpn {'h2,http/1.1' if tls.http2 else 'http/1.1'}",
    ]
    # OpenSSL 3 refuses the signatures of TLS before 1.2 unless told so
    level = ["@SECLEVEL=0"] if tls.minimum in ("TLSv1.0", "TLSv1.1") else []
    if tls.ciphers or level:
        options.append(f"ciphers {':'.join([*(tls.ciphers or ['DEFAULT']), *level])}")
    if tls.suites:
        options.append(f"ciphersuites {':'.join(tls.suites)}")
    return " " + " ".join(options)


def _choices(spec: LoadBalancer, action: Action, answer: str, condition: str) -> list[str]:
    """The lines that send a request, if `condition` holds, where `action` says."""
    if not isinstance(action, Forward):
        return [_use(answer, condition)]
    known = {group.key for group in spec.target_groups}
    weighted = [group for group in action.groups if group.weight > 0]
    for group in weighted:
        if group.key not in known:
            raise BalancerFailed(
                f"a rule forwards to target group {group.key}", "the load balancer does not have it"
            )
    if not weighted:
        return [_use(UNAVAILABLE, condition)]
    lines = []
    left = sum(group.weight for group in weighted)
    for group in weighted[:-1]:
        # each draw is among those that are left: the chances come out as the weights say
        chance = f"{{ rand({left}) lt {group.weight} }}"
        lines.append(_use(group_name(group.key), f"{condition} {chance}".strip()))
        left -= group.weight
    return [*lines, _use(group_name(weighted[-1].key), condition)]


def _use(backend: str, condition: str) -> str:
    return f"use_backend {backend} if {condition}" if condition else f"default_backend {backend}"
