"""`drydock ci comment | drift | smoke`: a pipeline's reports and checks after Terraform's steps."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drydock.cli import context, output
from drydock.cli.context import DEFAULT_FOLDER, Context
from drydock.cli.output import Steps
from drydock.cli.stack import FolderArgument
from drydock.errors import CheckFailed, PlanMissing, ResourceMissing, TerraformFailed

if TYPE_CHECKING:
    from drydock.pipeline.texts import Report
    from drydock.stack.plan import PlanSummary

TITLE = "The stack in {folder} has drifted"
FileOption = Annotated[
    Path | None, typer.Option("--file", help="Write the text there; GitHub is not asked.")
]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="What a pipeline says and asks after Terraform's steps.")
    for command in (comment, drift, smoke):
        group.command()(command)
    app.add_typer(group, name="ci")


def comment(folder: FolderArgument = DEFAULT_FOLDER, file: FileOption = None) -> None:
    """Put the saved plan on the pull request as one comment, which later runs update."""
    from drydock.pipeline import texts
    from drydock.pipeline.github import GitHub

    hidden = texts.secrets(os.environ)
    if file is not None:
        text = texts.comment(_report(context.choose(), folder)[0], str(folder))
        file.write_text(texts.masked(text, hidden))
        return
    github = GitHub.of(os.environ)
    report, _ = _report(context.choose(), folder, github.commit, github.run_url)
    text = texts.masked(texts.comment(report, str(folder)), hidden)
    output.result(github.say(texts.marker(str(folder)), text))


def drift(folder: FolderArgument = DEFAULT_FOLDER, file: FileOption = None) -> None:
    """Open an issue if the saved plan has changes, and fail; close it if it has none."""
    from drydock.pipeline import texts
    from drydock.pipeline.github import GitHub

    github = GitHub.of(os.environ) if file is None else None
    at = (github.commit, github.run_url) if github else ("", "")
    report, summary = _report(context.choose(), folder, *at)
    marker, title = texts.marker(str(folder)), TITLE.format(folder=folder)
    if summary.no_changes:
        output.note("No drift: what runs is what the code says.")
        if github and (url := github.close_issue(marker)):
            output.result(url)
        return
    text = texts.masked(texts.drift(report, str(folder)), texts.secrets(os.environ))
    if file is not None:
        file.write_text(text)
    elif github:
        output.result(github.open_issue(marker, title, text))
    raise CheckFailed(title, str(summary), "apply the code, or bring it up to date with what runs")


def smoke(
    folder: FolderArgument = DEFAULT_FOLDER,
    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Seconds.")] = 300.0,
) -> None:
    """Wait until the stack's site answers 200 to a request as a visitor sends it."""
    from drydock.cli import up
    from drydock.ops import site

    here = context.choose()
    if here.target.is_local:
        for local in up.site_of(here, Steps()):
            output.result(local)
        return
    url = str(here.stack(folder).output().get("app_url") or "")
    if not url:
        raise ResourceMissing(
            f"the stack in {folder}",
            "it has no output app_url",
            "apply it first, or add the output",
        )
    visit = site.Visit(url, any_name=site.is_a_load_balancers(url))
    site.wait_until_up(visit, timeout=timeout, every=2.0)
    output.result(url)


def _report(
    here: Context, folder: Path, commit: str = "", run_url: str = ""
) -> tuple[Report, PlanSummary]:
    """Return the report of the saved plan, and its summary. Raises PlanMissing and TerraformFailed."""
    from drydock.cli import cost
    from drydock.pipeline.texts import Report
    from drydock.stack import PLAN_FILE
    from drydock.stack.plan import summarise

    stack = here.stack(folder)
    # The file is empty while a plan is being made.
    if not stack.plan_file.is_file() or not stack.plan_file.stat().st_size:
        raise PlanMissing(
            f"{stack.plan_file}", "there is no saved plan", "run `drydock plan` first"
        )

    def shown(*words: str) -> str:
        outcome = stack.command("show", "-no-color", *words, PLAN_FILE)
        if outcome.code != 0:
            raise TerraformFailed(f"{stack.plan_file} cannot be read", outcome.text, "plan again")
        return outcome.text

    planned: dict[str, Any] = json.loads(shown("-json"))
    summary = summarise(planned)
    findings = tuple(f"{finding.kind}: {finding}" for finding in summary.findings)
    line = cost.line(planned, here.target)
    return Report(str(summary), shown(), findings, line, commit, run_url), summary
