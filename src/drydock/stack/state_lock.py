"""Read who holds a state's lock, from Terraform's output or from the lock object in S3. Pure.

https://developer.hashicorp.com/terraform/language/backend/s3#state-locking
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drydock.errors import StateLocked

WAIT = "20s"
"""How long Terraform waits for the lock, unless TF_CLI_ARGS sets -lock or -lock-timeout."""
_ID = re.compile(r"Error acquiring the state lock.*?\bID: ([0-9a-f-]{36})")
_TOLD = re.compile(
    r"Lock Info: ID: (?P<id>\S+) Path: .*? Operation: (?P<operation>\S*) Who: (?P<who>.*?)"
    r" Version: .*? Created: (?P<created>.*?) Info:"
)


@dataclass(frozen=True)
class Holder:
    """The owner of a state lock, and since when it is held."""

    id: str
    who: str = ""
    """User and machine."""
    operation: str = ""
    created: str = ""
    """When the lock was taken, in UTC, as Terraform wrote it."""

    def __str__(self) -> str:
        since = f" since {self.created.partition('.')[0]} UTC" if self.created else ""
        doing = {"OperationTypeApply": "apply", "OperationTypePlan": "plan"}.get(self.operation, "")
        return f"{self.who or 'somebody'} holds it{since}{f' for {doing}' if doing else ''}"


def holder_in(words: str) -> Holder | None:
    """Return the holder that a failed Terraform names; None if it failed for another reason."""
    found = _ID.search(words)
    if found is None:
        return None
    told = _TOLD.search(words)
    if told is None:
        return Holder(found[1])
    return Holder(found[1], told["who"].strip(), told["operation"], told["created"].strip())


def holder_of(lock: bytes) -> Holder | None:
    """Return the holder that the lock object's text names; None if it is not a lock of Terraform's."""
    try:
        told: Any = json.loads(lock)
    except ValueError:
        return None
    if not isinstance(told, dict) or not told.get("ID"):
        return None
    names = ("ID", "Who", "Operation", "Created")
    return Holder(*(str(told.get(name) or "") for name in names))


def locked(step: str, holder: Holder, folder: Path, *, local: bool) -> StateLocked:
    """Return the error for a step that found the state locked."""
    return StateLocked(
        f"{step} cannot begin: the state of {folder} is locked",
        str(holder),
        "wait for that to end and try again; if it ended without letting go (a killed run), "
        f"{command('unlock', holder.id, folder=folder, local=local)}",
    )


def command(name: str, *words: str, folder: Path, local: bool) -> str:
    """Return a drydock command line that works in the shell that shows this message.

    >>> command("unlock", "8f3c", folder=Path("/my stack"), local=False)
    "TARGET=aws drydock unlock 8f3c '/my stack'"
    """
    target = "" if local else "TARGET=aws "
    return f"{target}drydock {shlex.join([name, *words, str(folder)])}"


def is_left_by(holder: Holder, since: str, host: str) -> bool:
    """Return whether the lock is of a run on machine `host` that began at `since` (ISO 8601, UTC) or later.

    A lock that another machine holds, or that is older than the run, belongs to someone else.
    """
    created = holder.created[:19].replace(" ", "T")
    return bool(created and since) and created >= since[:19] and holder.who.endswith(f"@{host}")


def wait_arguments(environ: Mapping[str, str], command: str) -> list[str]:
    """Return the argument for the lock's timeout, unless the user's environment sets it."""
    said = f"{environ.get('TF_CLI_ARGS', '')} {environ.get(f'TF_CLI_ARGS_{command}', '')}"
    return [] if "-lock" in said else [f"-lock-timeout={WAIT}"]


def place_of(backend: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return bucket and key of an S3 backend's lock, from `TF_DATA_DIR/terraform.tfstate`.

    Return None for another backend, or one that is locked in DynamoDB.
    """
    told = backend.get("backend") or {}
    config = told.get("config") or {}
    if told.get("type") != "s3" or not config.get("use_lockfile"):
        return None
    bucket, key = config.get("bucket"), config.get("key")
    return (str(bucket), f"{key}.tflock") if bucket and key else None
