"""Parts of a request as HAProxy's sample expressions. Pure.

AWS: https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-fields-list.html
and …/waf-rule-statement-transformation.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from drydock.region.dataplane.balancer.firewall import lua
from drydock.region.dataplane.balancer.firewall.spec import BODY_LIMIT, Part, Transformation

BODY = "txn.waf_body"
"""The variable that holds the examined beginning of the body."""
_BODY_BYTES = f"req.body,bytes(0,{BODY_LIMIT}),hex"
BODY_TEXT = f"{_BODY_BYTES},regsub('(..)','%\\1',g),regsub('%00','',g),url_dec"
"""HAProxy would end the text at the first zero byte; this leaves zero bytes out."""
_QUERY = "pathq,regsub('^[^?]*[?]?',)"
"""The query; unlike HAProxy's own fetch of it also there when it is empty."""
_ARGUMENTS = f"{_QUERY},regsub('^[^=&]*=?',),regsub('&[^=&]*=?','\n',g)"
"""All arguments' values. HAProxy's own fetch of them ends a value at a semicolon."""
# in HAProxy's replacements an escaped line feed would be the letter n: they hold real ones
_HEADER_VALUES = r"req.hdrs,regsub('\r','',g),regsub('(?m)^[^:\n]*: ?','',g)"
_COOKIE_NAMES = "req.fhdr(cookie),regsub('=[^;]*(; *|$)','\n',g)"
_STRAY = "regsub('%(?![0-9A-Fa-f]{2})','%25',g)"
"""A percent sign that encodes nothing: HAProxy decodes no text that has one."""
_FORMS = frozenset({"query", "argument", "arguments", "body"})
"""Parts in which a plus sign is an encoded space."""


@dataclass(frozen=True)
class Sample:
    """A sample expression of HAProxy."""

    fetch: str
    lines: bool = False
    """Several values, one a line."""
    present: str = ""
    """A fetch that must return something; empty: none."""


def lengths(part: Part, transformations: Sequence[Transformation]) -> list[str]:
    """Return the sizes in bytes: of each argument alone, of all headers together."""
    if part.kind in ("argument", "arguments"):
        fetch = f"url_param({part.name},,i)" if part.name else "url_param"
        raw = [Sample(fetch)]
    elif part.kind == "body" and not transformations:
        return [f"{_BODY_BYTES},length,div(2)"]
    else:
        raw = [one for one in _raw(part) if not one.present]
    return [f"{_converted(one, part, transformations)},length" for one in raw]


def samples(part: Part, transformations: Sequence[Transformation]) -> list[Sample]:
    """Return the samples to examine, in order, until one matches."""
    return [
        Sample(_converted(one, part, transformations), one.lines, one.present) for one in _raw(part)
    ]


def _converted(sample: Sample, part: Part, transformations: Sequence[Transformation]) -> str:
    return ",".join([sample.fetch, *(_converter(name, part, sample) for name in transformations)])


def _argument(name: str) -> str:
    """Return an expression for the values of all arguments of a name."""
    literal = "".join(one if one.isalnum() else f"\\x{ord(one):02x}" for one in name)
    return (
        rf"{_QUERY},regsub('(?i)^(?!{literal}=)[^&]*',),regsub('(?i)&(?!{literal}=)[^&]*',,g),"
        f"regsub('^&?{literal}=',,i),regsub('&{literal}=','\n',gi)"
    )


def _raw(part: Part) -> Iterator[Sample]:
    match part.kind:
        case "path":
            yield Sample("path")
        case "query":
            yield Sample(_QUERY)
        case "argument":
            yield Sample(_argument(part.name), lines=True, present=f"url_param({part.name},,i)")
        case "arguments":
            yield Sample(_ARGUMENTS, lines=True)
        case "method":
            yield Sample("method")
        case "header":
            yield Sample(f"req.fhdr({part.name})")
        case "headers":
            yield from _named(part, "req.fhdr", Sample(_HEADER_VALUES, lines=True))
        case "cookies":
            yield from _named(part, "req.cook", Sample("req.cook"))
        case "body":
            yield Sample(f"var({BODY})")


def _named(part: Part, fetch: str, values: Sample) -> Iterator[Sample]:
    """Yield samples of headers or cookies: the named ones, or all."""
    if part.scope != "VALUE":
        for name in part.names:
            yield Sample(f"str({name})", present=f"{fetch}({name})")
        if not part.names:
            names = "req.hdr_names('\n')" if part.kind == "headers" else _COOKIE_NAMES
            yield Sample(names, lines=True)
    if part.scope != "KEY":
        for name in part.names:
            yield Sample(f"{fetch}({name})")
        if not part.names:
            yield values


def _converter(name: Transformation, part: Part, sample: Sample) -> str:
    match name:
        case "LOWERCASE":
            return "lower"
        case "URL_DECODE":
            return f"{_STRAY},{'url_dec(1)' if part.kind in _FORMS else 'url_dec'}"
        case "COMPRESS_WHITE_SPACE":
            # the line feed between two values stays
            feed = "" if sample.lines else r"\n"
            return rf"regsub('[ \t\r\f\x0b\xa0{feed}]+',' ',g)"
        case "HTML_ENTITY_DECODE":
            return lua.CONVERTER
        case "BASE64_DECODE":
            return "b64dec"
