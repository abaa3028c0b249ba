"""Render a statement as HAProxy's conditions. Pure.

HAProxy's conditions are alternatives of conjunctions of terms, without brackets. A deeper
statement, or one that would make a line of more words than HAProxy accepts, is stored in a variable
first. AWS: https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements-list.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from drydock.region.dataplane.balancer.firewall.addresses import address_file
from drydock.region.dataplane.balancer.firewall.parts import (
    BODY,
    BODY_TEXT,
    Sample,
    lengths,
    samples,
)
from drydock.region.dataplane.balancer.firewall.spec import (
    BODY_LIMIT,
    AllOf,
    AnyOf,
    Forwarded,
    From,
    Labelled,
    Not,
    Pattern,
    Rate,
    Size,
    Statement,
    Text,
)
from drydock.region.dataplane.balancer.words import milliseconds, quoted

Conjunction: TypeAlias = tuple[str, ...]
"""Terms that all have to hold."""
Alternatives: TypeAlias = list[Conjunction]

_WORDS = 40
"""The limit of words of a condition. HAProxy accepts 64 in a line."""
_WORD = "[A-Za-z0-9_]"
_MATCHES = {"EXACTLY": "str", "STARTS_WITH": "beg", "ENDS_WITH": "end", "CONTAINS": "sub"}


@dataclass
class Writer:
    """Collects a frontend's lines; its conditions refer to variables that earlier lines set."""

    lines: list[str] = field(default_factory=list)
    guard: Conjunction = ()
    """Holds for every line: no rule has decided yet."""
    tables: list[list[str]] = field(default_factory=list)
    """Sections that hold counters."""
    labels: dict[str, str] = field(default_factory=dict)
    """Label → its variable."""
    _variables: int = 0
    _body_waited: bool = False

    def do(self, action: str, alternatives: Alternatives) -> None:
        """Add an action of `http-request` that runs if one of some conjunctions holds."""
        for conjunction in alternatives:
            short = self._shortened((*self.guard, *conjunction))
            condition = f" if {' '.join(short)}" if short else ""
            self.lines.append(f"http-request {action}{condition}")

    def once(self, alternatives: Alternatives) -> Conjunction:
        """Return one conjunction that holds whenever one of some does."""
        if len(alternatives) == 1:
            return alternatives[0]
        variable = self.variable()
        self.do(f"set-var({variable}) bool(true)", alternatives)
        return (_holds(variable),)

    def variable(self) -> str:
        self._variables += 1
        return f"txn.waf{self._variables}"

    def alternatives(self, statement: Statement) -> Alternatives:
        """Return a statement's alternatives, after adding the lines that they depend on."""
        match statement:
            case AllOf(statements):
                parts = [self.once(self.alternatives(one)) for one in statements]
                return [tuple(term for part in parts for term in part)]
            case AnyOf(statements):
                return [one for part in statements for one in self.alternatives(part)]
            case Not(inner):
                return [(self._negated(self.alternatives(inner)),)]
            case From():
                return list(_from(statement))
            case Text() | Pattern() | Size():
                return self._looks(statement)
            case Labelled(labels):
                known = [self.labels[one] for one in labels if one in self.labels]
                return [(_holds(variable),) for variable in known] or [("{ bool(false) }",)]
            case Rate():
                return self._rate(statement)

    def _negated(self, alternatives: Alternatives) -> str:
        conjunction = self.once(alternatives)
        if len(conjunction) != 1:
            variable = self.variable()
            self.do(f"set-var({variable}) bool(true)", [conjunction])
            conjunction = (_holds(variable),)
        term = conjunction[0]
        return term.removeprefix("!") if term.startswith("!") else f"!{term}"

    def _shortened(self, conjunction: Conjunction) -> Conjunction:
        """Return an equivalent conjunction with few enough words."""
        while sum(_words(term) for term in conjunction) > _WORDS and len(conjunction) > 1:
            fitting = 2  # no two terms have too many
            while sum(_words(term) for term in conjunction[: fitting + 1]) <= _WORDS:
                fitting += 1
            variable = self.variable()
            condition = " ".join(conjunction[:fitting])
            self.lines.append(f"http-request set-var({variable}) bool(true) if {condition}")
            conjunction = (_holds(variable), *conjunction[fitting:])
        return conjunction

    def _looks(self, statement: Text | Pattern | Size) -> Alternatives:
        part = statement.part
        if isinstance(statement, Size):
            found: Alternatives = [(term,) for term in _sizes(statement)]
        else:
            found = [
                (*_present(sample), _term(statement, sample))
                for sample in samples(part, statement.transformations)
            ]
        if part.kind != "body":
            return found
        self._wait_for_body()
        too_large = f"{{ req.body_len gt {BODY_LIMIT} }}"
        if part.oversize == "MATCH":
            return [(too_large,), *found]
        if part.oversize == "NO_MATCH":
            return [(f"!{too_large}", *one) for one in found]
        return found

    def _wait_for_body(self) -> None:
        if not self._body_waited:
            # one byte more than is examined, to know whether there is more; slow clients get 408
            self.do(f"wait-for-body time 60s at-least {BODY_LIMIT + 1}", [()])
            self.do(f"set-var({BODY}) {quoted(BODY_TEXT)}", [()])
            self._body_waited = True

    def _rate(self, rate: Rate) -> Alternatives:
        table, counter = table_name(rate), len(self.tables)
        window = milliseconds(rate.window)
        kind = "integer" if rate.together else "ipv6"
        self.tables.append(
            [
                f"backend {table}",
                f"stick-table type {kind} size 10k expire {window} store http_req_rate({window})",
            ]
        )
        counted: Alternatives = [()] if rate.only is None else self.alternatives(rate.only)
        scope = self.once(counted)
        source = "int(1)" if rate.together else _source(rate.forwarded)
        self.do(f"track-sc{counter} {source} table {table}", [scope])
        found: Alternatives = [(f"{{ sc_http_req_rate({counter}) gt {rate.limit} }}",)]
        if rate.forwarded is not None and rate.forwarded.matches:
            found.append((*scope, *_without_address(rate.forwarded)))
        return found


