"""Backends that answer without a target: redirects and fixed responses. Pure.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html
"""

from __future__ import annotations

from collections.abc import Mapping

from drydock.region.dataplane.balancer import logs, pages
from drydock.region.dataplane.balancer.spec import (
    FixedResponse,
    Forward,
    Listener,
    LoadBalancer,
    Redirect,
)
from drydock.region.dataplane.balancer.words import literal, proxy_name, quoted

UNAVAILABLE = "unavailable"
"""The backend of a forward without any group."""


def answer_name(listener: Listener, rule: str) -> str:
    """Return the backend of a rule that answers without a target; `rule` is its priority, or
    `default`.
    """
    return f"{proxy_name('answer', listener.key)}:{rule}"


def own_answers(spec: LoadBalancer, listener: Listener) -> list[list[str]]:
    """Return a backend, as lines, for each action of a listener that answers without a target."""
    actions = [(str(rule.priority), rule.action) for rule in listener.rules]
    host_ports = {str(port): host_port for port, host_port in spec.host_ports}
    sections = []
    for name, action in [*actions, ("default", listener.default_action)]:
        head = f"backend {answer_name(listener, name)} from aws"
        match action:
            case FixedResponse():
                said = logs.action_lines(spec, "fixed-response")
                sections.append([head, *said, _fixed(action)])
            case Redirect():
                said = logs.action_lines(spec, "redirect")
                sections.append([head, *said, *_redirect(action, listener, host_ports)])
            case Forward():
                pass
    return sections


def unavailable(condition: str = "") -> str:
    """Return the line that answers as AWS does when a group has no target for a request."""
    body = quoted(pages.page(pages.TITLES[503]))
    answer = f"http-request return status 503 content-type text/html string {body}"
    return f"{answer} hdr server {pages.SERVER} {condition}".rstrip()


def _fixed(action: FixedResponse) -> str:
    content = ""
    if action.body:
        kind = quoted(f"{action.content_type}; charset=utf-8")
        content = f" content-type {kind} string {quoted(action.body)}"
    return f"http-request return status {action.status}{content} hdr server {pages.SERVER}"


def _redirect(action: Redirect, listener: Listener, host_ports: Mapping[str, int]) -> list[str]:
    """Return the lines of a redirect: first for clients on the host's port, then for all."""
    port = _fill(action.port, listener)
    host_port = host_ports.get(port)
    lines = []
    if listener.host_port and host_port and str(host_port) != port:
        # a client on the host reaches the other listener by its host port only
        came_over_host = f"{{ dst_port {listener.host_port} }}"
        lines += _redirect_lines(action, listener, str(host_port), came_over_host)
    return [*lines, *_redirect_lines(action, listener, port, "")]


def _redirect_lines(action: Redirect, listener: Listener, port: str, condition: str) -> list[str]:
    scheme = _fill(action.protocol, listener).lower()
    host, path, query = (_fill(part, listener) for part in (action.host, action.path, action.query))
    base = f"{scheme}://{host}:{port}{path}"
    start = (
        f"http-request return status {action.status} content-type text/html "
        f"string {quoted(pages.page(pages.TITLES[action.status]))} "
        f"hdr server {pages.SERVER} hdr location"
    )
    plain = f'{start} "{base}"' + (f" if {condition}" if condition else "")
    with_query = f'{start} "{base}?{query}"'
    if action.query == "#{query}":
        present = f"{condition} {{ query -m len gt 0 }}".strip()
        return [f"{with_query} if {present}", plain]
    if query:
        return [with_query + (f" if {condition}" if condition else "")]
    return [plain]


def _fill(template: str, listener: Listener) -> str:
    """Return a redirect's template as a log-format string, to be put between double quotes."""
    values = {
        "#{protocol}": listener.protocol,
        "#{port}": str(listener.port),
        "#{host}": "%[req.hdr(host),host_only]",
        "/#{path}": "%[path]",
        "#{path}": "%[path,bytes(1)]",
        "#{query}": "%[query]",
    }
    text = quoted(literal(template))[1:-1]
    for name, value in values.items():
        text = text.replace(quoted(name)[1:-1], value)
    return text
