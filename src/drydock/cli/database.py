"""`drydock db`: open psql as the master user, or print the DSN for another program."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
import os
import shutil
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drydock.cli import asking, output
from drydock.cli.region import JsonOption
from drydock.errors import ProgramMissing, RegionError, RegionNotRunning
from drydock.paths import Workspace

if TYPE_CHECKING:
    from drydock.region.host.launcher import RegionRecord

_SECONDS = 30.0
_PATH = "/_drydock/database"


def add_to(app: typer.Typer) -> None:
    app.command("db", context_settings={"ignore_unknown_options": True})(db)


def db(
    name: Annotated[
        str, typer.Argument(help="A cluster or an instance; the only one can be left out.")
    ] = "",
    words: Annotated[list[str] | None, typer.Argument(help="What psql is given, after --.")] = None,
    reader: Annotated[bool, typer.Option("--reader", help="To a reader of the cluster.")] = False,
    dsn: Annotated[
        bool, typer.Option("--dsn", help="Print how to connect, without the password.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Open psql as a local database's master user.

    The port on this machine's loopback stays open while the region runs. The
    password is in the private file that the DSN names as passfile.
    """
    from drydock.region.host import launcher

    record = launcher.running(Workspace.here())
    if record is None:
        raise RegionNotRunning(
            "the local region", "none runs in this folder", "start one: drydock region start"
        )
    name, given = ("", [name, *(words or [])]) if name.startswith("-") else (name, words or [])
    proxy = _open(record, name, reader=reader)
    if json:
        output.document(proxy)
        return
    text = (
        f"postgresql://{proxy['user']}@{proxy['host']}:{proxy['port']}/{proxy['database']}"
        f"?passfile={proxy['passfile']}"
    )
    if dsn:
        output.result(text)
        return
    program = _psql(int(proxy["major"]))
    os.execve(program, [program, text, *given], {**os.environ})


def _open(record: RegionRecord, name: str, *, reader: bool) -> dict[str, Any]:
    """Ask the region for a port. Raises RegionRefused in the region's words, RegionError: no answer."""
    try:
        found: dict[str, Any] = asking.post(
            record.endpoint, _PATH, {"name": name, "reader": reader}, _SECONDS
        )
    except (OSError, ValueError) as error:
        raise RegionError(
            f"the region at {record.endpoint}", f"it does not answer ({error})", "drydock status"
        ) from error
    return found


def _psql(major: int) -> str:
    """Return the psql on the PATH, else the one of the server's version."""
    from drydock.region.dataplane.database.versions import choose

    found = shutil.which("psql") or shutil.which("psql", path=str(choose(major).bin))
    if found is None:
        raise ProgramMissing(
            "psql",
            "it is not on this machine",
            "install it, or use another program: drydock db --dsn",
        )
    return found
