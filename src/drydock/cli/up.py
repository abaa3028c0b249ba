"""`drydock up` and `drydock down`: run the whole rehearsal, and end it."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from drydock.cli import context, output, resume, tasks
from drydock.cli.context import DEFAULT_FOLDER, Context
from drydock.cli.leaving import ForceOption, WaitOption, clear_the_way
from drydock.cli.output import Steps
from drydock.cli.patience import interrupted_in_vain
from drydock.cli.plan import existing, remedy, report_kept, warn
from drydock.cli.region import ConfigOption, EnforceIamOption, EphemeralOption
from drydock.cli.stack import FolderArgument, YesOption
from drydock.errors import (
    DrydockError,
    ProviderMissing,
    StackError,
    TerraformMissing,
    UsageError,
    WaitGivenUp,
)
from drydock.paths import Workspace

if TYPE_CHECKING:
    from drydock.ops.site import Visit

_CARRIED_OUT = (
    "This rehearsal carries it out; on AWS, and here step by step, `drydock apply` refuses it without"
    " --allow-replace."
)
URL_TIMEOUT = 60.0
SITE_TIMEOUT = 180.0
"""Seconds."""


def add_to(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(down)


def up(
    folder: FolderArgument = DEFAULT_FOLDER,
    quick: Annotated[
        bool, typer.Option("--quick", help="Build the sample stack without Terraform, in seconds.")
    ] = False,
    config: ConfigOption = None,
    enforce_iam: EnforceIamOption = False,
    ephemeral: EphemeralOption = False,
) -> None:
    """Rehearse a stack: region, init, plan, apply, migrate, until the site answers."""
    if context.kind(os.environ) == "aws":
        raise UsageError(
            "drydock up", "it rehearses locally", "on AWS: drydock init, plan, apply, update-db"
        )
    context.announce()
    steps = Steps()
    try:
        with steps.step("region"):
            here = context.choose(
                start=True,
                config=config,
                announced=True,
                enforce_iam=enforce_iam,
                ephemeral=ephemeral,
            )
        urls = _up(here, folder, quick, steps)
    except KeyboardInterrupt as error:
        at = f"It was at `{steps.current}`. " if steps.current else ""
        error.add_note(f"{at}`drydock up` picks up from there; `drydock down` stops the region.")
        raise
    steps.show()
    for url in urls:
        output.result(url)
    output.note("Look after it: drydock status, drydock logs -f. Stop it: drydock down")


def down(
    purge: Annotated[
        bool, typer.Option("--purge", help="Delete the region's resources and data too.")
    ] = False,
    yes: YesOption = False,
    force: ForceOption = False,
    wait: WaitOption = False,
) -> None:
    """Stop the region. Its data is kept for the next `drydock up`, unless --purge.

    While Terraform is at work in it, the stop is refused without --wait or --force.
    """
    from drydock.region.host import launcher

    workspace = Workspace.here()
    if purge and not yes and not _agreed(workspace):
        raise UsageError("down --purge", "it was not confirmed; nothing was changed", "-y")
    clear_the_way(workspace, "drydock down", force=force, wait=wait)
    stopped = launcher.stop(workspace, force=force or purge)
    output.note("The region is stopped." if stopped else "No region runs in this folder.")
    if purge:
        # The folders of Terraform's targets on AWS stay.
        for path in (workspace.region, workspace.terraform / "local"):
            if path.exists():
                shutil.rmtree(path)
        output.note("Its resources and data are deleted.")


def _agreed(workspace: Workspace) -> bool:
    try:
        return typer.confirm(f"Delete everything of the region in {workspace.root}?", err=True)
    except typer.Abort:
        return False


def _up(here: Context, folder: Path, quick: bool, steps: Steps) -> list[str]:
    if not quick:
        quick = not _terraform(here, folder, steps)
    if quick:
        _quick(here, steps)
    _migrate(here, folder, quick, steps)
    return site_of(here, steps)


def _terraform(here: Context, folder: Path, steps: Steps) -> bool:
    """Apply with Terraform; return False if it or its provider is missing and --quick can be used."""
    from drydock.stack.quick import record

    try:
        with steps.step("init"):
            # Terraform's output goes to stderr: the result of `up` is the URL.
            stack = here.stack(folder, aside=True)
            stack.init()
    except (TerraformMissing, ProviderMissing) as error:
        if folder != DEFAULT_FOLDER:
            raise
        output.warning(f"{error.subject}: {error.cause}")
        output.warning("Building the same architecture without Terraform instead (--quick).")
        return False
    if record.load(here.workspace) is not None:
        raise UsageError(
            "drydock up",
            "this region has the stack that --quick built, which Terraform knows nothing of",
            "drydock up --quick goes on with it; drydock destroy makes room for Terraform",
        )
    with steps.step("plan") as said:
        summary = resume.plan(here.workspace, stack)
        said.append(str(summary))
    if there := existing(here, stack):
        raise StackError(
            f"the stack in {stack.folder} is not applied",
            "what it would create is there already, though not in its state: "
            + ", ".join(str(one) for one in there),
            remedy(there, stack),
        )
    warn(summary.findings, _CARRIED_OUT)
    report_kept(summary)
    if not summary.no_changes:
        with (
            steps.step("apply"),
            interrupted_in_vain("drydock up has given up `apply`", here.in_vain),
        ):
            # A rehearsal applies a change that loses data too: it costs nothing here and shows the outcome.
            resume.apply(here.workspace, stack, allow_replace=True)
    return True


def _quick(here: Context, steps: Steps) -> None:
    from drydock.stack.quick import build, record
    from drydock.stack.quick.settings import Settings

    settings = Settings.of_environment(os.environ)
    known = record.load(here.workspace)
    if known is None and build.exists(here.clients, settings):
        raise UsageError(
            "drydock up --quick",
            f"Terraform built {settings.prefix} in this region already",
            "drydock up goes on with it; drydock destroy makes room",
        )
    # Written first, so that resources left by an interrupted build are known to be this build's.
    record.save(here.workspace, settings)
    with steps.step("build"):
        build.build(here.clients, settings, tell=output.note)


def _migrate(here: Context, folder: Path, quick: bool, steps: Steps) -> None:
    from drydock.ops import migrate
    from drydock.ops.services import Scope

    outputs = _outputs(here, folder, quick)
    if not migrate.wanted(outputs):
        output.note("No migration: the stack has no output standalone_task_sg.")
        return
    command = migrate.command(outputs)
    if not command:
        output.note("No migration: the stack's migrate_command is empty.")
        return
    with steps.step("migrate"):
        scope = Scope.of_outputs(outputs)
        tasks.run_here(
            here,
            scope,
            folder,
            command,
            migrate.TIMEOUT,
            show=lambda line: output.passed_on(f"    {line.text}"),
        )


def _outputs(here: Context, folder: Path, quick: bool) -> dict[str, Any]:
    if not quick:
        return here.stack(folder).output()
    from drydock.cli.stack import outputs_of

    return outputs_of(here, folder)


def site_of(here: Context, steps: Steps) -> list[str]:
    """Wait until the sites of the services' load balancers answer; return their URLs."""
    from drydock.ops import site, status
    from drydock.ops.services import Scope

    wanted = {url.load_balancer for url in status.read(here.clients, Scope()).urls}
    if not wanted:
        output.note("No URL: no service here has a load balancer.")
        return []
    with steps.step("site"):
        found = _local_urls(here, wanted)
        for visit in visits(found, str(here.workspace.authority_certificate)):
            site.wait_until_up(visit, timeout=SITE_TIMEOUT, in_vain=here.clients.in_vain)
    for name in (name for one in found for name in one["names"]):
        output.note(f"Its name: {name}  (drydock region hosts, drydock region ca)")
    return [one["url"] for one in found]


