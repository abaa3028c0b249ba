"""Validation of statements; those that the region cannot evaluate are refused.

https://docs.aws.amazon.com/waf/latest/APIReference/API_Statement.html
"""

from __future__ import annotations

import base64
import re
import warnings
from collections.abc import Callable
from typing import Any

from drydock.region.services.wafv2.operations.problems import (
    InvalidParameterError,
    nonexistent,
    unserved,
)
from drydock.region.services.wafv2.records import Kind

Json = dict[str, Any]
Exists = Callable[[Kind, str], bool]
"""Returns whether a resource exists, by ARN."""

_REFUSED = {
    "GeoMatchStatement": "the country of an address",
    "AsnMatchStatement": "the autonomous system of an address",
    "SqliMatchStatement": "whether text is an SQL injection",
    "XssMatchStatement": "whether text is cross-site scripting",
}
_OUTERMOST = frozenset(
    {"RateBasedStatement", "RuleGroupReferenceStatement", "ManagedRuleGroupStatement"}
)
_REFUSED_PARTS = frozenset(
    {"JsonBody", "HeaderOrder", "JA3Fingerprint", "JA4Fingerprint", "UriFragment"}
)
_TRANSFORMATIONS = frozenset(
    {
        "NONE",
        "LOWERCASE",
        "URL_DECODE",
        "COMPRESS_WHITE_SPACE",
        "HTML_ENTITY_DECODE",
        "BASE64_DECODE",
    }
)
_WINDOWS = (60, 120, 300, 600)
_TOKEN = re.compile(r"[A-Za-z0-9_.-]+")
"""Names of headers, cookies and arguments that HAProxy's expressions take."""
_NOT_REGEX = re.compile(r"(?<!\\)(?:\\\\)*(?:\(\?(?:[=!>]|<[=!]|\(|R|&|\d)|\(\*|\\[1-9CKRNUuLlgk])")
"""Syntax that WAF's regular expressions lack: references, assertions, atomic groups, verbs.
https://docs.aws.amazon.com/waf/latest/developerguide/waf-regex-pattern-set-managing.html"""


class Checker:
    """Checks the statements of one rule."""

    def __init__(self, rule: str, exists: Exists) -> None:
        self._rule = rule
        self._exists = exists

    def check(self, statement: Json, *, inner: bool = False) -> None:
        """Check a statement. Raises WafError, which names the rule."""
        if len(statement) != 1:
            raise self._wrong(
                "You have used none or multiple values for a field that requires exactly one value.",
                "STATEMENT",
            )
        name, content = next(iter(statement.items()))
        if name in _REFUSED:
            raise unserved(self._rule, name, _REFUSED[name])
        if inner and name in _OUTERMOST:
            raise self._wrong(f"A {name} cannot be nested in another statement.", "STATEMENT")
        match name:
            case "AndStatement" | "OrStatement":
                self._several(name, content["Statements"])
            case "NotStatement":
                self.check(content["Statement"], inner=True)
            case "RateBasedStatement":
                self._rate(content)
            case "IPSetReferenceStatement":
                self._refers(Kind.IP_SET, content["ARN"], name)
                self._forwarded(content.get("IPSetForwardedIPConfig"))
            case "RuleGroupReferenceStatement":
                self._refers(Kind.RULE_GROUP, content["ARN"], name)
            case "LabelMatchStatement":
                if content["Key"].startswith("awswaf:managed:"):
                    raise unserved(self._rule, name, "labels of managed rule groups")
            case "ManagedRuleGroupStatement":
                pass  # accepted; it judges nothing here, which `drydock doctor` says
            case _:
                self._looks(name, content)

    def _several(self, name: str, statements: list[Json]) -> None:
        if len(statements) < 2:
            raise self._wrong(f"A {name} takes at least two statements.", "STATEMENT")
        for one in statements:
            self.check(one, inner=True)

    def _rate(self, content: Json) -> None:
        field, kind = "RATE_BASED_STATEMENT", content["AggregateKeyType"]
        scope = content.get("ScopeDownStatement")
        if kind == "CUSTOM_KEYS":
            raise unserved(self._rule, "RateBasedStatement", "rates by custom keys", field)
        if kind == "FORWARDED_IP" and not content.get("ForwardedIPConfig"):
            raise self._wrong("FORWARDED_IP needs a ForwardedIPConfig.", field)
        if kind == "CONSTANT" and not scope:
            raise self._wrong("CONSTANT needs a ScopeDownStatement.", field)
        if content.get("EvaluationWindowSec", 300) not in _WINDOWS:
            raise self._wrong(f"EvaluationWindowSec is one of {_WINDOWS}.", field)
        self._forwarded(content.get("ForwardedIPConfig"))
        if scope:
            self.check(scope, inner=True)

    def _looks(self, name: str, content: Json) -> None:
        self._part(name, content["FieldToMatch"])
        kinds = [one["Type"] for one in content["TextTransformations"]]
        if len({one["Priority"] for one in content["TextTransformations"]}) < len(kinds):
            raise self._wrong("Priorities of text transformations differ.", "TEXT_TRANSFORMATION")
        for kind in kinds:
            if kind not in _TRANSFORMATIONS:
                what = f"text after the transformation {kind}"
                raise unserved(self._rule, name, what, "TEXT_TRANSFORMATION")
        if name == "ByteMatchStatement":
            self._bytes(content)
        if name == "RegexMatchStatement":
            check_regex(content["RegexString"], self._rule)
        if name == "RegexPatternSetReferenceStatement":
            self._refers(Kind.REGEX_SET, content["ARN"], name)

    def _bytes(self, content: Json) -> None:
        text, field = base64.b64decode(content.get("SearchString", "")), "BYTE_MATCH_STATEMENT"
        if not 1 <= len(text) <= 200:
            raise self._wrong("SearchString has 1 to 200 bytes.", field)
        if b"\0" in text:
            raise unserved(self._rule, "ByteMatchStatement", "zero bytes", field)
        words = content["PositionalConstraint"] == "CONTAINS_WORD"
        if words and not re.fullmatch(rb"[A-Za-z0-9_]+", text):
            raise self._wrong("CONTAINS_WORD takes letters, digits and underscores.", field)

    def _part(self, name: str, part: Json) -> None:
        if len(part) != 1:
            raise self._wrong(
                "You have used none or multiple values for a field that requires exactly one value.",
                "FIELD_TO_MATCH",
            )
        kind, content = next(iter(part.items()))
        if kind in _REFUSED_PARTS:
            raise unserved(self._rule, name, kind, "FIELD_TO_MATCH")
        pattern = content.get("MatchPattern") or {}
        excluded = [one for one in pattern if one.startswith("Excluded")]
        if excluded:
            raise unserved(self._rule, name, excluded[0], "FIELD_TO_MATCH")
        names = [*pattern.get("IncludedHeaders", ()), *pattern.get("IncludedCookies", ())]
        names += [content["Name"]] if "Name" in content else []
        for one in names:
            self._name(one)

    def _forwarded(self, config: Json | None) -> None:
        if config:
            self._name(config["HeaderName"])

    def _name(self, name: str) -> None:
        if not _TOKEN.fullmatch(name):
            raise unserved(self._rule, name, "this name", "FIELD_TO_MATCH")

    def _refers(self, kind: Kind, arn: str, name: str) -> None:
        if f"/{kind.value}/" not in arn:
            raise self._wrong(f"The ARN isn't valid for a {name}: {arn}", "STATEMENT")
        if not self._exists(kind, arn):
            raise nonexistent(f"{arn}, which rule {self._rule} refers to")

    def _wrong(self, reason: str, field: str) -> InvalidParameterError:
        return InvalidParameterError(reason, field, self._rule)


def check_regex(regex: str, where: str) -> None:
    """Raise InvalidParameterError, naming `where`, for syntax that WAF's regular expressions lack."""
    problem = ""
    if _NOT_REGEX.search(regex):
        problem = (
            "it has references, assertions, atomic groups or verbs, which AWS WAF does not support"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # [[:alpha:]] is no set of sets here
            re.compile(regex)
    except re.error as error:
        problem = str(error)
    if problem:
        reason = f"The regular expression {regex} isn't valid: {problem}."
        raise InvalidParameterError(reason, "REGEX_PATTERN_SET", where)
