"""Check a request against the bounds in ELB's API model: lengths, ranges, enumerations, patterns.

moto 5.2.5 checks almost none of them, and boto3 only lower bounds. The answer names every value that
is out of bounds, as AWS's services do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from botocore.model import Shape

from drydock.region.services.elbv2.operations.problems import invalid


def check(shape: Shape | None, values: Any) -> None:
    """Raise ELBClientError (ValidationError) when `values`, a parsed request, violates the model."""
    found = problems(shape, values)
    if not found:
        return
    count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected"
    raise invalid(f"{count}: {'; '.join(found)}")


def problems(shape: Shape | None, values: Any) -> list[str]:
    """Return every violation of the model, each with the path of the member at fault."""
    return list(_problems(shape, values, "")) if shape is not None else []


def _problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    if value is None:
        return
    if shape.type_name == "structure":
        for name in shape.required_members:
            if name not in value:
                yield (
                    f"Value at '{_join(path, name)}' failed to satisfy constraint:"
                    " Member must not be null"
                )
        for name, member in shape.members.items():
            yield from _problems(member, value.get(name), _join(path, name))
    elif shape.type_name == "list":
        for number, one in enumerate(value, 1):
            yield from _problems(shape.member, one, f"{path}.{number}.member")
    elif shape.type_name == "map":
        for key, one in value.items():
            yield from _problems(shape.value, one, f"{path}.{key}.member")
    elif (broken := _broken(shape, value)) is not None:
        yield f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {broken}"


def _broken(shape: Any, value: Any) -> str | None:
    limits = shape.metadata
    if "enum" in limits and value not in limits["enum"]:
        return f"satisfy enum value set: [{', '.join(limits['enum'])}]"
    measured, noun = (len(value), "length") if shape.type_name == "string" else (value, "value")
    if "max" in limits and measured > limits["max"]:
        return f"have {noun} less than or equal to {limits['max']}"
    if "min" in limits and measured < limits["min"]:
        return f"have {noun} greater than or equal to {limits['min']}"
    pattern = limits.get("pattern", "")
    # Patterns of Unicode classes (tags) are not Python's.
    if pattern and r"\p" not in pattern and not re.search(pattern, value):
        return f"satisfy regular expression pattern: {pattern}"
    return None


def _join(path: str, name: str) -> str:
    """Return the path of a member, in lower camel case as AWS writes it."""
    inner = name[0].lower() + name[1:]
    return f"{path}.{inner}" if path else inner
