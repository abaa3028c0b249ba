"""Record in the region's folder that its stack was built by `--quick`, and with which settings.

It lies beside the region's saved resources and is deleted with them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from drydock.errors import StackError
from drydock.paths import Workspace, write_private
from drydock.stack.quick.settings import Settings


@dataclass(frozen=True)
class Record:
    settings: Settings
    """Without the password, which is not needed to find the resources again."""


def save(workspace: Workspace, settings: Settings) -> None:
    values = asdict(settings)
    del values["postgresql_password"]
    workspace.create()
    write_private(_path(workspace), json.dumps(values, indent=2) + "\n")


def load(workspace: Workspace) -> Record | None:
    """Return the record, or None if there is none. Raises StackError: it cannot be read."""
    path = _path(workspace)
    if not path.exists():
        return None
    try:
        return Record(Settings(**json.loads(path.read_text())))
    except (OSError, ValueError, TypeError) as error:
        raise StackError(
            f"{path} cannot be read", str(error), "drydock down --purge starts anew"
        ) from error


def forget(workspace: Workspace) -> None:
    _path(workspace).unlink(missing_ok=True)


def _path(workspace: Workspace) -> Path:
    return workspace.region / "quick.json"
