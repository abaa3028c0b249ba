"""The command line. It uses argparse and imports a command's modules only when it runs, to start fast."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from tasklist.errors import TasklistError
from tasklist.settings import Settings, load_settings

EPILOG = """settings: conf.toml in the working folder, overridden by VTT_DBUSER, VTT_DBPASSWORD,
VTT_DBNAME, VTT_DBHOST, VTT_DBPORT, VTT_DBTYPE, VTT_DBSSLMODE, VTT_DBSSLROOTCERT,
VTT_LISTENHOST, VTT_LISTENPORT and VTT_WORKERS"""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="tasklist",
        description="A list of tasks in PostgreSQL behind a small web page.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser("serve", help="serve the page and the API until SIGTERM")
    update = commands.add_parser(
        "updatedb", help="create the database if it is missing and bring its tables up to date"
    )
    update.add_argument(
        "-s",
        "--skip-create-db",
        action="store_true",
        help="the database exists; only bring its tables up to date",
    )
    update.add_argument(
        "--reset", action="store_true", help="drop all tasks first (asks, unless -y)"
    )
    update.add_argument("-y", "--yes", action="store_true", help="answer --reset's question")
    return top


def _terminated(number: int, _frame: object) -> None:
    """Exit on SIGTERM before the server handles it: unwinding rolls a transaction back."""
    sys.exit(128 + number)


def _serve(settings: Settings) -> NoReturn:
    if settings.workers > 1:
        from tasklist import workers  # noqa: PLC0415 - fast start

        workers.serve(settings)
    from tasklist.serve import serve  # noqa: PLC0415 - fast start

    serve(settings)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code: 0, 1 if it failed, 2 for wrong usage."""
    options = parser().parse_args(argv)
    # as PID 1 of a container a process without a handler ignores the signal
    signal.signal(signal.SIGTERM, _terminated)
    try:
        settings = load_settings(Path.cwd(), os.environ)
        if options.command == "serve":
            _serve(settings)
        from tasklist.updatedb import update_database  # noqa: PLC0415 - fast start

        update_database(
            settings, create=not options.skip_create_db, reset=options.reset, sure=options.yes
        )
    except TasklistError as error:
        sys.stderr.write(f"tasklist: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("tasklist: interrupted\n")
        return 130
    return 0
