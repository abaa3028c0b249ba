"""`drydock exec`: a shell, or a command, in a running container."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
from typing import Annotated

import typer

from drydock.cli import context
from drydock.cli.context import DEFAULT_FOLDER
from drydock.cli.tasks import ClusterOption, FolderOption, ServiceOption

SHELL = ("/bin/sh",)


def add_to(app: typer.Typer) -> None:
    plain = {"allow_interspersed_args": False, "ignore_unknown_options": True}
    app.command("exec", context_settings=plain)(execute)


def execute(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="Else /bin/sh.")
    ] = None,
    *,
    task: Annotated[str, typer.Option("--task", help="ID or ARN; else the newest.")] = "",
    container: Annotated[str, typer.Option("--container", help="Else the first.")] = "",
    cluster: ClusterOption = "",
    service: ServiceOption = "",
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Open a shell in a task's container, or run a command there, and exit with its exit code."""
    from drydock.ops import execute as sessions
    from drydock.ops.services import Scope

    here = context.choose()
    where = _cluster_of(task) or (cluster if task else "")
    if where:
        tasks = sessions.tasks_of(here.clients, where, task=task)
    else:
        found = here.service(Scope(cluster, service), folder)
        tasks = sessions.tasks_of(here.clients, found.cluster, service=found.name, task=task)
    target = sessions.choose(tasks, container)
    words = command or SHELL
    run = sessions.locally if here.target.is_local else sessions.by_the_aws_cli
    raise typer.Exit(run(here.clients, target, words))


def _cluster_of(task: str) -> str:
    """Return the cluster in a task's ARN; empty for an id."""
    parts = task.rsplit(":", 1)[-1].split("/")
    return parts[1] if task.startswith("arn:") and len(parts) == 3 else ""
