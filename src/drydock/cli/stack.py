"""`drydock init | refresh | import | output`: Terraform's other steps (see plan.py, destroy.py)."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drydock.cli import context, output
from drydock.cli.context import DEFAULT_FOLDER, Context
from drydock.cli.region import JsonOption
from drydock.errors import UsageError

if TYPE_CHECKING:
    from drydock.stack.quick.record import Record

FolderArgument = Annotated[
    Path, typer.Argument(metavar="[DIR]", help="The stack's folder.", show_default=True)
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def add_to(app: typer.Typer) -> None:
    for command in (init, refresh):
        app.command()(command)
    app.command("output")(outputs)
    app.command("import")(adopt)


def init(
    folder: FolderArgument = DEFAULT_FOLDER,
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Newest allowed versions.")] = False,
) -> None:
    """Download the provider and prepare the state. Starts the local region if none runs."""
    context.choose(start=True).stack(folder).init(upgrade=upgrade)


def refresh(folder: FolderArgument = DEFAULT_FOLDER) -> None:
    """Update the state from the existing resources."""
    context.choose().stack(folder).refresh()


def adopt(
    address: Annotated[str, typer.Argument(help="In the stack: aws_lb.this.")],
    resource_id: Annotated[
        str, typer.Argument(metavar="ID", help="As Terraform's import takes it.")
    ],
    folder: FolderArgument = DEFAULT_FOLDER,
) -> None:
    """Import an existing resource into the stack's state."""
    context.choose().stack(folder).adopt(address, resource_id)


def outputs(
    folder: FolderArgument = DEFAULT_FOLDER,
    name: Annotated[str, typer.Option("--name", help="Only this one, plain.")] = "",
    json: JsonOption = False,
) -> None:
    """Print the stack's outputs."""
    values = outputs_of(context.choose(), folder)
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


def outputs_of(here: Context, folder: Path) -> dict[str, Any]:
    """Return the outputs of the stack, built by --quick or by Terraform."""
    quick = quick_record(here)
    if quick is None:
        return here.stack(folder).output()
    from drydock.stack.quick import build

    return build.outputs(here.clients, quick.settings)


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value)


def quick_record(here: Context) -> Record | None:
    """Return the record of the `--quick` build in this region, or None if there is none."""
    from drydock.stack.quick import record

    return record.load(here.workspace) if here.target.is_local else None


def refuse_quick(here: Context, step: str) -> None:
    """Raise UsageError if `--quick` built this region's stack, which Terraform's state does not contain."""
    if quick_record(here) is not None:
        raise UsageError(
            f"drydock {step}",
            "this region has the stack that `up --quick` built, which Terraform knows nothing of",
            "drydock destroy, then drydock up",
        )
