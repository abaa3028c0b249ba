"""`drydock plan` and `drydock apply`: changes, losses among them, and consent to the losses."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drydock.cli import context, cost, output, resume
from drydock.cli.context import DEFAULT_FOLDER
from drydock.cli.region import JsonOption
from drydock.cli.stack import FolderArgument, refuse_quick

if TYPE_CHECKING:
    from drydock.cli.context import Context
    from drydock.stack.existing.finding import Existing
    from drydock.stack.findings import Finding
    from drydock.stack.plan import PlanSummary
    from drydock.stack.stack import Stack

AllowReplaceOption = Annotated[
    bool,
    typer.Option(
        "--allow-replace",
        help="Also where it loses data, interrupts service or lays something open.",
    ),
]
_STYLES = {"add": "green", "change": "yellow", "replace": "magenta", "destroy": "red"}
_ADDED_ONE_BY_ONE = 8
"""More new resources than this are shown as one row per type."""
_ATTRIBUTES = 6
_CONSENT = "`drydock apply` wants --allow-replace for it (make apply ALLOW_REPLACE=1)."


def add_to(app: typer.Typer) -> None:
    app.command()(plan)
    app.command()(apply)


def plan(folder: FolderArgument = DEFAULT_FOLDER, json: JsonOption = False) -> None:
    """Show what apply would change, which losses that brings, and what the stack costs.

    The plan is saved as terraform.plan.
    """
    here = context.choose(start=True)
    refuse_quick(here, "plan")
    stack = here.stack(folder, aside=json)
    summary = resume.plan(here.workspace, stack)
    there = existing(here, stack)
    if json:
        kept = [asdict(one) for one in summary.kept] if here.target.is_local else []
        extra = {
            "kept": kept,
            "existing": [asdict(one) for one in there],
            "cost": cost.of_plan(stack.planned, here.target),
        }
        output.document(document(summary) | extra)
        return
    show(summary)
    warn_of(there, stack)
    if here.target.is_local:
        report_kept(summary)
    if line := cost.line(stack.planned, here.target):
        output.note(f"Cost: {line}")


def apply(
    folder: FolderArgument = DEFAULT_FOLDER, allow_replace: AllowReplaceOption = False
) -> None:
    """Apply the saved plan, without asking; only to the target it was made for."""
    here = context.choose()
    resume.apply(here.workspace, here.stack(folder), allow_replace=allow_replace)


def show(summary: PlanSummary) -> None:
    """Print the table of changes, the findings and the counts."""
    rows = table(summary)
    if rows:
        output.table(
            ("", "resource", "what changes"), rows, styles=[_STYLES[row[0]] for row in rows]
        )
    warn(summary.findings, _CONSENT)
    output.note(f"{summary}")


def existing(here: Context, stack: Stack) -> tuple[Existing, ...]:
    """Return resources that the plan creates although they exist; warn of types that are not known."""
    from drydock.stack.existing.finding import look
    from drydock.stack.existing.wanted import wanted

    things = wanted(stack.planned)
    if not things:
        return ()
    looked = look(here.clients, things)
    for why in looked.unknown:
        output.warning(f"whether it is there already is not known: {why}")
    return looked.found


def warn_of(there: tuple[Existing, ...], stack: Stack) -> None:
    """Warn of each existing resource by its address and id; then print the two commands that help."""
    for one in there:
        output.warning(f"there already, though not in the state: {one}")
    if there:
        output.warning(remedy(there, stack))


def remedy(there: tuple[Existing, ...], stack: Stack) -> str:
    """Return what to do about existing resources: take them over, or remove them."""
    from drydock.stack.state_lock import command

    local, first = stack.target.is_local, there[0]
    take = command("import", first.address, first.id, folder=stack.folder, local=local)
    words = ["destroy"] if local else ["destroy", "--sweep"]
    away = command(*words, folder=stack.folder, local=local)
    return (
        f"An apply fails on it. Take each over ({take}), or remove what carries the stack's tags, if"
        f" the state was lost: {away}"
    )


def warn(findings: tuple[Finding, ...], consequence: str) -> None:
    """Warn of each finding; then print the consequence of having any."""
    for finding in findings:
        output.warning(f"{finding.kind}: {finding}")
    if findings:
        output.warning(consequence)


def report_kept(summary: PlanSummary) -> None:
    """Print which of the plan's resources the local region only stores, one line for each reason."""
    reasons: dict[str, list[str]] = {}
    for one in summary.kept:
        reasons.setdefault(one.words, []).append(one.address)
    for words, addresses in reasons.items():
        output.note(f"Only kept by the local region, {words}: {', '.join(addresses)}")


def table(summary: PlanSummary) -> list[tuple[str, str, str]]:
    """Return rows of action, address and changed attributes; many new resources as one per type. Pure."""
    kinds: dict[str, int] = {}
    for change in summary.changes:
        if change.created:
            kinds[change.kind] = kinds.get(change.kind, 0) + 1
    by_kind = sum(kinds.values()) > _ADDED_ONE_BY_ONE
    rows = [("add", kind, f"{count} new") for kind, count in kinds.items()] if by_kind else []
    for change in summary.changes:
        if change.created:
            if not by_kind:
                rows.append(("add", change.address, ""))
            continue
        action = "replace" if change.replaced else "destroy" if change.destroyed else "change"
        rows.append((action, change.address, _attributes(change.attributes)))
    order = list(_STYLES)
    return sorted(rows, key=lambda row: order.index(row[0]))


def document(summary: PlanSummary) -> dict[str, Any]:
    """Return the plan as JSON: names, never values. Pure."""
    return {
        "no_changes": summary.no_changes,
        "added": summary.added,
        "changed": summary.changed,
        "replaced": summary.replaced,
        "destroyed": summary.destroyed,
        "outputs": summary.outputs,
        "changes": [
            {"address": one.address, "actions": one.actions, "attributes": one.attributes}
            for one in summary.changes
        ],
        "findings": [asdict(finding) for finding in summary.findings],
    }


def _attributes(names: tuple[str, ...]) -> str:
    more = len(names) - _ATTRIBUTES
    return ", ".join(names[:_ATTRIBUTES]) + (f" and {more} more" if more > 0 else "")
