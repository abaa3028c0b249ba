"""The runs of Terraform that are under way in a working folder, whichever stacks they are of.

Light: `drydock region stop` and every command that names a target ask here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from drydock.paths import Workspace
from drydock.stack.runfiles import INTERRUPT, RunFiles, runs_in
from drydock.stack.runner import follow

LOCAL = "local"
"""The folder of what belongs to the local region, as Target.label names it."""


def under_way(workspace: Workspace, label: str = LOCAL) -> list[RunFiles]:
    """The runs on one target, oldest first."""
    return runs_in(sorted((workspace.terraform / label).glob("*/runs")))


def folder_of(run: RunFiles) -> Path:
    """The stack's folder."""
    return Path(str(run.request["cwd"]))


def wait_for(run: RunFiles, every: float = 0.1) -> None:
    """Until a run has ended; it is not interrupted by a signal to this process."""
    while run.is_alive():
        time.sleep(every)


def interrupt(run: RunFiles, seconds: float, before: Callable[[], None]) -> bool:
    """Ask a run to end as Ctrl-C does. False: it has not ended so many seconds later."""
    before()
    deadline = time.monotonic() + seconds
    asked = False
    while run.is_alive():
        asked = asked or run.send(INTERRUPT)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def watch(run: RunFiles, on_line: Callable[[str], None]) -> int:
    """Show what a run says, from its beginning, until it ends → its exit code.

    Where a command is at work with it, that goes on showing it too. Ctrl-C ends the watching alone.
    """
    return follow(run, on_line=on_line, watching=True).code
