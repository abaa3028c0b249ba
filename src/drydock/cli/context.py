"""The target of a command, the local region or AWS: chosen once, by TARGET, and announced first."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from drydock import keys
from drydock.cli import leaving, output
from drydock.errors import UsageError
from drydock.paths import Workspace

if TYPE_CHECKING:
    from drydock.aws.clients import Clients
    from drydock.aws.target import Target
    from drydock.cli.patience import Patience
    from drydock.ops.services import Scope, Service
    from drydock.region.host.launcher import RegionRecord
    from drydock.stack.stack import Stack

DEFAULT_FOLDER = Path("infra")
_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


@dataclass(frozen=True)
class Context:
    """A target, with the clients, stacks and services that commands use there."""

    workspace: Workspace
    target: Target
    record: RegionRecord | None
    """The local region; None on AWS."""

    @cached_property
    def clients(self) -> Clients:
        from drydock.aws import clients

        if self.record is None:
            return clients.aws(self.target.region)
        found = clients.local(self.record.endpoint, self.record.region, self.record.key)
        found.in_vain = self.in_vain
        return found

    def in_vain(self, *names: str) -> str:
        """Return why waiting for resources with these in their names is in vain; see `Patience`."""
        return self._patience.in_vain(*names)

    @cached_property
    def _patience(self) -> Patience:
        from drydock.cli.patience import Patience
        from drydock.region.host import launcher

        record = self.record
        return Patience(lambda: launcher.inspect(record) if record is not None else {})

    def stack(self, folder: Path, *, aside: bool = False) -> Stack:
        """Return the stack in a folder, on this target. `aside`: Terraform's output goes to standard error.

        Raises UsageError: no stack there.
        """
        from drydock.stack.stack import Stack

        if not aside:
            return Stack(folder, self.target, self.workspace)
        color = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        return Stack(folder, self.target, self.workspace, on_line=output.passed_on, color=color)

    def service(self, named: Scope, folder: Path) -> Service:
        """Return the service a command is for: the named one, else the region's only one, else the stack's."""
        from drydock.ops import services

        if named.cluster or (named.service and self.target.is_local):
            return services.find(self.clients, named)
        if self.target.is_local:
            try:
                return services.find(self.clients, named)
            except UsageError:
                if not folder.is_dir():
                    raise
        scope = services.Scope.of_outputs(self.stack(folder).output())
        return services.find(self.clients, scope.refined(named.cluster, named.service))


def kind(environ: Mapping[str, str]) -> Literal["local", "aws"]:
    """Return the kind of target that TARGET names; without it, local. Raises UsageError."""
    said = environ.get("TARGET", "")
    if said in ("", "local"):
        return "local"
    if said == "aws":
        return "aws"
    raise UsageError(f"TARGET={said}", "it is local or aws", "TARGET=local, or leave it out")


def safety_line(environ: Mapping[str, str]) -> str:
    """Return a notice if AWS credentials are set but TARGET is not; else an empty string."""
    if environ.get("TARGET") or keys.is_local(environ.get("AWS_ACCESS_KEY_ID", "")):
        return ""
    found = [name for name in _CREDENTIALS if environ.get(name)]
    if not found:
        return ""
    return (
        f"LOCAL: AWS is not touched. {found[0]} is set, but TARGET is not (TARGET=aws means AWS)."
    )


def refuse_mixture(environ: Mapping[str, str]) -> None:
    """Raise UsageError for TARGET=aws in a shell that `drydock env` pointed at the local region."""
    if keys.is_local(environ.get("AWS_ACCESS_KEY_ID", "")):
        raise UsageError(
            "TARGET=aws",
            "but this shell's AWS settings lead to the local region (from `drydock env`)",
            "use another shell, or: unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY",
        )


def announce() -> None:
    """Print the safety notice, before any other output."""
    if kind(os.environ) == "local" and (line := safety_line(os.environ)):
        output.note(line)


def choose(
    *,
    start: bool = False,
    config: Path | None = None,
    announced: bool = False,
    enforce_iam: bool = False,
    ephemeral: bool = False,
) -> Context:
    """Return the target that TARGET names, and announce it. `start`: start the local region if none runs.

    `enforce_iam`: the region must check calls against IAM's policies. `ephemeral`: its databases need
    not wait for the disk.

    Raises UsageError, RegionNotRunning, CredentialsMissing, and what starting a region raises.
    """
    from drydock.aws.target import Target

    if not announced:
        announce()
    workspace = Workspace.here()
    if kind(os.environ) == "aws":
        refuse_mixture(os.environ)
        place = Context(workspace, Target.aws(), None)
    else:
        asked = {"enforce_iam": enforce_iam, "ephemeral": ephemeral}
        record = _region(workspace, start=start, config=config, asked=asked)
        target = Target.local(
            record.endpoint,
            region=record.region,
            account=record.account_id,
            region_id=record.id,
            key=record.key,
        )
        place = Context(workspace, target, record)
    output.note(place.target.describe())
    leaving.tell(workspace, place.target.label)
    return place


def _region(
    workspace: Workspace, *, start: bool, config: Path | None, asked: Mapping[str, bool]
) -> RegionRecord:
    from drydock.config import load
    from drydock.region.host import launcher

    record = launcher.running(workspace)
    wanted = [name for name, one in asked.items() if one]
    inside = launcher.inspect(record) if record is not None and wanted else None
    if inside is not None and (lacking := [name for name in wanted if not inside.get(name)]):
        raise UsageError(
            f"--{lacking[0].replace('_', '-')}",
            "the region that runs in this folder was started without it",
            "drydock down, then the same again",
        )
    if record is not None or not start:
        record = record or launcher.require(workspace)
        launcher.check(record)
        return record
    record = launcher.start(workspace, load(workspace.root, config).asked(**asked))
    if record.note:
        output.note(record.note)
    return record
