"""Check decoded values against the constraints of a shape of botocore's model. Pure.

Violations in lists of scalars are reported as Coral does: at the list, with the members'
constraint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from drydock.region.api.validation.problems import Path, Violation

_SCALARS = frozenset({"string", "integer", "long", "short", "byte", "float", "double"})
_NUMBERS = _SCALARS - {"string"}
_SECRET = re.compile(r"(?i)password|secret|token|privatekey|certificatechain")
_LONGEST_MATCHED = 4096
"""The limit in characters of values that are matched; patterns are not made for longer ones."""


class Strictness:
    """The constraints that a service enforces by its model alone."""

    def __init__(self, *, enums: bool = True, patterns: bool = True, whole: bool = False) -> None:
        self.enums = enums
        self.patterns = patterns
        self.whole = whole
        """Whether patterns without anchors match the whole value, as in Coral's older models."""


def violations(shape: Any, value: Any, strictness: Strictness) -> list[Violation]:
    """Return every violation, in the order of the model."""
    return list(_walk(shape, value, (), strictness))


def _walk(shape: Any, value: Any, path: Path, strict: Strictness) -> Iterator[Violation]:
    kind = shape.type_name
    if kind == "structure":
        yield from _structure(shape, value, path, strict)
    elif kind == "list":
        yield from _list(shape, value, path, strict)
    elif kind == "map":
        yield from _map(shape, value, path, strict)
    else:
        for what, constraint in broken(shape, value, strict):
            yield Violation(path, what, constraint, shown(shape, path, value))


def _structure(shape: Any, value: Any, path: Path, strict: Strictness) -> Iterator[Violation]:
    if shape.is_document_type or not isinstance(value, Mapping):
        return
    members = shape.members
    for name in shape.required_members:
        if name in members and value.get(name) is None:
            yield Violation((*path, name), "null", "Member must not be null")
    for name, found in value.items():
        if found is not None and name in members:
            yield from _walk(members[name], found, (*path, name), strict)


def _list(shape: Any, value: Any, path: Path, strict: Strictness) -> Iterator[Violation]:
    for constraint in _length(shape, len(value)):
        yield Violation(path, "length", constraint, shown(shape, path, value))
    member = shape.member
    if member.type_name not in _SCALARS:
        for position, one in enumerate(value, start=1):
            if one is not None:
                yield from _walk(member, one, (*path, str(position)), strict)
        return
    told = set()
    for one in value:
        for what, constraint in broken(member, one, strict):
            if constraint not in told:
                told.add(constraint)
                inner = f"Member must satisfy constraint: [{constraint}]"
                yield Violation(path, what, inner, shown(member, path, value))


def _map(shape: Any, value: Any, path: Path, strict: Strictness) -> Iterator[Violation]:
    if not isinstance(value, Mapping):
        return
    for constraint in _length(shape, len(value)):
        yield Violation(path, "length", constraint, shown(shape, path, value))
    for key, one in value.items():
        for what, constraint in broken(shape.key, key, strict):
            inner = f"Map keys must satisfy constraint: [{constraint}]"
            yield Violation(path, what, inner, shown(shape.key, path, key))
        if one is not None:
            yield from _walk(shape.value, one, (*path, str(key)), strict)


def broken(shape: Any, value: Any, strict: Strictness) -> Iterator[tuple[Any, str]]:
    """Yield the constraints that a scalar violates: kind and Coral's message."""
    kind = shape.type_name
    metadata = shape.metadata
    if kind in _NUMBERS and isinstance(value, int | float):
        low, high = metadata.get("min"), metadata.get("max")
        if low is not None and value < low:
            yield "range", f"Member must have value greater than or equal to {low}"
        if high is not None and value > high:
            yield "range", f"Member must have value less than or equal to {high}"
    elif kind == "blob" and isinstance(value, bytes):
        for constraint in _length(shape, len(value)):
            yield "length", constraint
    elif kind == "string" and isinstance(value, str):
        for constraint in _length(shape, len(value)):
            yield "length", constraint
        enum = shape.enum
        if strict.enums and enum and value not in enum:
            yield "enum", f"Member must satisfy enum value set: [{', '.join(enum)}]"
        pattern = metadata.get("pattern")
        if strict.patterns and pattern and not enum and not matches(pattern, value, strict.whole):
            yield "pattern", f"Member must satisfy regular expression pattern: {pattern}"


def _length(shape: Any, length: int) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and length < low:
        yield f"Member must have length greater than or equal to {low}"
    if high is not None and length > high:
        yield f"Member must have length less than or equal to {high}"


def matches(pattern: str, value: str, whole: bool) -> bool:
    """Return whether `value` matches a model's pattern; True also where Python cannot tell."""
    compiled = _compiled(pattern)
    if compiled is None or len(value) > _LONGEST_MATCHED:
        return True
    found = compiled.fullmatch(value) if whole else compiled.search(value)
    return found is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return None


def shown(shape: Any, path: Path, value: Any) -> str | None:
    """Return the value as a message shows it; None for what may be secret."""
    if shape.metadata.get("sensitive") or any(_SECRET.search(part) for part in path):
        return None
    if isinstance(value, list):
        text = f"[{', '.join(str(one) for one in value)}]"
    elif isinstance(value, bytes | Mapping):
        return None
    else:
        text = str(value)
    return text if len(text) <= 1024 else f"{text[:1024]}..."
