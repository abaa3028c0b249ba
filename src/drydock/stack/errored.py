"""`errored.tfstate`: the state that Terraform could not save. The next step restores it where it fits.

https://developer.hashicorp.com/terraform/cli/state/recover and
https://developer.hashicorp.com/terraform/cli/commands/state/push (lineage and serial).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drydock.errors import StackError
from drydock.paths import write_private
from drydock.stack import reading
from drydock.stack.plan_fingerprint import digest
from drydock.stack.run_lock import RunLock
from drydock.stack.runfiles import RunFiles
from drydock.stack.state_lock import command
from drydock.stack.supervisor import ERRORED

if TYPE_CHECKING:
    from drydock.stack.stack import Stack


def take_up(stack: Stack, mine: RunLock, *, force: bool = False) -> bool:
    """Make `errored.tfstate` the stack's state and move the file away; return False if there is none.

    `force` does so even where it does not fit. Raises StackError: it does not fit, or the state still
    cannot be saved.
    """
    file = stack.folder / ERRORED
    if not file.is_file():
        return False
    left, present = _read(file), reading.state(stack)
    why = unfit(left, present, own=_is_of(stack.files.runs, digest(file)))
    if why and not force:
        raise _refused(stack, file, why)
    if left != present:
        follows = left.get("lineage") == present.get("lineage") or not present.get("serial")
        _save(stack, mine, file, force=bool(why) or not follows)
    kept = put_away(stack)
    count = len(list(reading.resources(left)))
    stack.commands.say(
        f"taken up: the state with {count} resources that could not be saved (a copy is {kept})"
    )
    return True


def put_away(stack: Stack) -> Path | None:
    """Move `errored.tfstate` to the stack's files; return its new path, or None if there is none."""
    file = stack.folder / ERRORED
    if not file.is_file():
        return None
    stack.files.create()
    kept = stack.files.home / f"errored-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.tfstate"
    shutil.move(file, kept)
    kept.chmod(0o600)
    return kept


def unfit(left: Mapping[str, Any], present: Mapping[str, Any], *, own: bool) -> str:
    """Return why an unsaved state must not replace the present one; empty if it may. Pure.

    `own`: a run on this target left the file. Then it fits wherever it holds every resource of the
    present state. Otherwise only an equal lineage shows that it belongs to this stack.
    """
    if "lineage" not in left or "serial" not in left:
        return "it is not a state of Terraform's"
    if not present.get("resources") and not present.get("serial"):
        unknown = "the state is empty, and no run on this target is known to have left it"
        return "" if own else unknown
    if own and _things(present) <= _things(left):
        # Terraform gives a state a new lineage each time that it tries to save it for the first time.
        return ""
    if left["lineage"] != present.get("lineage"):
        return "it is of another lineage: of another stack, or of the same stack on another target"
    was, now = int(left.get("serial") or 0), int(present.get("serial") or 0)
    if was < now:
        return f"the state has changed since (its serial is {now}, that of the file {was})"
    return ""


def _save(stack: Stack, mine: RunLock, file: Path, *, force: bool) -> None:
    if stack.state_arguments():
        # `state push` does not find a state whose place only `-state` names.
        write_private(stack.files.state(stack.target.region_id), file.read_text())
        return
    words = ["-force", str(file)] if force else [str(file)]
    outcome = stack.commands.run("state push", words, mine)
    if outcome.code != 0:
        raise _refused(stack, file, "Terraform's own words are above")


def _is_of(runs: Path, wanted: str) -> bool:
    if not runs.is_dir():
        return False
    return any(RunFiles(one).outcome.get("errored") == wanted for one in runs.iterdir())


def _things(state: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return address and id of each resource."""
    return {(one["address"], str(one["values"].get("id"))) for one in reading.resources(state)}


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _refused(stack: Stack, file: Path, why: str) -> StackError:
    local = stack.target.is_local
    force = command("recover", "--force", folder=stack.folder, local=local)
    discard = command("recover", "--discard", folder=stack.folder, local=local)
    return StackError(
        f"the state in {file} is not taken up",
        why,
        f"if it is the newest state of this stack: {force}; if it is not: {discard}",
    )
