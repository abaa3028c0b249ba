"""A rule's conditions as HAProxy's anonymous ACLs. Pure.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

from collections.abc import Sequence

from drydock.region.dataplane.balancer.spec import (
    Condition,
    HostHeader,
    HttpHeader,
    PathPattern,
    QueryString,
    RequestMethod,
    Rule,
    SourceIp,
)
from drydock.region.dataplane.balancer.words import has_wildcard, quoted, wildcard_regex


def acls(rule: Rule) -> str:
    """Return the condition after `if`: one `{ … }` per condition; all must hold. Empty: always."""
    return " ".join(f"{{ {_acl(condition)} }}" for condition in rule.conditions)


def _acl(condition: Condition) -> str:
    match condition:
        case HostHeader(values):
            return _match("req.hdr(host),host_only", values, ignore_case=True)
        case PathPattern(values):
            return _match("path", values, ignore_case=False)
        case HttpHeader(name, values):
            return _match(quoted(f"req.fhdr({name})"), values, ignore_case=True)
        case RequestMethod(values):
            return f"method {_words(values)}"
        case QueryString(pairs):
            return f"query -m reg -i {_words([_pair_regex(*pair) for pair in pairs])}"
        case SourceIp(values):
            return f"src {_words(values)}"


def _match(fetch: str, values: Sequence[str], *, ignore_case: bool) -> str:
    flag = " -i" if ignore_case else ""
    if any(has_wildcard(value) for value in values):
        patterns = [f"^{wildcard_regex(value)}$" for value in values]
        return f"{fetch} -m reg{flag} {_words(patterns)}"
    return f"{fetch} -m str{flag} {_words(values)}"


def _pair_regex(key: str, value: str) -> str:
    name = wildcard_regex(key, "[^&=]") if key else "[^&=]*"
    return f"(^|&){name}={wildcard_regex(value, '[^&]')}(&|$)"


def _words(values: Sequence[str]) -> str:
    # `--` ends the flags: a value may begin with a dash
    return " ".join(["--", *(quoted(value) for value in values)])
