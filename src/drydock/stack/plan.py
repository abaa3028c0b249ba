"""Summary of a Terraform plan, read from `terraform show -json`. Pure.

https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drydock.errors import StackError
from drydock.stack import coverage
from drydock.stack.change import Change, changes
from drydock.stack.coverage import Covered
from drydock.stack.findings import Finding, findings


@dataclass(frozen=True)
class PlanSummary:
    """Resource addresses grouped by what the plan does to them, in Terraform's order."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    destroyed: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    """Names of outputs that change."""
    findings: tuple[Finding, ...] = ()
    """Changes that lose data, interrupt service or expose something."""
    kept: tuple[Covered, ...] = field(default=(), compare=False)
    """Resources that a local region only stores: nothing runs for them."""
    changes: tuple[Change, ...] = field(default=(), compare=False, repr=False)
    """The same resources as above, each with what changes in it."""

    @property
    def no_changes(self) -> bool:
        """Neither a resource nor an output changes."""
        return not (self.added or self.changed or self.replaced or self.destroyed or self.outputs)

    def __str__(self) -> str:
        if self.no_changes:
            return "No changes"
        counts = {
            "to add": self.added,
            "to change": self.changed,
            "to replace": self.replaced,
            "to destroy": self.destroyed,
        }
        text = ", ".join(f"{len(found)} {what}" for what, found in counts.items() if found)
        return text or f"{len(self.outputs)} outputs to change"


_ACTIONS: Mapping[frozenset[str], str] = {
    frozenset({"create"}): "added",
    frozenset({"update"}): "changed",
    frozenset({"create", "delete"}): "replaced",
    frozenset({"delete"}): "destroyed",
    frozenset({"forget"}): "",
    frozenset({"read"}): "",
    frozenset({"no-op"}): "",
}


def summarise(plan: Mapping[str, Any]) -> PlanSummary:
    """Return the summary of a plan's JSON. Raises StackError: it has an action unknown to Drydock."""
    found: dict[str, list[str]] = {"added": [], "changed": [], "replaced": [], "destroyed": []}
    for change in plan.get("resource_changes", ()):
        actions = change["change"]["actions"]
        kind = _ACTIONS.get(frozenset(actions))
        if kind is None:
            raise StackError(
                f"the plan for {change['address']} cannot be read",
                f"it has the actions {actions}, which this version of Drydock does not know",
                "read Terraform's own plan above; report this to Drydock",
            )
        if kind:
            found[kind].append(change["address"])
    outputs = tuple(
        name
        for name, change in plan.get("output_changes", {}).items()
        if change["actions"] != ["no-op"]
    )
    return PlanSummary(
        added=tuple(found["added"]),
        changed=tuple(found["changed"]),
        replaced=tuple(found["replaced"]),
        destroyed=tuple(found["destroyed"]),
        outputs=outputs,
        findings=findings(plan),
        kept=coverage.kept(plan),
        changes=changes(plan),
    )
