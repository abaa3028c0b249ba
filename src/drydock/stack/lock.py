"""Who holds a state's lock: from Terraform's own words, and from the object that is the lock in S3. Pure.

https://developer.hashicorp.com/terraform/language/backend/s3#state-locking
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drydock.errors import StateLocked

WAIT = "20s"
"""How long Terraform waits for the lock; TF_CLI_ARGS with -lock-timeout says otherwise."""
_ID = re.compile(r"Error acquiring the state lock.*?\bID: ([0-9a-f-]{36})")
_TOLD = re.compile(
    r"Lock Info: ID: (?P<id>\S+) Path: .*? Operation: (?P<operation>\S*) Who: (?P<who>.*?)"
    r" Version: .*? Created: (?P<created>.*?) Info:"
)


@dataclass(frozen=True)
class Holder:
    """Who holds the lock and since when."""

    id: str
    who: str = ""
    """User and machine."""
    operation: str = ""
    created: str = ""
    """In UTC, as Terraform wrote it."""

    def __str__(self) -> str:
        since = f" since {self.created.partition('.')[0]} UTC" if self.created else ""
        doing = {"OperationTypeApply": "apply", "OperationTypePlan": "plan"}.get(self.operation, "")
        return f"{self.who or 'somebody'} holds it{since}{f' for {doing}' if doing else ''}"


def holder_in(words: str) -> Holder | None:
    """The holder that a failed Terraform names; None: it failed for another reason."""
    found = _ID.search(words)
    if found is None:
        return None
    told = _TOLD.search(words)
    if told is None:
        return Holder(found[1])
    return Holder(found[1], told["who"].strip(), told["operation"], told["created"].strip())


def holder_of(lock: bytes) -> Holder | None:
    """The holder that a lock's own text names; None: it is no lock of Terraform's."""
    try:
        told: Any = json.loads(lock)
    except ValueError:
        return None
    if not isinstance(told, dict) or not told.get("ID"):
        return None
    names = ("ID", "Who", "Operation", "Created")
    return Holder(*(str(told.get(name) or "") for name in names))


def locked(step: str, holder: Holder, folder: object) -> StateLocked:
    """The error for a step that found the state locked."""
    return StateLocked(
        f"{step} cannot begin: the state of {folder} is locked",
        str(holder),
        "wait for that to end and try again; if it ended without letting go (a killed run), "
        f"drydock unlock {holder.id}",
    )


def wait_arguments(environ: Mapping[str, str], command: str) -> list[str]:
    """How long Terraform is to wait, unless the user's own environment says it."""
    said = f"{environ.get('TF_CLI_ARGS', '')} {environ.get(f'TF_CLI_ARGS_{command}', '')}"
    return [] if "-lock" in said else [f"-lock-timeout={WAIT}"]


def place_of(backend: Mapping[str, Any]) -> tuple[str, str] | None:
    """Bucket and key of the lock of an S3 backend, as `TF_DATA_DIR/terraform.tfstate` tells it.

    None: another backend, or one that is locked in DynamoDB.
    """
    told = backend.get("backend") or {}
    config = told.get("config") or {}
    if told.get("type") != "s3" or not config.get("use_lockfile"):
        return None
    bucket, key = config.get("bucket"), config.get("key")
    return (str(bucket), f"{key}.tflock") if bucket and key else None
