"""`drydock deploy`: deploy another image, or redeploy, and follow it until it serves or rolls back."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
from typing import Annotated

import typer

from drydock.cli import context, output
from drydock.cli.context import DEFAULT_FOLDER
from drydock.cli.tasks import ClusterOption, FolderOption, ServiceOption

TIMEOUT = 1800.0


def add_to(app: typer.Typer) -> None:
    app.command()(deploy)


def deploy(
    image: Annotated[
        str, typer.Argument(metavar="[IMAGE]", help="Else the same task definition again.")
    ] = "",
    *,
    container: Annotated[str, typer.Option("--container", help="Else the first.")] = "",
    cluster: ClusterOption = "",
    service: ServiceOption = "",
    folder: FolderOption = DEFAULT_FOLDER,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Until it is over.")] = True,
    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Seconds to wait.")] = TIMEOUT,
) -> None:
    """Replace the service's tasks one by one, and report the result.

    It lasts until the next apply: Terraform then puts the stack's own image back.
    """
    from drydock.errors import UsageError
    from drydock.ops import deploy as deploying
    from drydock.ops.services import Scope

    if container and not image:
        raise UsageError(
            f"--container {container}",
            "it says which container gets the image, and there is none",
            f"drydock deploy IMAGE --container {container}",
        )
    here = context.choose()
    found = here.service(Scope(cluster, service), folder)
    deployment = deploying.start(here.clients, found, image=image, container=container)
    output.note(f"{found}: deployment {deployment.id}")
    if image:
        output.note(f"To keep this image at the next apply: TF_VAR_container_image={image}")
    if not wait:
        return
    try:
        deploying.follow(here.clients, found, deployment, tell=output.note, timeout=timeout)
    except KeyboardInterrupt as error:
        error.add_note("The deployment goes on without you; see: drydock status")
        raise
    output.result(f"{found}: deployed {image or found.task_definition.rpartition('/')[2]}")
