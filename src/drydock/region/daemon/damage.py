"""Detect damaged files of a region before it starts: data is never silently replaced by new."""

from __future__ import annotations

import logging
import re
import shutil
from pathlib import Path

from drydock.errors import FileDamaged, StateUnreadable
from drydock.paths import Workspace, write_private

log = logging.getLogger(__name__)

_IDENTITY = re.compile(r"[0-9a-f]{32}")


def missing_state(workspace: Workspace, saved: Path) -> StateUnreadable | None:
    """Return the error of a region that ran before and whose saved control plane, `saved`, is gone.

    None: the file exists, or there are no signs that there ever was one. A region that starts
    writes `id` once its control plane has been saved for the first time, so a kill before that is
    no damage.
    """
    if saved.exists():
        return None
    signs = [path for path in (identity_file(workspace),) if path.exists()]
    if workspace.databases.is_dir():
        signs += sorted(one for one in workspace.databases.iterdir() if _is_data(one))
    if not signs:
        return None
    more = f" and {len(signs) - 1} more" if len(signs) > 1 else ""
    return StateUnreadable(
        f"the saved control plane {saved} is gone",
        f"a region ran here before ({signs[0]} is there{more}); without it nothing is known of its"
        " resources, and the data of its databases would be left behind",
        "put the file back, or begin anew with `drydock down --purge`, which deletes what is left",
    )


def lost_authority(workspace: Workspace, *, known: bool) -> list[str]:
    """Return warnings for the user of a region that ran before (`known`) and whose authority is
    gone.
    """
    if not known or workspace.authority.exists():
        return []
    words = (
        f"The region's certificate authority {workspace.authority} was gone and is made anew: clients"
        " have to trust it again (drydock region ca)."
    )
    log.warning(words)
    return [words]


def identity_file(workspace: Workspace) -> Path:
    """Return the file with the control plane's identity; plans and Terraform's state are bound to
    it.
    """
    return workspace.region / "id"


def read_identity(workspace: Workspace) -> str | None:
    """Return the control plane's identity; None: it has none yet.

    A damaged or missing file is recreated from the names of the folders in which Terraform's states
    of this region are kept. Raises FileDamaged: they name several.
    """
    file = identity_file(workspace)
    try:
        text = file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if _IDENTITY.fullmatch(text):
        return text
    names = {one.name.removeprefix("state-") for one in workspace.terraform.glob("local/*/state-*")}
    known = sorted(one for one in names if _IDENTITY.fullmatch(one))
    if len(known) > 1:
        raise FileDamaged(
            f"{file} is damaged",
            "it holds no id of 32 hexadecimal digits, and Terraform's states are of several",
            f"write the right one into it: {' or '.join(known)}",
        )
    if file.exists():
        log.warning("the region's id is made again", extra={"file": str(file)})
    if known:
        write_identity(workspace, known[0])
        return known[0]
    return None


def write_identity(workspace: Workspace, identity: str) -> None:
    """Write the control plane's identity. Raises OSError."""
    file = identity_file(workspace)
    if file.is_dir():
        shutil.rmtree(file)
    write_private(file, identity)


def _is_data(path: Path) -> bool:
    return (path / "data").exists() and not path.name.startswith(".")
