"""One resource of a plan's JSON, before and after, without its sensitive values. Pure.

https://developer.hashicorp.com/terraform/internals/json-format#change-representation
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_KEPT_ACTIONS = frozenset({"no-op", "read", "forget"})


@dataclass(frozen=True)
class Change:
    """One resource's change in a plan."""

    address: str
    kind: str
    """Type of the resource: `aws_lb`."""
    actions: tuple[str, ...]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    """Without values known only after apply. Neither `before` nor `after` has sensitive values."""
    unknown: frozenset[str] = frozenset()
    """Attributes that are known only after apply."""
    attributes: tuple[str, ...] = ()
    """Names of the attributes that change; for a replacement, of those that force it."""

    @property
    def created(self) -> bool:
        return self.actions == ("create",)

    @property
    def updated(self) -> bool:
        return self.actions == ("update",)

    @property
    def replaced(self) -> bool:
        return len(self.actions) == 2 and set(self.actions) == {"create", "delete"}

    @property
    def destroyed(self) -> bool:
        return self.actions == ("delete",)

    @property
    def goes(self) -> bool:
        """The existing resource will be deleted: it is replaced or destroyed."""
        return self.replaced or self.destroyed

    def turned(self, name: str, was: Any, now: Any) -> bool:
        """Return whether an attribute changes in place from `was` to `now`, both known."""
        return self.updated and self.before.get(name) == was and self.after.get(name) == now


def changes(plan: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the managed resources that a plan changes in some way, in Terraform's order."""
    return tuple(
        _read(item)
        for item in plan.get("resource_changes", ())
        if item.get("mode", "managed") == "managed"
        and not _KEPT_ACTIONS.issuperset(item["change"]["actions"])
    )


def _read(item: Mapping[str, Any]) -> Change:
    change = item["change"]
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown")
    later = frozenset(_named(unknown))
    hidden = set(_named(change.get("before_sensitive"))) | set(
        _named(change.get("after_sensitive"))
    )
    actions = tuple(change["actions"])
    reasons = [str(path[0]) for path in change.get("replace_paths") or () if path]
    differing = [
        name
        for name in sorted({*before, *after, *later})
        if (name in later or before.get(name) != after.get(name)) and name != "tags_all"
    ]
    named = reasons if len(actions) == 2 else differing if actions == ("update",) else []
    return Change(
        item["address"],
        item.get("type", ""),
        actions,
        {name: value for name, value in before.items() if name not in hidden},
        {name: value for name, value in after.items() if name not in hidden},
        later,
        tuple(dict.fromkeys(named)),
    )


def _named(marks: Any) -> list[str]:
    """Return the attributes that are marked, wholly or in some nested part."""
    return (
        [name for name, mark in marks.items() if _marked(mark)] if isinstance(marks, dict) else []
    )


def _marked(mark: Any) -> bool:
    if isinstance(mark, dict):
        return any(_marked(one) for one in mark.values())
    if isinstance(mark, list):
        return any(_marked(one) for one in mark)
    return mark is True
