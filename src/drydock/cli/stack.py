"""`drydock init | destroy | refresh | output`: Terraform's steps on the chosen target; plan.py has more."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drydock.cli import output, place
from drydock.cli.place import DEFAULT_FOLDER, Place
from drydock.cli.region import JsonOption
from drydock.errors import TerraformFailed, UsageError

if TYPE_CHECKING:
    from drydock.stack.quick.record import Record

FolderArgument = Annotated[
    Path, typer.Argument(metavar="[DIR]", help="The stack's folder.", show_default=True)
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def add_to(app: typer.Typer) -> None:
    for command in (init, destroy, refresh):
        app.command()(command)
    app.command("output")(outputs)


def init(
    folder: FolderArgument = DEFAULT_FOLDER,
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Newest allowed versions.")] = False,
) -> None:
    """Get the provider and prepare the state. Starts the local region if none runs."""
    place.choose(start=True).stack(folder).init(upgrade=upgrade)


def destroy(folder: FolderArgument = DEFAULT_FOLDER, yes: YesOption = False) -> None:
    """Destroy what the stack has made. Asks first, unless -y."""
    here = place.choose()
    if not yes:
        _ask(here)
    quick = _quick_record(here)
    if quick is None:
        _destroy(here, folder)
        return
    from drydock.stack.quick import build, record

    build.destroy(here.clients, quick.settings, tell=output.note)
    record.forget(here.workspace)


def refresh(folder: FolderArgument = DEFAULT_FOLDER) -> None:
    """Bring the state up to date with what is there."""
    place.choose().stack(folder).refresh()


def outputs(
    folder: FolderArgument = DEFAULT_FOLDER,
    name: Annotated[str, typer.Option("--name", help="Only this one, plain.")] = "",
    json: JsonOption = False,
) -> None:
    """Print the stack's outputs."""
    values = outputs_of(place.choose(), folder)
    if name:
        if name not in values:
            known = ", ".join(sorted(values)) or "none; apply the stack first"
            raise UsageError(f"output {name}", f"the stack has: {known}", "drydock output")
        output.result(_plain(values[name]))
    elif json:
        output.document(values)
    else:
        for key, value in sorted(values.items()):
            output.result(f"{key} = {_plain(value)}")


def outputs_of(here: Place, folder: Path) -> dict[str, Any]:
    """The outputs of what is there: built by --quick, or else by Terraform."""
    quick = _quick_record(here)
    if quick is None:
        return here.stack(folder).output()
    from drydock.stack.quick import build

    return build.outputs(here.clients, quick.settings)


def _destroy(here: Place, folder: Path) -> None:
    """Terraform's destroy; then the revisions go that the stack has kept for ECS to roll back to."""
    from drydock.ops import definitions

    stack = here.stack(folder)
    try:
        family = definitions.family_of(stack.output())
    except TerraformFailed:
        family = ""  # destroy fails as well then, and says what to do
    stack.destroy()
    if family and (count := definitions.deregister(here.clients, family)):
        output.note(f"{count} revisions of the task definition {family} deregistered")


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value)


def _ask(here: Place) -> None:
    try:
        agreed = typer.confirm(f"Destroy the stack on {here.target.describe()}?", err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise UsageError("destroy", "it was not confirmed; nothing was changed", "-y does not ask")


def _quick_record(here: Place) -> Record | None:
    from drydock.stack.quick import record

    return record.load(here.workspace) if here.target.is_local else None


def refuse_quick(here: Place, step: str) -> None:
    """Raises UsageError: Terraform knows nothing of what stands in this region."""
    if _quick_record(here) is not None:
        raise UsageError(
            f"drydock {step}",
            "this region has the stack that `up --quick` built, which Terraform knows nothing of",
            "drydock destroy, then drydock up",
        )
