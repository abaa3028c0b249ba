"""Validators of attribute values. Each check raises ELBClientError (ValidationError)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drydock.region.services.elbv2.operations.problems import invalid

Check = Callable[[str, str], None]
"""A check of a key and its value."""


def pairs(attributes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return a request's attributes by key. Raises ELBClientError: none, or a key twice or missing."""
    if not attributes:
        raise invalid("At least one attribute must be specified")
    found: dict[str, str] = {}
    for one in attributes:
        key = one.get("Key")
        if key is None:
            raise invalid("An attribute key must be specified")
        if key in found:
            raise invalid(f"Attribute key '{key}' was specified more than once")
        found[key] = one.get("Value") or ""
    return found


def one_of(*allowed: str) -> Check:
    """Return a check that a value is one of these words."""

    def check(key: str, value: str) -> None:
        if value not in allowed:
            raise invalid(f"'{key}' value '{value}' must be one of [{', '.join(allowed)}]")

    return check


boolean = one_of("true", "false")


def between(lowest: int, highest: int, *words: str) -> Check:
    """Return a check that a value is a whole number in bounds, or one of `words`."""

    def check(key: str, value: str) -> None:
        if value in words:
            return
        if not re.fullmatch(r"\d+", value) or not lowest <= int(value) <= highest:
            others = "".join(f" or '{word}'" for word in words)
            raise invalid(
                f"'{key}' value '{value}' must be between '{lowest}-{highest}' inclusive{others}"
            )

    return check


def text(longest: int, pattern: str = "", what: str = "") -> Check:
    """Return a check of a text's length and form, which `what` describes. Empty is always valid."""
    form = re.compile(pattern, re.IGNORECASE) if pattern else None

    def check(key: str, value: str) -> None:
        if len(value) > longest:
            raise invalid(f"'{key}' value is too long; the limit is '{longest}'")
        if value and form is not None and not form.fullmatch(value):
            raise invalid(f"'{key}' value '{value}' must be {what}")

    return check
