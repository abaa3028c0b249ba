"""`drydock attach` and `drydock recover`: runs of Terraform that outlived their command."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drydock.cli import context, output
from drydock.cli.context import DEFAULT_FOLDER
from drydock.cli.stack import FolderArgument
from drydock.errors import UsageError
from drydock.paths import Workspace

if TYPE_CHECKING:
    from drydock.stack.runfiles import RunFiles


def add_to(app: typer.Typer) -> None:
    app.command()(attach)
    app.command()(recover)


def attach(folder: FolderArgument = DEFAULT_FOLDER) -> None:
    """Show the run of Terraform that is under way, or the last one. Ctrl-C ends only the watching.

    The exit code is the run's.
    """
    from drydock.stack.underway import watch

    run = _run_of(folder)
    output.note(f"{run.describe()}{'' if run.is_alive() else ', which is over'}:")
    try:
        code = watch(run, output.result)
    except KeyboardInterrupt as error:
        if run.is_alive():
            error.add_note("The run goes on; drydock attach shows it again.")
        raise
    output.note(f"`{run.step}` ended with exit code {code}" if code >= 0 else "it was killed")
    raise typer.Exit(max(code, 0) or int(code < 0))


def recover(
    folder: FolderArgument = DEFAULT_FOLDER,
    force: Annotated[
        bool, typer.Option("--force", help="Make errored.tfstate the state of the stack.")
    ] = False,
    discard: Annotated[
        bool, typer.Option("--discard", help="Move errored.tfstate away, to .drydock.")
    ] = False,
) -> None:
    """Use, or discard, a state that Terraform could not save and that does not fit by itself."""
    if force == discard:
        raise UsageError("drydock recover", "it wants one of --force and --discard", "drydock plan")
    if not context.choose().stack(folder).recover(discard=discard):
        raise UsageError(f"{folder / 'errored.tfstate'}", "there is none", "nothing has to be done")


def _run_of(folder: Path) -> RunFiles:
    """Return the stack's run on the chosen target: the one under way, else the last one."""
    from drydock.stack.runfiles import RunFiles
    from drydock.stack.underway import folder_of

    workspace = Workspace.here()
    kind = context.kind(os.environ)
    runs = [
        run
        for home in sorted(workspace.terraform.glob("*/*/runs"))
        if home.parts[-3].partition("-")[0] == kind
        for one in sorted(home.iterdir())
        if (run := RunFiles(one)).request and folder_of(run) == folder.resolve()
    ]
    if not runs:
        raise UsageError(
            "drydock attach", f"Terraform was not run on {folder} from here", "drydock plan"
        )
    alive = [run for run in runs if run.is_alive()]
    return (alive or sorted(runs, key=lambda run: run.since))[-1]
