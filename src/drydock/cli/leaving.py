"""Runs of Terraform that are under way: to say so, and to ask before the region stops beneath them."""

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
    """Say which runs are under way on a target."""
    from drydock.stack.underway import folder_of, under_way

    for run in under_way(workspace, label):
        output.note(f"Under way in {folder_of(run)}: {run.describe()}")


def clear_the_way(workspace: Workspace, what: str, *, force: bool, wait: bool) -> None:
    """Before the region stops: no run of Terraform is left in it.

    Raises StackError: one is under way, and neither `force` nor `wait` was given.
    """
    from drydock.stack import lock
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
            watch = lock.command("attach", folder=folder_of(run), local=True)
            raise StackError(
                f"{what} was not begun",
                f"it would interrupt {about}; nothing was changed",
                f"{what} --wait stops the region when that has ended; {what} --force interrupts it,"
                f" and its state is saved first; {watch} shows it",
            )


def _hold(workspace: Workspace) -> None:
    """The region finishes what it has begun and begins nothing new, so that Terraform knows what is."""
    from drydock.region import launcher
    from drydock.stack.hold import hold_changes
    from drydock.stack.target import Target

    record = launcher.running(workspace)
    if record is not None:
        hold_changes(Target.local(record.endpoint))
