"""Resources of a plan that the local region only stores, or refuses, with a sentence for each. Pure.

https://developer.hashicorp.com/terraform/internals/json-format#change-representation
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drydock.errors import CheckFailed
from drydock.services import lookup
from drydock.stack.change import Change, changes


@dataclass(frozen=True)
class Covered:
    """One resource that the local region does not run."""

    address: str
    words: str
    """What does not happen (stored resource); or what is missing and what to use (refused one)."""

    def __str__(self) -> str:
        return f"{self.address}: {self.words}"


def kept(plan: Mapping[str, Any]) -> tuple[Covered, ...]:
    """Return the created or changed resources that the region only stores: nothing runs for them."""
    return tuple(
        Covered(change.address, words)
        for change in _made(plan)
        if (words := lookup.kept_words(change.kind))
    )


def refused(plan: Mapping[str, Any]) -> tuple[Covered, ...]:
    """Return the created or changed resources that the region refuses."""
    return tuple(
        Covered(change.address, words)
        for change in _made(plan)
        if (words := lookup.refused_words(change.kind))
    )


def check(plan: Mapping[str, Any], folder: Path) -> None:
    """Raise CheckFailed, naming all of them, if the local region refuses resources of the plan."""
    found = refused(plan)
    if found:
        lines = "".join(f"\n  {one}" for one in found)
        raise CheckFailed(
            f"the stack in {folder} cannot be rehearsed as it is",
            f"the local region refuses {len(found)} of its resources{lines}",
            "leave them out of the rehearsal (`count = var.rehearsal ? 0 : 1`), then plan again;"
            " docs/reference/services.md has the whole table",
        )


def _made(plan: Mapping[str, Any]) -> list[Change]:
    return [change for change in changes(plan) if not change.destroyed]
