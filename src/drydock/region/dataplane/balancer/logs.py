"""A load balancer's access and connection logs, as HAProxy writes them. Pure.

HAProxy writes whole lines, in ELB's formats, into a file that it was given. Each line of that file
begins with a mark of its kind, see `split`.
AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
and …/load-balancer-connection-logs.html
"""

from __future__ import annotations

import re

from drydock.region.dataplane.balancer.certificates import arns_file
from drydock.region.dataplane.balancer.spec import Listener, LoadBalancer, Logs
from drydock.region.dataplane.balancer.words import literal, quoted

_LONGEST = 65535
"""Bytes of a line; HAProxy cuts what is longer."""
_LONGEST_AGENT = 8192
_NOW = "%[date,utime(%Y-%m-%dT%H:%M:%S)].%[date_us,add(1000000),concat(),bytes(1)]Z"
_ACCESS = re.compile(rb"^(?:A(?!!)|[AF]!(?:400PR|408cR) )(.*\n)", re.MULTILINE)
_CONNECTION = re.compile(rb"^(?:C|X0[A-Za-z-]{2} )(.*\n)", re.MULTILINE)


def split(written: bytes) -> tuple[bytes, bytes]:
    """Split whole lines of HAProxy into the lines of the access log, and of the connection log.

    A line of HAProxy's begins with A: a request. C: a connection, written with its first request.
    A! or F!, then status and reason: a connection that ended without a request; of those, ELB's
    access log has what was malformed or came too late. X: the connection itself, if TLS was not
    agreed upon.
    """
    access, connections = (b"".join(one.findall(written)) for one in (_ACCESS, _CONNECTION))
    return access, connections


def target_lines(spec: LoadBalancer, listener: Listener, descriptor: int) -> list[str]:
    """Return the lines of a frontend with the log's target and format."""
    if spec.logs is None:
        return []
    logs = spec.logs
    request, failed = "!", ["!"]
    if logs.requests:
        request = _request(logs, listener, "waf" if spec.firewall else "-")
        failed = [f"!%ST%ts {_malformed(logs, listener)}"]
    if logs.connections:
        failed.append(f"X%ST%ts {_connection(listener, failed=True)}")
    ended = r"\n".join(_format(one) for one in failed)
    return [
        f"log fd@{descriptor} len {_LONGEST} format raw local0",
        f'log-format "%[var(txn.log_conn,A)]{_format(request)}"',
        f'error-log-format "%[var(sess.log_conn,F)]{ended}"',
    ]


def first_lines(spec: LoadBalancer, listener: Listener) -> list[str]:
    """Return the lines of a frontend that record a request before anything changes it."""
    logs = spec.logs
    if logs is None:
        return []
    trace = "TID_%[uuid,bytes(0,8)]%[uuid,bytes(24,12)]%[uuid,bytes(24,12)]"
    lines = [f'tcp-request connection set-var-fmt(sess.log_tid) "{trace}"']
    if logs.connections:
        lines += _connection_lines(listener)
    if not logs.requests:
        # of a connection, only the first request is logged
        return [*lines, "http-request set-log-level silent if !{ var(txn.log_conn) -m found }"]
    scheme, port = listener.protocol.lower(), listener.port
    url = f"{scheme}://%[req.hdr(host),host_only]:{port}%[pathq]"
    nameless = url.replace("req.hdr(host),host_only", "dst")
    lines += [
        f'http-request set-var-fmt(txn.log_came) "{_NOW}"',
        "http-request set-var(txn.log_ms) date(0,ms)",
        f'http-request set-var-fmt(txn.log_request) "%[method] {url} HTTP/%[req.ver]"',
        f'http-request set-var-fmt(txn.log_request) "%[method] {nameless} HTTP/%[req.ver]"'
        " unless { req.hdr(host) -m found }",
        f"http-request set-var(txn.log_agent) req.fhdr(user-agent),bytes(0,{_LONGEST_AGENT})",
        # the end of a field in AWS's own pattern for Athena must not occur in a field
        _without_quotes("txn.log_request", "%22"),
        _without_quotes("txn.log_agent", r"\\x22"),
    ]
    if listener.tls is not None:
        sni = quoted("ssl_fc_sni,regsub('[^-._A-Za-z0-9]','?',g)")
        lines += [
            f"tcp-request session set-var(sess.log_sni) {sni}",
            "http-request set-var(txn.log_type) str(h2) if { fc_http_major 2 }",
            "http-request set-var(txn.log_type) str(grpcs) if { fc_http_major 2 }"
            " { req.hdr(content-type) -m beg application/grpc }",
        ]
    return lines


def later_lines(spec: LoadBalancer, listener: Listener) -> list[str]:
    """Return the lines of a frontend that record what was added to a request, and its target's
    answer.
    """
    if spec.logs is None or not spec.logs.requests:
        return []
    web_socket = "wss" if listener.tls else "ws"
    before, took = _seconds("txn.log_before"), _seconds("txn.log_took")
    return [
        "http-request set-var(txn.log_trace) req.hdr(x-amzn-trace-id)",
        "http-response set-var(txn.log_status) status",
        "http-response set-var(txn.log_before) var(txn.log_ms),neg,add(txn.begun)",
        "http-response set-var(txn.log_took) date(0,ms),sub(txn.begun)",
        f'http-response set-var-fmt(txn.log_times) "{before} {took} 0.000"',
        f"http-response set-var(txn.log_type) str({web_socket}) if {{ status 101 }}",
    ]


