"""The headers that a load balancer adds, changes and removes in requests and responses. Pure.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
and …/header-modification.html, …/load-balancer-request-tracing.html
"""

from __future__ import annotations

from drydock.region.dataplane.balancer.spec import Listener, LoadBalancer
from drydock.region.dataplane.balancer.words import literal, quoted

_NEW_TRACE = "1-%[date,htonl,hex,lower]-%[uuid,bytes(24,12)]%[uuid,bytes(24,12)]"
_OLD_TRACE = '%[req.hdr(x-amzn-trace-id),regsub("Self=[^;]*;?","")]'


def connection_lines(spec: LoadBalancer) -> list[str]:
    """Return the lines of a frontend about clients' connections."""
    lines = ["tcp-request connection set-var(sess.begun) date"]
    if spec.host_client:
        lines.append(
            f"tcp-request connection set-src str({spec.host_client}) if {{ src 127.0.0.0/8 }}"
        )
    return lines


def request_lines(spec: LoadBalancer, listener: Listener) -> list[str]:
    """Return the lines of a frontend that change requests."""
    lines = []
    if spec.drop_invalid_headers:
        lines.append("http-request del-header [^-A-Za-z0-9] -m reg")
    lines += _forwarded_for(spec)
    lines += [
        f"http-request set-header X-Forwarded-Proto {listener.protocol.lower()}",
        f"http-request set-header X-Forwarded-Port {listener.port}",
        # the request's own comes first: once there is one, there is always one
        f"http-request set-header X-Amzn-Trace-Id 'Self={_NEW_TRACE};{_OLD_TRACE}'"
        " if { req.hdr(x-amzn-trace-id) -m found }",
        f"http-request set-header X-Amzn-Trace-Id Root={_NEW_TRACE}"
        " unless { req.hdr(x-amzn-trace-id) -m found }",
    ]
    if not spec.preserve_host and listener.port != (443 if listener.tls else 80):
        lines.append(
            f"http-request set-header Host %[req.hdr(host)]:{listener.port}"
            " unless { req.hdr(host) -m sub : }"
        )
    if spec.tls_headers and listener.tls:
        lines += [
            f"http-request set-header {listener.tls_version_header} %[ssl_fc_protocol]",
            f"http-request set-header {listener.tls_cipher_header} %[ssl_fc_cipher]",
        ]
    return lines


def _forwarded_for(spec: LoadBalancer) -> list[str]:
    if spec.forwarded_for == "remove":
        return ["http-request del-header X-Forwarded-For"]
    if spec.forwarded_for == "preserve":
        return []
    client = "%[src]:%[src_port]" if spec.forwarded_port else "%[src]"
    return [
        f'http-request set-header X-Forwarded-For "%[req.fhdr(x-forwarded-for)], {client}"'
        " if { req.fhdr(x-forwarded-for) -m found }",
        f"http-request set-header X-Forwarded-For {client}"
        " unless { req.fhdr(x-forwarded-for) -m found }",
    ]


def response_lines(spec: LoadBalancer, listener: Listener) -> list[str]:
    """Return the lines of a frontend that change responses, including its own."""
    lines = []
    for name, value in listener.response_headers:
        lines.append(f"http-after-response set-header {name} {quoted(literal(value))}")
    if not listener.server_header:
        lines.append("http-after-response del-header Server")
    limit = max(1, round(spec.client_keep_alive))
    lines.append(
        f"http-after-response set-header Connection close if {{ date,sub(sess.begun) ge {limit} }}"
    )
    return lines
