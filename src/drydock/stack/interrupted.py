"""Mark of an interrupted local apply: the next plan keeps what it has created (cli/resume.py)."""

from __future__ import annotations

import json
from pathlib import Path

from drydock.paths import Workspace, write_private


def mark(workspace: Workspace, folder: Path) -> None:
    """Record that an apply of the stack in `folder` was interrupted."""
    workspace.create()
    write_private(_file(workspace), json.dumps({"folder": str(folder)}))


def is_marked(workspace: Workspace, folder: Path) -> bool:
    """Return whether the last interrupted apply was of the stack in `folder`."""
    try:
        return bool(json.loads(_file(workspace).read_text())["folder"] == str(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def forget(workspace: Workspace) -> None:
    _file(workspace).unlink(missing_ok=True)


def _file(workspace: Workspace) -> Path:
    # It lies beside the region's saved resources, and is deleted with them.
    return workspace.region / "interrupted.json"
