"""Parse policy documents into statements. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

Condition = tuple[str, str, tuple[str, ...]]
"""Operator, key, values: all as written."""


@dataclass(frozen=True)
class Statement:
    """One statement. `negated_…`: it was written as NotAction, NotResource or NotPrincipal."""

    effect: Literal["Allow", "Deny"]
    actions: tuple[str, ...]
    negated_actions: bool
    resources: tuple[str, ...]
    """Empty in trust policies, which have none: any resource matches."""
    negated_resources: bool
    principals: tuple[tuple[str, str], ...] | None
    """(kind, value): ("AWS", ARN or account or "*"), ("Service", …), ("Federated", …); None: no
    Principal, as in identity policies."""
    negated_principals: bool
    conditions: tuple[Condition, ...]
    variables: bool
    """Whether ${…} is a variable, which it is since version 2012-10-17."""


@dataclass(frozen=True)
class Policy:
    """The statements of one document."""

    statements: tuple[Statement, ...]


@lru_cache(maxsize=1024)
def parse(document: str) -> Policy:
    """Parse a document. Raises ValueError: not JSON, or not a policy."""
    data = json.loads(document)
    try:
        variables = data.get("Version") == "2012-10-17"
        statements = data.get("Statement", [])
        listed = [statements] if isinstance(statements, Mapping) else statements
        return Policy(tuple(_statement(one, variables) for one in listed))
    except (AttributeError, TypeError) as error:
        raise ValueError(f"this is no policy: {error}") from error


def _statement(data: Mapping[str, Any], variables: bool) -> Statement:
    effect = data.get("Effect")
    if effect not in {"Allow", "Deny"}:
        raise ValueError(f"a statement's Effect is Allow or Deny, not {effect!r}")
    principals = data.get("Principal", data.get("NotPrincipal"))
    return Statement(
        effect=effect,
        actions=_words(data.get("Action", data.get("NotAction"))),
        negated_actions="NotAction" in data,
        resources=_words(data.get("Resource", data.get("NotResource"))),
        negated_resources="NotResource" in data,
        principals=None if principals is None else _principals(principals),
        negated_principals="NotPrincipal" in data,
        conditions=tuple(
            (operator, key, _words(values))
            for operator, keys in (data.get("Condition") or {}).items()
            for key, values in keys.items()
        ),
        variables=variables,
    )


def _principals(data: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(data, str):
        return (("AWS", data),)
    return tuple((kind, value) for kind, values in data.items() for value in _words(values))


def _words(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    listed = value if isinstance(value, list) else [value]
    return tuple(_word(one) for one in listed)


def _word(value: Any) -> str:
    """Return a value as text; true and 1 may be written without quotes."""
    return str(value).lower() if isinstance(value, bool) else str(value)
