"""`drydock run` and `drydock update-db`: one-off tasks, followed to their end."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drydock.cli import context, output
from drydock.cli.context import DEFAULT_FOLDER, Context
from drydock.errors import DrydockError, TaskFailed, UsageError

if TYPE_CHECKING:
    from drydock.ops.logs import Line
    from drydock.ops.services import Scope

RUN_TIMEOUT = 3600.0
ClusterOption = Annotated[str, typer.Option("--cluster", help="Where several run.")]
ServiceOption = Annotated[str, typer.Option("--service", help="Where several run.")]
FolderOption = Annotated[Path, typer.Option("--dir", help="The stack's folder.")]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", min=1, help="Seconds; then the task is stopped.")
]


def add_to(app: typer.Typer) -> None:
    plain = {"allow_interspersed_args": False, "ignore_unknown_options": True}
    app.command(context_settings=plain)(run)
    app.command("update-db")(update_db)


def run(
    command: Annotated[list[str], typer.Argument(metavar="COMMAND", help="Replaces the command.")],
    *,
    env: Annotated[
        list[str] | None, typer.Option("--env", "-e", metavar="NAME=VALUE", help="May be repeated.")
    ] = None,
    container: Annotated[str, typer.Option("--container", help="Else the first.")] = "",
    cluster: ClusterOption = "",
    service: ServiceOption = "",
    folder: FolderOption = DEFAULT_FOLDER,
    timeout: TimeoutOption = RUN_TIMEOUT,
) -> None:
    """Run a one-off task with the service's network, show its log, exit with its exit code."""
    from drydock.ops.services import Scope

    variables = dict(_pair(text) for text in env or [])
    run_here(
        context.choose(),
        Scope(cluster, service),
        folder,
        command,
        timeout,
        container=container,
        environment=variables,
    )


def update_db(
    cluster: ClusterOption = "",
    service: ServiceOption = "",
    folder: FolderOption = DEFAULT_FOLDER,
    timeout: TimeoutOption = 900.0,
) -> None:
    """Migrate the database's tables; their data is kept."""
    from drydock.ops.services import Scope

    here = context.choose()
    command = _migrate_command(here, folder)
    if not command:
        output.note("Nothing to do: the stack's migrate_command is empty.")
        return
    run_here(here, Scope(cluster, service), folder, command, timeout)


def _migrate_command(here: Context, folder: Path) -> Sequence[str]:
    """Return the stack's migrate_command; the sample application's if the stack cannot be read."""
    from drydock.cli.stack import outputs_of
    from drydock.ops import migrate

    try:
        outputs = outputs_of(here, folder)
    except DrydockError:
        return migrate.COMMAND
    return migrate.command(outputs)


def run_here(
    here: Context,
    scope: Scope,
    folder: Path,
    command: Sequence[str],
    timeout: float,
    *,
    container: str = "",
    environment: Mapping[str, str] | None = None,
    show: Callable[[Line], None] = output.log_line,
) -> None:
    """Run one task to its end. Raises TaskFailed with the task's exit code if it is not 0."""
    from drydock.ops import run_task

    service = here.service(scope, folder)
    order = run_task.order_of(
        here.clients, service, command, container=container, environment=environment
    )
    output.note(f"{service}: {' '.join(command)}")
    try:
        result = run_task.run(
            here.clients,
            order,
            show=show,
            tell=output.note,
            timeout=timeout,
        )
    except KeyboardInterrupt as error:
        error.add_note("The task was stopped; the service's own tasks run on.")
        raise
    if result.exit_code != 0:
        raise TaskFailed(
            f"`{' '.join(command)}` exited with {result.exit_code}",
            result.reason,
            "its log is above",
            exit_code=result.exit_code,
        )


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise UsageError(f"--env {name}", "there is no NAME=VALUE", "write --env NAME=VALUE")
    return name, value
