"""`drydock plan` and `drydock apply`: what would change, what of it is a loss, and consent to that."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drydock.cli import cost, output, place, resume
from drydock.cli.place import DEFAULT_FOLDER
from drydock.cli.region import JsonOption
from drydock.cli.stack import FolderArgument, refuse_quick

if TYPE_CHECKING:
    from drydock.cli.place import Place
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
"""More of them are told by their types."""
_ATTRIBUTES = 6
_CONSENT = "`drydock apply` wants --allow-replace for it (make apply ALLOW_REPLACE=1)."


def add_to(app: typer.Typer) -> None:
    app.command()(plan)
    app.command()(apply)


def plan(folder: FolderArgument = DEFAULT_FOLDER, json: JsonOption = False) -> None:
    """Show what apply would change, what of it is a loss, and what it costs; save it as terraform.plan."""
    here = place.choose(start=True)
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
        tell_kept(summary)
    if line := cost.line(stack.planned, here.target):
        output.note(f"Cost: {line}")


def apply(
    folder: FolderArgument = DEFAULT_FOLDER, allow_replace: AllowReplaceOption = False
) -> None:
    """Apply the saved plan, without asking; only to the target it was made for."""
    here = place.choose()
    resume.apply(here.workspace, here.stack(folder), allow_replace=allow_replace)


def show(summary: PlanSummary) -> None:
    """The table, the findings and the count."""
    rows = table(summary)
    if rows:
        output.table(
            ("", "resource", "what changes"), rows, styles=[_STYLES[row[0]] for row in rows]
        )
    warn(summary.findings, _CONSENT)
    output.note(f"{summary}")


def existing(here: Place, stack: Stack) -> tuple[Existing, ...]:
    """What the plan creates and what is there already."""
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
    """Each by its address and id; then the two ways out, as commands."""
    for one in there:
        output.warning(f"there already, though not in the state: {one}")
    if there:
        output.warning(remedy(there, stack))


def remedy(there: tuple[Existing, ...], stack: Stack) -> str:
    """What to do about what is there already: take it over, or remove it."""
    from drydock.stack.lock import command

    local, first = stack.target.is_local, there[0]
    take = command("import", first.address, first.id, folder=stack.folder, local=local)
    words = ["destroy"] if local else ["destroy", "--sweep"]
    away = command(*words, folder=stack.folder, local=local)
    return (
        f"An apply fails on it. Take each over ({take}), or remove what carries the stack's tags, if"
        f" the state was lost: {away}"
    )


def warn(findings: tuple[Finding, ...], consequence: str) -> None:
    """Each finding in words; then what follows from having any."""
    for finding in findings:
        output.warning(f"{finding.kind}: {finding}")
    if findings:
        output.warning(consequence)


def tell_kept(summary: PlanSummary) -> None:
    """What of a plan for a local region is only kept there, a line for each of its resources' reasons."""
    reasons: dict[str, list[str]] = {}
    for one in summary.kept:
        reasons.setdefault(one.words, []).append(one.address)
    for words, addresses in reasons.items():
        output.note(f"Only kept by the local region, {words}: {', '.join(addresses)}")


def table(summary: PlanSummary) -> list[tuple[str, str, str]]:
    """Action, address and what changes; many new resources as one row for each type. Pure."""
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
    """The plan as JSON: names, never values. Pure."""
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
