"""Translate WAF's statements into the balancer's. Pure.

https://docs.aws.amazon.com/waf/latest/APIReference/API_Statement.html ; the API has refused
statements that cannot be evaluated.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from drydock.region.dataplane.balancer.firewall.spec import (
    AllOf,
    AnyOf,
    Forwarded,
    From,
    Kind,
    Labelled,
    Not,
    Part,
    Pattern,
    Rate,
    Size,
    Statement,
    Text,
    Transformation,
)
from drydock.region.services.kit.controller import TerminalError
from drydock.region.services.wafv2 import Item

Json = Mapping[str, Any]
Scaled = Callable[[float], float]

_USUAL_WINDOW = 300
_SIMPLE_PARTS: Mapping[str, Part] = {
    "UriPath": Part("path"),
    "QueryString": Part("query"),
    "AllQueryArguments": Part("arguments"),
    "Method": Part("method"),
}


class Statements:
    """Translates the statements of one web ACL."""

    def __init__(self, items: Mapping[str, Item], labels: tuple[str, ...], scaled: Scaled) -> None:
        """`labels` are all that the ACL's rules may put on a request, with their namespaces."""
        self._items = items
        self._labels = labels
        self._scaled = scaled

    def of(self, statement: Json, rule: str, namespace: str) -> Statement:
        """Translate one statement. `namespace`: of the web ACL or the rule group that has the rule."""
        name, content = next(iter(statement.items()))

        def inner(one: Json) -> Statement:
            return self.of(one, rule, namespace)

        match name:
            case "AndStatement":
                return AllOf(tuple(inner(one) for one in content["Statements"]))
            case "OrStatement":
                return AnyOf(tuple(inner(one) for one in content["Statements"]))
            case "NotStatement":
                return Not(inner(content["Statement"]))
            case "IPSetReferenceStatement":
                return From(content["ARN"], _forwarded(content.get("IPSetForwardedIPConfig")))
            case "LabelMatchStatement":
                return Labelled(tuple(self._matching(content, namespace)))
            case "RateBasedStatement":
                scope = content.get("ScopeDownStatement")
                return self._rate(content, rule, inner(scope) if scope else None)
            case _:
                return self._looks(name, content)

    def _looks(self, name: str, content: Json) -> Statement:
        part, ways = _part(content["FieldToMatch"]), _transformations(content)
        match name:
            case "ByteMatchStatement":
                text = base64.b64decode(content["SearchString"])
                return Text(part, text, content["PositionalConstraint"], ways)
            case "RegexMatchStatement":
                return Pattern(part, (content["RegexString"],), ways)
            case "RegexPatternSetReferenceStatement":
                regexes = self._items[content["ARN"]].settings["RegularExpressionList"]
                return Pattern(part, tuple(one["RegexString"] for one in regexes), ways)
            case "SizeConstraintStatement":
                return Size(part, content["ComparisonOperator"], int(content["Size"]), ways)
        raise TerminalError(f"a web ACL's rule: the region does not know the statement {name}")

    def _rate(self, content: Json, rule: str, only: Statement | None) -> Rate:
        kind = content["AggregateKeyType"]
        return Rate(
            key=rule,
            limit=int(content["Limit"]),
            window=self._scaled(float(content.get("EvaluationWindowSec", _USUAL_WINDOW))),
            together=kind == "CONSTANT",
            forwarded=_forwarded(content["ForwardedIPConfig"]) if kind == "FORWARDED_IP" else None,
            only=only,
        )

    def _matching(self, content: Json, namespace: str) -> Iterator[str]:
        """Yield the labels that match a whole name, or the end of one within the rule's own
        namespace.

        https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-label-match-examples.html
        """
        key, whole = content["Key"], content["Scope"] == "LABEL"
        for label in self._labels:
            own = f":{label.removeprefix(namespace)}" if label.startswith(namespace) else ""
            if whole and (label == key or own.endswith(f":{key}")):
                yield label
            if not whole and (label.startswith(key) or f":{key}" in own):
                yield label


def sets_of(statement: Statement) -> Iterator[str]:
    """Yield the keys of the address sets that a statement needs."""
    match statement:
        case From(addresses):
            yield addresses
        case AllOf(statements) | AnyOf(statements):
            for one in statements:
                yield from sets_of(one)
        case Not(inner):
            yield from sets_of(inner)
        case Rate(only=inner) if inner is not None:
            yield from sets_of(inner)
        case _:
            pass


def _forwarded(config: Json | None) -> Forwarded | None:
    if not config:
        return None
    matches = config["FallbackBehavior"] == "MATCH"
    return Forwarded(config["HeaderName"], matches, config.get("Position", "FIRST"))


def _transformations(content: Json) -> tuple[Transformation, ...]:
    ordered = sorted(content["TextTransformations"], key=lambda one: int(one["Priority"]))
    return tuple(one["Type"] for one in ordered if one["Type"] != "NONE")


def _part(field: Json) -> Part:
    name, content = next(iter(field.items()))
    if name in _SIMPLE_PARTS:
        return _SIMPLE_PARTS[name]
    match name:
        case "SingleQueryArgument":
            return Part("argument", content["Name"])
        case "SingleHeader":
            return Part("header", content["Name"])
        case "Headers" | "Cookies":
            included = content["MatchPattern"].get(f"Included{name}", ())
            kind: Kind = "headers" if name == "Headers" else "cookies"
            return Part(kind, names=tuple(included), scope=content["MatchScope"])
        case "Body":
            return Part("body", oversize=content.get("OversizeHandling", "CONTINUE"))
    raise TerminalError(f"a web ACL's rule: the region does not know the part {name}")
