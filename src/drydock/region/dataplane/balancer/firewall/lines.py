"""Render a firewall as lines of HAProxy's frontend, and the sections that they refer to. Pure.

AWS: https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-processing.html and
…/waf-rule-action.html, …/waf-custom-request-response.html
"""

from __future__ import annotations

from drydock.region.dataplane.balancer import pages
from drydock.region.dataplane.balancer.firewall import lua
from drydock.region.dataplane.balancer.firewall.conditions import Writer, more_counters
from drydock.region.dataplane.balancer.firewall.spec import (
    Action,
    Allow,
    Block,
    Count,
    Firewall,
    Rule,
)
from drydock.region.dataplane.balancer.words import literal, quoted

_ALLOWED = "txn.waf_allowed"


def firewall_lines(firewall: Firewall | None) -> list[str]:
    """Return a frontend's lines that evaluate a request. They come before any that change it."""
    return _written(firewall).lines


def firewall_tables(firewall: Firewall | None) -> list[list[str]]:
    """Return the sections, as lines, that hold the counts of rates."""
    return _written(firewall).tables


def firewall_settings(firewall: Firewall | None) -> list[str]:
    """Return the firewall's lines of the global section."""
    writer = _written(firewall)
    needs_lua = any(lua.CONVERTER in line for line in writer.lines)
    return [*more_counters(writer.tables), *([f"lua-load {lua.FILE}"] if needs_lua else [])]


def _written(firewall: Firewall | None) -> Writer:
    writer = Writer()
    if firewall is None:
        return writer
    for rule in firewall.rules:
        _judge(writer, rule)
    match firewall.default:
        case Block():
            writer.do(_block(firewall.default), [()])
        case Allow(headers):
            for header in headers:
                writer.do(_set_header(*header), [()])
    return writer


def _judge(writer: Writer, rule: Rule) -> None:
    found = writer.alternatives(rule.statement)
    if rule.labels or not isinstance(rule.action, Block):
        # several lines depend on it
        variable = writer.variable()
        writer.do(f"set-var({variable}) bool(true)", found)
        found = [(f"{{ var({variable}) -m bool }}",)]
        for label in rule.labels:
            _label(writer, label, found)
    for action in _actions(rule.action):
        writer.do(action, found)
    if isinstance(rule.action, Allow):
        writer.guard = (f"!{{ var({_ALLOWED}) -m bool }}",)


def _label(writer: Writer, label: str, found: list[tuple[str, ...]]) -> None:
    variable = writer.labels.setdefault(label, writer.variable())
    writer.do(f"set-var({variable}) bool(true)", found)


def _actions(action: Action) -> list[str]:
    match action:
        case Block():
            return [_block(action)]
        case Count(headers):
            return [_set_header(*header) for header in headers]
        case Allow(headers):
            allowed = f"set-var({_ALLOWED}) bool(true)"
            return [*(_set_header(*header) for header in headers), allowed]


def _set_header(name: str, value: str) -> str:
    return f"set-header {quoted(literal(name))} {quoted(literal(value))}"


def _block(block: Block) -> str:
    content = ""
    if block.content_type:
        content = f" content-type {quoted(block.content_type)} string {quoted(block.body)}"
    elif block.status == 403:
        content = f" content-type text/html string {quoted(pages.page('403 Forbidden'))}"
    headers = "".join(
        f" hdr {quoted(name)} {quoted(literal(value))}" for name, value in block.headers
    )
    return f"return status {block.status}{content} hdr server {pages.SERVER}{headers}"
