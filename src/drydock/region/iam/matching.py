"""Match actions, ARNs and texts against the patterns of a policy. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

Context = Mapping[str, tuple[str, ...]]
"""Condition keys in small letters → their values."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_FIELDS = 6
"""arn:partition:service:region:account:resource"""


class UnresolvedError(Exception):
    """A policy variable has no value in this request: the text that contains it matches nothing."""


@dataclass(frozen=True)
class Resource:
    """The resource of an action.

    Not `known`: an unspecified resource of the service that `arn` names.
    """

    arn: str
    known: bool = True


EVERYTHING = Resource("*")
"""For actions that have no resource: only a `*` covers them."""


def fits(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Return whether `text` matches `pattern`, with its `*` and `?`."""
    return _compiled(pattern, ignore_case).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    words = {"*": ".*", "?": "."}
    source = "".join(words.get(char) or re.escape(_plain(char)) for char in pattern)
    return re.compile(source, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


# `${*}`, `${?}` and values of variables are literal, so their wildcards are masked by other characters.
_MASKED = {"*": "\ue000", "?": "\ue001"}
_UNMASKED = {mask: char for char, mask in _MASKED.items()}


def _plain(char: str) -> str:
    return _UNMASKED.get(char, char)


def _masked(text: str) -> str:
    return "".join(_MASKED.get(char, char) for char in text)


def filled(pattern: str, context: Context) -> str:
    """Return `pattern` with its variables' values, whose own `*` and `?` are not wildcards.

    Raises UnresolvedError: a variable without a value, or with several, and without a default.
    """

    def value(match: re.Match[str]) -> str:
        inside = match.group(1)
        if inside in {"*", "?", "$"}:
            return _masked(inside)
        name, comma, rest = inside.partition(",")
        values = context.get(name.strip().lower(), ())
        if len(values) == 1:
            return _masked(values[0])
        if comma:
            return _masked(rest.strip().strip("'"))
        raise UnresolvedError(name.strip())

    return _VARIABLE.sub(value, pattern) if "${" in pattern else pattern


def unmasked(text: str) -> str:
    """Return a filled pattern as plain text, for operators without wildcards."""
    return "".join(_plain(char) for char in text)


def fits_arn(pattern: str, arn: str) -> bool:
    """Return whether `arn` matches `pattern`.

    A wildcard stays within its field; fields that the pattern leaves out match anything.
    """
    if pattern == "*":
        return True
    theirs, ours = arn.split(":", _FIELDS - 1), pattern.split(":", _FIELDS - 1)
    if len(theirs) < _FIELDS:
        return False
    ours += ["*"] * (_FIELDS - len(ours))
    return all(fits(want, have) for want, have in zip(ours, theirs, strict=True))


def covers(patterns: Sequence[str], resource: Resource) -> bool:
    """Return whether some pattern certainly matches the resource."""
    if resource.known:
        return any(fits_arn(pattern, resource.arn) for pattern in patterns)
    return any(_whole(pattern, resource.arn) for pattern in patterns)


def touches(patterns: Sequence[str], resource: Resource) -> bool:
    """Return whether some pattern may match the resource, which may be unspecified."""
    if resource.known:
        return covers(patterns, resource)
    return any(_meets(pattern, resource.arn) for pattern in patterns)


def _whole(pattern: str, arn: str) -> bool:
    """Return whether a pattern matches every resource of a service
    (arn:aws:SERVICE:REGION:ACCOUNT:).
    """
    fields = pattern.split(":", _FIELDS - 1)
    return _meets(pattern, arn) and set(fields[3:]) <= {"*"}


def _meets(pattern: str, arn: str) -> bool:
    """Return whether a pattern may match a resource of a service, which may lack region or account."""
    if pattern == "*":
        return True
    ours, theirs = pattern.split(":", _FIELDS - 1), arn.split(":", _FIELDS - 1)
    ours += ["*"] * (_FIELDS - len(ours))
    if not all(fits(ours[n], theirs[n]) for n in range(3)):
        return False
    return all(fits(ours[n], theirs[n]) or ours[n] == "" for n in (3, 4))