def table_name(rate: Rate) -> str:
    """Return the section that holds the counters of a rate."""
    return f"waf-rate:{hashlib.sha256(rate.key.encode()).hexdigest()[:24]}"


def _from(statement: From) -> Iterator[Conjunction]:
    yield (f"{{ {_source(statement.forwarded)} -f {address_file(statement.addresses)} }}",)
    if statement.forwarded is not None and statement.forwarded.matches:
        yield _without_address(statement.forwarded)


def _source(forwarded: Forwarded | None) -> str:
    if forwarded is None:
        return "src"
    occurrence = {"FIRST": ",1", "LAST": ",-1", "ANY": ""}[forwarded.position]
    return f"req.hdr_ip({forwarded.header}{occurrence})"


def _without_address(forwarded: Forwarded) -> Conjunction:
    """Return the condition that a header exists without an address where one is wanted."""
    found = f"{{ req.fhdr({forwarded.header}) -m found }}"
    return found, f"!{{ {_source(forwarded)} -m found }}"


def _present(sample: Sample) -> Conjunction:
    return (f"{{ {quoted(sample.present)} -m found }}",) if sample.present else ()


def _sizes(statement: Size) -> list[str]:
    wanted = ["lt", "gt"] if statement.comparison == "NE" else [statement.comparison.lower()]
    return [
        f"{{ {quoted(length)} {comparison} {statement.size} }}"
        for length in lengths(statement.part, statement.transformations)
        for comparison in wanted
    ]


def _term(statement: Text | Pattern, sample: Sample) -> str:
    fetch = quoted(sample.fetch)
    if isinstance(statement, Pattern):
        flag = "(?m)" if sample.lines else ""
        patterns = " ".join(quoted(flag + regex) for regex in statement.regexes)
        return f"{{ {fetch} -m reg -- {patterns} }}"
    if sample.lines or statement.constraint == "CONTAINS_WORD":
        return f"{{ {fetch} -m reg -- {quoted(_regex(statement, sample))} }}"
    return f"{{ {fetch} -m {_MATCHES[statement.constraint]} -- {_bytes(statement.text)} }}"


def _regex(statement: Text, sample: Sample) -> str:
    text = "".join(
        chr(byte) if re.match(_WORD, chr(byte)) else f"\\x{byte:02x}" for byte in statement.text
    )
    before, after = {
        "EXACTLY": ("^", "$"),
        "STARTS_WITH": ("^", ""),
        "ENDS_WITH": ("", "$"),
        "CONTAINS": ("", ""),
        "CONTAINS_WORD": (f"(?<!{_WORD})", f"(?!{_WORD})"),
    }[statement.constraint]
    return f"{'(?m)' if sample.lines else ''}{before}{text}{after}"


def _bytes(text: bytes) -> str:
    inner = "".join(chr(byte) if re.match(_WORD, chr(byte)) else f"\\x{byte:02x}" for byte in text)
    return f'"{inner}"'


def _holds(variable: str) -> str:
    return f"{{ var({variable}) -m bool }}"


def _words(term: str) -> int:
    """Count words as HAProxy does: a quoted text is one."""
    return re.sub(r'"[^"]*"', "q", term).count(" ") + 1


def more_counters(tables: Sequence[object]) -> list[str]:
    """Return the setting for more rate rules than HAProxy's default allows."""
    return [f"tune.stick-counters {len(tables)}"] if len(tables) > 3 else []
