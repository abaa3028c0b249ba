"""`drydock image build | push`: from the Dockerfile to ECR, and its digest to Terraform."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from drydock.cli import output
from drydock.cli.context import choose
from drydock.errors import UsageError
from drydock.paths import write_private

NAME = "tasklist"
FileOption = Annotated[Path, typer.Option("--file", "-f", help="The Dockerfile.")]
EngineOption = Annotated[
    str, typer.Option("--engine", help="docker or podman; else the first found.")
]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="The application's image: build it, push it to ECR.")
    group.command()(build)
    group.command()(push)
    app.add_typer(group, name="image")


def build(
    context: Annotated[
        Path, typer.Argument(help="The folder that the Dockerfile copies from.")
    ] = Path(),
    *,
    file: FileOption = Path("src/tasklist/Dockerfile"),
    tag: Annotated[str, typer.Option("--tag", "-t", help="NAME[:TAG] on this machine.")] = NAME,
    engine: EngineOption = "",
) -> None:
    """Build the image with docker or podman."""
    from drydock.ops import engine as engines

    if not file.is_file():
        raise UsageError(f"--file {file}", "no such file", "name the application's Dockerfile")
    found = engines.find(os.environ, engine)
    found.build(tag, context, file, output.passed_on)
    output.result(tag)


def push(
    image: Annotated[str, typer.Argument(help="The image on this machine.")] = NAME,
    *,
    repository: Annotated[
        str,
        typer.Option(
            "--repository", envvar="TF_VAR_prefix", help="In ECR; infra/repository makes it."
        ),
    ] = NAME,
    tag: Annotated[str, typer.Option("--tag", help="Else the commit, or the time.")] = "",
    env_file: Annotated[
        Path | None,
        typer.Option("--env-file", help="Set TF_VAR_container_image there, for `make`."),
    ] = None,
    engine: EngineOption = "",
) -> None:
    """Push the image to ECR, and print TF_VAR_container_image with its digest."""
    from drydock.ops import engine as engines
    from drydock.ops import registry

    found = engines.find(os.environ, engine)
    clients = choose().clients
    uri = registry.repository_uri(clients, repository)
    named = tag or _tag()
    # Tags are immutable: an image with this tag was pushed by an earlier run.
    digest = registry.digest_of(clients, repository, named)
    if digest and tag:
        raise UsageError(
            f"{uri}:{tag}",
            f"there is one already ({digest})",
            "tags never move: take another --tag",
        )
    if digest:
        output.note(f"{uri}:{named} is there already.")
    else:
        login = registry.login(clients)
        digest = found.push(image, f"{uri}:{named}", login, output.passed_on)
    line = f"TF_VAR_container_image={uri}@{digest}"
    if env_file is not None:
        _set(env_file, line)
    output.result(line)


def _set(file: Path, line: str) -> None:
    """Set a NAME=VALUE line in a file, replacing an existing one."""
    name = line.partition("=")[0]
    before = file.read_text().splitlines() if file.exists() else []
    kept = [one for one in before if not one.lstrip("# ").startswith(f"{name}=")]
    write_private(file, "\n".join([*kept, line]) + "\n")


def _tag() -> str:
    """Return the commit that is checked out, if nothing was changed since; else the time."""
    words = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        commit = done.stdout.strip() if done.returncode == 0 else ""
    except FileNotFoundError:
        commit = ""
    clean = commit and not commit.endswith("-dirty")
    return commit if clean else f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
