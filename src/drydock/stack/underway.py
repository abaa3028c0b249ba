"""The runs of Terraform that are under way in a working folder, for any of its stacks.

The module imports little: `drydock region stop` and every command that names a target use it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from drydock.paths import Workspace
from drydock.stack.runfiles import INTERRUPT, RunFiles, runs_in
from drydock.stack.runner import follow

LOCAL = "local"
"""Target.label of the local region, which names the folder of its files."""


def under_way(workspace: Workspace, label: str = LOCAL) -> list[RunFiles]:
    """Return the runs on one target that are under way, oldest first."""
    return runs_in(sorted((workspace.terraform / label).glob("*/runs")))


def folder_of(run: RunFiles) -> Path:
    """Return the folder of the run's stack."""
    return Path(str(run.request["cwd"]))


def wait_for(run: RunFiles, every: float = 0.1) -> None:
    """Wait until a run has ended. Signals to this process do not interrupt the run."""
    while run.is_alive():
        time.sleep(every)


def interrupt(run: RunFiles, seconds: float, before: Callable[[], None]) -> bool:
    """Ask a run to end as Ctrl-C does; return False if it still runs after `seconds`.

    `before` is called first.
    """
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
    """Show a run's output from its beginning until it ends; return its exit code.

    A command that follows the run goes on showing it too. Ctrl-C ends only the watching.
    """
    return follow(run, on_line=on_line, watching=True).code
