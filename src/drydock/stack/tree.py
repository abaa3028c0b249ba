"""Find the managed resources in a plan's or a state's JSON, in every module. Pure.

https://developer.hashicorp.com/terraform/internals/json-format#values-representation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def managed(values: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """Yield each managed resource of `planned_values`, `prior_state.values` or a state's `values`."""
    root = (values or {}).get("root_module")
    if root:
        yield from _of_module(root)


def _of_module(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for resource in module.get("resources", ()):
        if resource.get("mode", "managed") == "managed":
            yield resource
    for child in module.get("child_modules", ()):
        yield from _of_module(child)
