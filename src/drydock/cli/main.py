"""The command `drydock`: registers the commands, and turns each kind of failure into an exit code.

Commands import what they need when they run, so that `drydock --help` is quick.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from drydock import __version__
from drydock.cli import (
    attach,
    bootstrap,
    cost,
    database,
    deploy,
    destroy,
    doctor,
    execute,
    image,
    output,
    pipeline,
    plan,
    region,
    stack,
    status,
    tasks,
    up,
    verify,
)
from drydock.cli.failures import Interrupted, Terminated, report
from drydock.paths import Workspace

_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class _Commands(TyperGroup):
    """Command group that reports Ctrl-C (on which typer exits silently) with what to do next."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted(error) from error
        except BrokenPipeError:
            # `drydock logs | head`: the reader has had enough; end as a shell expects it.
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(128 + signal.SIGPIPE) from None


app = typer.Typer(
    name="drydock",
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None if os.environ.get("TYPER_USE_RICH") == "0" else "rich",
    help="Take a containerised web app with PostgreSQL to AWS, rehearsed first in a local AWS region.",
    epilog="TARGET=local (the default) or TARGET=aws chooses where a command acts.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        output.result(f"drydock {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=_show_version
        ),
    ] = False,
) -> None:
    """Global options."""


up.add_to(app)
region.add_to(app)
stack.add_to(app)
plan.add_to(app)
destroy.add_to(app)
attach.add_to(app)
cost.add_to(app)
pipeline.add_to(app)
bootstrap.add_to(app)
image.add_to(app)
tasks.add_to(app)
deploy.add_to(app)
database.add_to(app)
execute.add_to(app)
status.add_to(app)
verify.add_to(app)
doctor.add_to(app)


def main() -> NoReturn:
    """Entry point of the console script."""
    signal.signal(signal.SIGTERM, _terminate)
    os.environ["PATH"] = with_system_programs(os.environ.get("PATH", os.defpath))
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the last one: a file and a message, never a traceback
        sys.exit(report(error, Workspace.here()))
    sys.exit(0)


def with_system_programs(path: str) -> str:
    """Return a PATH extended by the folders of Debian's nft, which ordinary users' PATHs lack. Pure."""
    parts = path.split(os.pathsep)
    return os.pathsep.join([*parts, *(one for one in _SYSTEM_FOLDERS if one not in parts)])


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated
