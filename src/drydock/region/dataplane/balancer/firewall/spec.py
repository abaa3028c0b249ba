"""The rules of a firewall as plain data, in the terms of AWS WAF.

https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements.html Times are in seconds
and already scaled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "path", "query", "argument", "arguments", "method", "header", "headers", "cookies", "body"
]
Scope: TypeAlias = Literal["ALL", "KEY", "VALUE"]
Oversize: TypeAlias = Literal["CONTINUE", "MATCH", "NO_MATCH"]
Position: TypeAlias = Literal["FIRST", "LAST", "ANY"]
Constraint: TypeAlias = Literal["EXACTLY", "STARTS_WITH", "ENDS_WITH", "CONTAINS", "CONTAINS_WORD"]
Comparison: TypeAlias = Literal["EQ", "NE", "LE", "LT", "GE", "GT"]
Transformation: TypeAlias = Literal[
    "LOWERCASE", "URL_DECODE", "COMPRESS_WHITE_SPACE", "HTML_ENTITY_DECODE", "BASE64_DECODE"
]

BODY_LIMIT = 8192
"""Bytes of a body that are examined, behind a load balancer.
https://docs.aws.amazon.com/waf/latest/developerguide/waf-oversize-request-components.html
"""


@dataclass(frozen=True)
class Part:
    """A part of a request."""

    kind: Kind
    name: str = ""
    """The name of an argument or a header, whatever its case."""
    names: tuple[str, ...] = ()
    """The names of headers or cookies; empty: all."""
    scope: Scope = "ALL"
    """The examined part of headers and cookies: names, values, or both."""
    oversize: Oversize = "CONTINUE"
    """How a body of more than BODY_LIMIT counts: its beginning, a match, no match."""


@dataclass(frozen=True)
class Forwarded:
    """The client's address is in a header. Without that header nothing matches."""

    header: str
    matches: bool
    """Whether a header without an address where one is wanted is a match."""
    position: Position = "FIRST"


@dataclass(frozen=True)
class From:
    """The client's address is in a set."""

    addresses: str
    """The set's key."""
    forwarded: Forwarded | None = None


@dataclass(frozen=True)
class Text:
    """A part contains some bytes."""

    part: Part
    text: bytes
    constraint: Constraint
    transformations: tuple[Transformation, ...] = ()


@dataclass(frozen=True)
class Pattern:
    """One of some regular expressions matches a part."""

    part: Part
    regexes: tuple[str, ...]
    transformations: tuple[Transformation, ...] = ()


@dataclass(frozen=True)
class Size:
    """The size of a part in bytes."""

    part: Part
    comparison: Comparison
    size: int
    transformations: tuple[Transformation, ...] = ()


@dataclass(frozen=True)
class Labelled:
    """The request has one of these labels, set by an earlier rule that matched."""

    labels: tuple[str, ...]


@dataclass(frozen=True)
class AllOf:
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class AnyOf:
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Not:
    statement: Statement


@dataclass(frozen=True)
class Rate:
    """More than `limit` requests in `window` seconds from one address, or from all together."""

    key: str
    """Unique in the firewall; any text."""
    limit: int
    window: float
    together: bool = False
    forwarded: Forwarded | None = None
    only: Statement | None = None
    """Which requests count; None: all."""


Statement: TypeAlias = From | Text | Pattern | Size | Labelled | AllOf | AnyOf | Not | Rate


@dataclass(frozen=True)
class Allow:
    """The request passes, without later rules."""

    headers: tuple[tuple[str, str], ...] = ()
    """Set on the request that is sent on."""


@dataclass(frozen=True)
class Block:
    """The request is answered here."""

    status: int = 403
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = ""
    """Empty: the load balancer's own page for 403, no body for other codes."""
    body: str = ""


@dataclass(frozen=True)
class Count:
    """Later rules continue."""

    headers: tuple[tuple[str, str], ...] = ()
    """Set on the request that is sent on."""


Action: TypeAlias = Allow | Block | Count


@dataclass(frozen=True)
class Rule:
    name: str
    statement: Statement
    action: Action
    labels: tuple[str, ...] = ()
    """Put on requests that match."""


@dataclass(frozen=True)
class AddressSet:
    key: str
    """Unique in the firewall; any text."""
    addresses: tuple[str, ...] = ()
    """CIDR blocks."""


@dataclass(frozen=True)
class Firewall:
    """Rules in order of evaluation; the first that allows or blocks decides."""

    rules: tuple[Rule, ...] = ()
    default: Allow | Block = Allow()
    address_sets: tuple[AddressSet, ...] = ()

    def structure(self) -> Firewall:
        """Return what cannot change without a new HAProxy process: all except the addresses."""
        return replace(
            self, address_sets=tuple(replace(one, addresses=()) for one in self.address_sets)
        )
