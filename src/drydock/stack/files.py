"""Files of ours under `.drydock/terraform/`: private to the user, and never half written."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drydock.errors import StackError
from drydock.paths import Workspace
from drydock.stack.target import Target


@dataclass(frozen=True)
class StackFiles:
    """Where what belongs to one stack and one target is kept. Paths only; `create` makes folders."""

    common: Path
    home: Path
    slug: str

    @classmethod
    def of(cls, workspace: Workspace, folder: Path, target: Target) -> StackFiles:
        """`folder` is absolute; two stacks of the same name are told apart by it."""
        name = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:32] or "stack"
        slug = f"{name}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]}"
        return cls(workspace.terraform, workspace.terraform / target.label / slug, slug)

    @property
    def data_dir(self) -> Path:
        """TF_DATA_DIR: providers, modules, which backend."""
        return self.home / "data"

    @property
    def cli_config(self) -> Path:
        return self.home / "terraform.rc"

    @property
    def cache(self) -> Path:
        """Providers from the registry, fetched once for all stacks and targets."""
        return self.common / "providers"

    @property
    def aws(self) -> Path:
        """Folder of the local AWS `config` and `credentials`."""
        return self.home / "aws"

    @property
    def running(self) -> Path:
        """Locked while Terraform runs; not empty afterwards if it was killed."""
        return self.home / "running.json"

    @property
    def plan_record(self) -> Path:
        """One for all targets, as there is one `terraform.plan`."""
        return self.common / "plans" / f"{self.slug}.json"

    def state(self, region_id: str) -> Path:
        """State of a stack that names no backend, locally: it belongs to one region."""
        return self.home / f"state-{region_id or 'region'}" / "terraform.tfstate"

    def create(self) -> None:
        """Make the folders, readable by the user alone."""
        folders = (self.common, self.home, self.data_dir, self.cache, self.aws)
        for folder in (*folders, self.plan_record.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Put a text file in place, whole, readable by the user alone."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    """A record of ours; None where there is none, or where it is not readable as one."""
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


@dataclass
class Turn:
    """The right to run Terraform on one stack and target."""

    descriptor: int
    """Terraform inherits it, so the turn lasts as long as it lives, even if we are killed."""
    former: dict[str, Any] | None
    """A run that was cut short (it, or we, or the machine) and whose lock may still be there."""
    cut_short: bool = False
    """Set it where Terraform had no time to release its lock."""
    had_lock: bool = False
    """Set it where Terraform got the state's lock: there is none of a former run any more."""


@contextmanager
def turn(files: StackFiles, step: str) -> Iterator[Turn]:
    """Hold the stack for one step. Raises StackError: another process holds it."""
    descriptor = os.open(files.running, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = read_json(files.running) or {}
            raise StackError(
                f"{step} has to wait",
                f"another `{other.get('step', 'terraform')}` runs on this stack"
                f" (process {other.get('pid', 'unknown')}, since {other.get('since', 'just now')})",
                "run it again when that one has ended",
            ) from None
        mine = Turn(descriptor, read_json(files.running))
        record = {"step": step, "pid": os.getpid(), "since": datetime.now(UTC).isoformat()}
        _rewrite(descriptor, record)
        try:
            yield mine
        finally:
            if not mine.cut_short:
                _rewrite(descriptor, None if mine.had_lock else mine.former)
    finally:
        os.close(descriptor)


def _rewrite(descriptor: int, record: dict[str, Any] | None) -> None:
    os.ftruncate(descriptor, 0)
    if record is not None:
        os.pwrite(descriptor, json.dumps(record).encode(), 0)
