"""Runs of Terraform under way: list them, and end or await them before the region stops."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
from typing import Annotated

import typer

from drydock.cli import output
from drydock.errors import StackError
from drydock.paths import Workspace

ForceOption = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Interrupt Terraform first, where it is at work (its state is saved), and stop also where"
        " something cannot be saved.",
    ),
]
WaitOption = Annotated[
    bool, typer.Option("--wait", help="Wait for Terraform first, where it is at work.")
]
INTERRUPT_SECONDS = 120.0
"""How long an interrupted Terraform is given to end what it is doing and save its state."""


def tell(workspace: Workspace, label: str) -> None:
    """List the runs that are under way on a target."""
    from drydock.stack.underway import folder_of, under_way

    for run in under_way(workspace, label):
        output.note(f"Under way in {folder_of(run)}: {run.describe()}")


def clear_the_way(workspace: Workspace, what: str, *, force: bool, wait: bool) -> None:
    """End or await every run of Terraform in the region, before the region stops.

    `force` interrupts them, `wait` waits for them. Raises StackError: a run is under way, and neither was
    given.
    """
    from drydock.stack import state_lock
    from drydock.stack.underway import folder_of, interrupt, under_way, wait_for

    for run in under_way(workspace):
        about = f"{run.describe()} on {folder_of(run)}"
        if force:
            output.note(f"interrupting {about}")
            if not interrupt(run, INTERRUPT_SECONDS, lambda: _hold(workspace)):
                output.warning(f"it has not ended within {INTERRUPT_SECONDS:g} s: {about}")
        elif wait:
            output.note(f"waiting for {about}")
            wait_for(run)
        else:
            watch = state_lock.command("attach", folder=folder_of(run), local=True)
            raise StackError(
                f"{what} was not begun",
                f"it would interrupt {about}; nothing was changed",
                f"{what} --wait stops the region when that has ended; {what} --force interrupts it,"
                f" and its state is saved first; {watch} shows it",
            )


def _hold(workspace: Workspace) -> None:
    """Ask the region to begin no new change, so that Terraform's state matches what exists."""
    from drydock.aws.target import Target
    from drydock.region.host import launcher
    from drydock.stack.pause_writes import hold_changes

    record = launcher.running(workspace)
    if record is not None:
        hold_changes(Target.local(record.endpoint))
