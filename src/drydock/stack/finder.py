"""Find the Terraform (or OpenTofu) that runs a stack. `provider.py` finds the AWS provider."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from drydock.errors import TerraformMissing

MINIMUM = (1, 10, 0)
"""S3 locking without a DynamoDB table came with 1.10, in Terraform and in OpenTofu."""

Version = tuple[int, int, int]
_VERSION = re.compile(r"^v?(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True)
class Terraform:
    """The program that runs a stack."""

    program: Path
    version: Version
    is_tofu: bool
    platform: str
    """Operating system and architecture as in provider packages: `linux_amd64`."""

    @property
    def name(self) -> str:
        return "OpenTofu" if self.is_tofu else "Terraform"

    @property
    def registry(self) -> str:
        """The registry host of a provider address that names no host."""
        return "registry.opentofu.org" if self.is_tofu else "registry.terraform.io"


def parse_version(text: str) -> Version | None:
    """Return `1.11.4`, `v1.11.4` or `1.12.0-rc1` as three numbers; None if it is no version."""
    match = _VERSION.match(text.strip())
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def version_text(version: Version) -> str:
    return ".".join(str(part) for part in version)


def find_terraform(environ: Mapping[str, str]) -> Terraform:
    """Return `terraform`, else `tofu`, from the PATH: the first that is new enough.

    Raises TerraformMissing: neither is there, or both are too old.
    """
    refused = []
    for name in ("terraform", "tofu"):
        path = shutil.which(name, path=environ.get("PATH", ""))
        if path is None:
            continue
        found = _ask(Path(path), environ)
        if isinstance(found, str):
            refused.append(found)
        elif found.version < MINIMUM:
            refused.append(f"{path} is {found.name} {version_text(found.version)}")
        else:
            return found
    wanted = f"{MINIMUM[0]}.{MINIMUM[1]}"
    raise TerraformMissing(
        f"Terraform {wanted} or newer is needed",
        "; ".join(refused) or "neither `terraform` nor `tofu` is on the path",
        "install Terraform or OpenTofu (`drydock up --quick` builds the sample stack without it)",
    )


def _ask(program: Path, environ: Mapping[str, str]) -> Terraform | str:
    """Ask the program for its version; return the Terraform, or as text why it could not be asked."""
    # A CLI configuration that does not exist would only add a warning; CHECKPOINT_DISABLE keeps
    # the question from leaving this machine.
    env = {key: value for key, value in environ.items() if not key.startswith("TF_")}
    try:
        answer = subprocess.run(
            [str(program), "version", "-json"],
            env={**env, "CHECKPOINT_DISABLE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        told = json.loads(answer.stdout)
        version = parse_version(told["terraform_version"])
        platform = str(told["platform"])
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as error:
        return f"`{program} version -json` did not answer as Terraform does ({error})"
    if version is None:
        return f"{program} tells no version"
    return Terraform(program, version, program.name.startswith("tofu"), platform)
