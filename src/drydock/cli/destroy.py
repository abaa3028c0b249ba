"""`drydock destroy` and `drydock unlock`: destroy a stack; release a lock whose owner is gone."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
from pathlib import Path
from typing import Annotated

import typer

from drydock.cli import context, output
from drydock.cli.context import DEFAULT_FOLDER, Context
from drydock.cli.stack import FolderArgument, YesOption, quick_record
from drydock.errors import TerraformFailed, UsageError


def add_to(app: typer.Typer) -> None:
    app.command()(destroy)
    app.command()(unlock)


def destroy(
    folder: FolderArgument = DEFAULT_FOLDER,
    yes: YesOption = False,
    disable_protection: Annotated[
        bool,
        typer.Option("--disable-protection", help="Turn deletion protection off first."),
    ] = False,
    sweep: Annotated[
        bool,
        typer.Option(
            "--sweep",
            help="On AWS too, delete what carries the stack's tags where its state is empty.",
        ),
    ] = False,
) -> None:
    """Destroy all of the stack's resources. Asks first, unless -y.

    Where the state is empty or lost, resources that carry the stack's tags are deleted locally; on
    AWS they are only listed, unless --sweep.
    """
    here = context.choose()
    quick = quick_record(here)
    if quick is None:
        remove = sweep or here.target.is_local
        _destroy(here, folder, yes=yes, disable_protection=disable_protection, remove=remove)
        return
    from drydock.stack.quick import build, record

    _confirm(f"Destroy the stack on {here.target.describe()}?", "destroy", yes=yes)
    build.destroy(here.clients, quick.settings, tell=output.note)
    record.forget(here.workspace)


def unlock(
    lock_id: Annotated[
        str,
        typer.Argument(metavar="[ID]", help="The lock's id; it is told where it is in the way."),
    ] = "",
    folder: FolderArgument = DEFAULT_FOLDER,
    yes: YesOption = False,
) -> None:
    """Release a lock of the state that a killed run has left. Asks first, unless -y."""
    from drydock.stack import reading, state_lock

    here = context.choose()
    stack = here.stack(folder)
    holder = reading.holder(stack)
    if not lock_id and holder is None:
        raise UsageError(
            "drydock unlock",
            "no lock is in the state's bucket; one that is kept elsewhere is told by its id alone",
            state_lock.command("unlock", "ID", folder=stack.folder, local=here.target.is_local),
        )
    output.note(
        f"{holder}: {holder.id}" if holder else f"nothing is known of the holder of {lock_id}"
    )
    _confirm("Release it? Two that change a state at once spoil it.", "unlock", yes=yes)
    stack.unlock(lock_id or (holder.id if holder else ""))


def _destroy(
    here: Context, folder: Path, *, yes: bool, disable_protection: bool, remove: bool
) -> None:
    """Run Terraform's destroy, delete what it cannot, and check what is left."""
    from drydock.ops import definitions
    from drydock.stack.teardown.teardown import Teardown

    stack = here.stack(folder)
    stack.settle()
    try:
        family = definitions.family_of(stack.output())
    except TerraformFailed:
        family = ""  # destroy fails as well then, and says what to do
    teardown = Teardown(stack, here.clients, output.note)
    for words in teardown.contents():
        output.warning(f"what is in {words} will be deleted")
    for name in teardown.debris:
        what = "will be deleted" if remove else "stays"
        output.warning(f"in no state, with the stack's tags, {what}: {name}")
    _confirm(f"Destroy the stack on {here.target.describe()}?", "destroy", yes=yes)
    teardown.run(disable_protection=disable_protection, remove=remove)
    # Task definition revisions that the stack kept so that ECS could roll back to them.
    if family and (count := definitions.deregister(here.clients, family)):
        output.note(f"{count} revisions of the task definition {family} deregistered")
    teardown.report()


def _confirm(question: str, what: str, *, yes: bool) -> None:
    if yes:
        return
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise UsageError(what, "it was not confirmed; nothing was changed", "-y does not ask")