def action_lines(spec: LoadBalancer, action: str, group: str = "") -> list[str]:
    """Return the lines of a backend that record the action: `forward` to a group, `redirect` …"""
    if spec.logs is None or not spec.logs.requests:
        return []
    done = f"waf,{action}" if spec.firewall else action
    lines = [f'http-request set-var-fmt(txn.log_action) "{done}"']
    if group:
        value = quoted(literal(group))
        lines.append(f"http-request set-var-fmt(txn.log_group) {value}")
    if action == "redirect":
        lines.append("http-after-response set-var(txn.log_location) res.hdr(location)")
    return lines


def rewrite_lines(part: str, source: str, variable: str, condition: str) -> list[str]:
    """Return the lines of a frontend that record a request's rewriting, unless it changes nothing.

    `source` fetches the former value, `variable` holds the new one.
    """
    changed = f"if {condition} !{{ {source},strcmp({variable}) eq 0 }}"
    return [
        f"http-request set-var(txn.log_{'uri' if part == 'url' else 'host'}) var({variable}) {changed}",
        f"http-request set-var(txn.log_transform) str(TransformSuccess) {changed}",
    ]


def _request(logs: Logs, listener: Listener, undecided: str) -> str:
    """Return a line of the access log, as a log-format string before it is quoted.

    `undecided`: the action of a request that no rule has decided about.
    """
    usual, secured = listener.protocol.lower(), listener.tls is not None
    sni = "%[var(sess.log_sni)]" if secured else "-"
    fields = [
        f"%[var(txn.log_type,{usual})] {_NOW} {logs.name} %ci:%cp",
        "%[srv_name,regsub(^open:,'')] %[var(txn.log_times,-1 -1 -1)]",
        "%ST %[var(txn.log_status)] %U %B",
        f'"%[var(txn.log_request,{_no_request(listener)})]" "%[var(txn.log_agent,-)]"',
        f"{'%sslc %sslv' if secured else '- -'} %[var(txn.log_group)]",
        f'"%[var(txn.log_trace)]" "{sni}" "{_certificate(listener)}"',
        "%[var(txn.rule)] %[var(txn.log_came)]",
        f'"%[var(txn.log_action,{undecided})]" "%[var(txn.log_location)]" "-"',
        '"%[srv_name,regsub(^open:,)]" "%[var(txn.log_status)]" "-" "-"',
        "%[var(sess.log_tid)]",
        f"{_TRANSFORMED}",
    ]
    return " ".join(fields)


_TRANSFORMED = '"%[var(txn.log_host,-)]" "%[var(txn.log_uri,-)]" "%[var(txn.log_transform,-)]"'


def _malformed(logs: Logs, listener: Listener) -> str:
    """Return a line of the access log about a request that HAProxy could not parse."""
    tls = "%sslc %sslv" if listener.tls else "- -"
    return (
        f"{listener.protocol.lower()} {_NOW} {logs.name} %ci:%cp - -1 -1 -1 %ST - %U %B "
        f'"{_no_request(listener)}" "-" {tls} - "-" "-" "-" - {_NOW} "-" "-" "-" "-" "-" "-" "-" '
        '%[var(sess.log_tid)] "-" "-" "-"'
    )


def _no_request(listener: Listener) -> str:
    return f"- {listener.protocol.lower()}://-:{listener.port}- -"


def _without_quotes(variable: str, code: str) -> str:
    fetch = quoted(f"var({variable}),regsub('\"','{code}',g)")
    return f"http-request set-var({variable}) {fetch} if {{ var({variable}) -m sub '\"' }}"


def _certificate(listener: Listener) -> str:
    if listener.tls is None:
        return "-"
    return f"%[ssl_f_sha1,hex,map_str({arns_file(listener.key)},-)]"


def _connection_lines(listener: Listener) -> list[str]:
    told = _format(_connection(listener, failed=False))
    return [
        "tcp-request connection set-var(sess.log_accepted) date(0,ms)",
        "tcp-request session set-var(sess.log_shook) date(0,ms),sub(sess.log_accepted)",
        f'tcp-request session set-var-fmt(sess.log_conn) "C{told}\\nA"',
        # one line a connection: the first request takes it
        "http-request set-var(txn.log_conn) var(sess.log_conn) if { var(sess.log_conn) -m found }",
        "http-request unset-var(sess.log_conn) if { var(sess.log_conn) -m found }",
    ]


def _connection(listener: Listener, *, failed: bool) -> str:
    """Return a line of the connection log. Client certificates are never requested."""
    if failed:
        tls, status = "- - -", "Failed:UnmappedConnectionError"
    elif listener.tls is None:
        tls, status = "- - -", "-"
    else:
        tls = f"%[ssl_fc_protocol] %[ssl_fc_cipher] {_seconds('sess.log_shook')}"
        status = "Success"
    return f'{_NOW} %[src] %[src_port] {listener.port} {tls} "-" - - {status} %[var(sess.log_tid)]'


def _seconds(variable: str) -> str:
    """Return milliseconds in a variable, as seconds with three decimals."""
    value = f"var({variable})"
    return f"%[{value},div(1000)].%[{value},mod(1000),add(1000),concat(),bytes(1)]"


def _format(text: str) -> str:
    """Return a log-format string, to be put between double quotes."""
    return text.replace('"', r"\"")
