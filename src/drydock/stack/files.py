"""Paths of Drydock's own files under `.drydock/terraform/`; all are private to the user."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drydock.aws.target import Target
from drydock.paths import Workspace


@dataclass(frozen=True)
class StackFiles:
    """Paths of the files that belong to one stack and one target. Only `create` makes folders."""

    common: Path
    home: Path
    slug: str

    @classmethod
    def of(cls, workspace: Workspace, folder: Path, target: Target) -> StackFiles:
        """Return the paths for the stack in `folder` (absolute); its hash keeps namesakes apart."""
        name = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:32] or "stack"
        slug = f"{name}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]}"
        return cls(workspace.terraform, workspace.terraform / target.label / slug, slug)

    @property
    def data_dir(self) -> Path:
        """TF_DATA_DIR: providers, modules and the configured backend."""
        return self.home / "data"

    @property
    def cli_config(self) -> Path:
        return self.home / "terraform.rc"

    @property
    def cache(self) -> Path:
        """Providers downloaded from the registry, shared by all stacks and targets."""
        return self.common / "providers"

    @property
    def aws(self) -> Path:
        """Folder of the local AWS `config` and `credentials`."""
        return self.home / "aws"

    @property
    def running(self) -> Path:
        """Record of the current run; the command that runs Terraform locks it: see run_lock.py."""
        return self.home / "running.json"

    @property
    def runs(self) -> Path:
        """One folder for each of the last runs of Terraform: see runfiles.py."""
        return self.home / "runs"

    @property
    def plan_record(self) -> Path:
        """What the saved plan is bound to: one for all targets, as there is one `terraform.plan`."""
        return self.common / "plans" / f"{self.slug}.json"

    def state(self, region_id: str) -> Path:
        """State of a stack without a backend in the local region `region_id`."""
        return self.home / f"state-{region_id or 'region'}" / "terraform.tfstate"

    def create(self) -> None:
        """Make the folders, readable by the user alone."""
        folders = (self.common, self.home, self.data_dir, self.cache, self.aws)
        for folder in (*folders, self.plan_record.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON object that Drydock wrote; None if the file is missing or damaged."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