def visits(urls: Sequence[Mapping[str, Any]], authority: str) -> list[Visit]:
    """Return one visit per URL, under the first name that resolves to it. Pure.

    The region's own authority signs certificates that ACM issues there. A certificate that the user
    imported has another issuer, which Drydock cannot verify.
    """
    from drydock.ops.site import Visit

    every = [[one["url"], *one["names"]] for one in urls]
    found = []
    for own in every:
        name = urlsplit(own[1]).hostname if len(own) > 1 else ""
        siblings = [url for other in every if other is not own for url in other]
        # If no name is known here, the certificate's name is one that the user's own DNS resolves.
        found.append(Visit(own[0], name or "", authority, not name, tuple(siblings)))
    return found


def _local_urls(here: Context, wanted: set[str]) -> list[dict[str, Any]]:
    """Return the URLs of the region's listeners, with their names; wait until the region reports them."""
    from drydock.aws import waiting
    from drydock.cli.status import named
    from drydock.region.host import launcher

    record = here.record
    if record is None:
        raise DrydockError("drydock up", "it was given no local region", "report this")
    problems: list[str] = []

    def ready() -> list[dict[str, Any]]:
        inside = launcher.inspect(record)
        problems[:] = [f"{one['resource']}: {one['error']}" for one in inside.get("problems", [])]
        found = [one for one in inside["urls"] if one["load_balancer"] in wanted]
        complete = {one["load_balancer"] for one in found} == wanted
        return [named(one, inside) for one in found] if complete else []

    try:
        return waiting.until(
            ready,
            what="the load balancer's URL",
            timeout=URL_TIMEOUT,
            every=0.1,
            in_vain=lambda: here.clients.in_vain("loadbalancer/"),
        )
    except WaitGivenUp:
        raise
    except DrydockError as error:
        if not problems:
            raise
        raise type(error)(error.subject, "; ".join(problems), "drydock status") from None
