"""Error messages and exit codes for each kind of failure.

DrydockError          its message and its own exit code
Ctrl-C                130, SIGTERM 143, with what to do next
anything else         a fault of Drydock: the traceback goes to a file, the message names it; 1
"""

from __future__ import annotations

import os
import platform
import traceback
from datetime import UTC, datetime

from drydock import __version__
from drydock.cli import output
from drydock.errors import DrydockError, RegionNotRunning
from drydock.paths import Workspace, full, write_private

INTERRUPTED = 130
TERMINATED = 143
DEFAULT_ADVICE = "The same command can be run again."
"""Default; the interrupted step may give better advice in a note of the exception."""


class Interrupted(Exception):  # noqa: N818 - an ending, not an error
    """Ctrl-C or SIGTERM ended a command; carries the exit code and what to do next."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__()
        self.exit_code = TERMINATED if isinstance(cause, Terminated) else INTERRUPTED
        self.advice = " ".join(getattr(cause, "__notes__", [])) or DEFAULT_ADVICE


class Terminated(KeyboardInterrupt):
    """SIGTERM, which is handled like Ctrl-C: tidy up, then exit."""


def report(error: Exception, workspace: Workspace) -> int:
    """Tell the user about an error; return the exit code."""
    if isinstance(error, DrydockError):
        output.failure(_explained(error, workspace))
        return error.exit_code
    if isinstance(error, Interrupted):
        output.note(f"\nInterrupted. {error.advice}")
        return error.exit_code
    output.failure(_no_room(error) if full(error) else unexpected(error, workspace))
    return 1


def _no_room(error: Exception) -> DrydockError:
    where = getattr(error, "filename", None)
    words = f"{where}: {error}" if where and str(where) not in str(error) else str(error)
    return DrydockError(
        "the disk is full", words, "make room (df -h .), then give the same command again"
    )


def _explained(error: DrydockError, workspace: Workspace) -> DrydockError:
    """Replace a RegionNotRunning by a better error, if the region's process is there but stopped."""
    if not isinstance(error, RegionNotRunning):
        return error
    from drydock.region.host import launcher  # noqa: PLC0415  (only where something failed)

    try:
        record = launcher.running(workspace)
        if record is not None:
            launcher.check(record)
    except DrydockError as better:
        return better
    return error


def unexpected(error: Exception, workspace: Workspace) -> DrydockError:
    """Write the traceback to a file; return an error that names the file."""
    words = traceback.format_exception_only(error)[-1].strip()
    now = datetime.now(UTC)
    path = workspace.errors / f"{now:%Y%m%dT%H%M%S.%f}-{os.getpid()}.txt"
    about = f"drydock {__version__}, Python {platform.python_version()}, {now.isoformat()}\n\n"
    text = about + "".join(traceback.format_exception(error))
    try:
        workspace.create()
        write_private(path, text)
    except OSError as refusal:
        return DrydockError(
            f"an unexpected {type(error).__name__}",
            f"{words}\n{text}(and {refusal}, so that this could not be kept in a file)",
            "report this as a fault of Drydock",
        )
    return DrydockError(
        "this is a fault of Drydock", words, f"report it with the file {path}, read it first"
    )
