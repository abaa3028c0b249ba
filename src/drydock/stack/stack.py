"""One Terraform stack and one target: init, plan, apply, destroy, refresh, output.

Drydock writes nothing into the stack's folder. Terraform itself writes `terraform.plan` there
and, at `init`, `.terraform.lock.hcl`, which it can write nowhere else: it belongs to the stack and
is the user's to commit.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from drydock.aws.target import Target, aws_files, environment
from drydock.errors import ProviderMissing, TerraformFailed
from drydock.paths import Workspace, write_private
from drydock.stack import backend, certificates, coverage, errored
from drydock.stack.commands import Commands
from drydock.stack.declaration import advice
from drydock.stack.files import StackFiles
from drydock.stack.finder import Terraform, find_terraform
from drydock.stack.masking import masker_of
from drydock.stack.missing import Missing, undeclared
from drydock.stack.plan import PlanSummary, summarise
from drydock.stack.plan_fingerprint import check_record, digest, refuse, used_up, write_record
from drydock.stack.provider import (
    ADD_HASHES,
    ProviderSource,
    cli_configuration,
    find_provider,
    unrehearsed,
)
from drydock.stack.run_lock import RunLock
from drydock.stack.runner import LineCallback, Outcome, capture
from drydock.stack.source import StackSource, locked_provider, read_source

PLAN_FILE = "terraform.plan"
_NO_PROVIDER = re.compile(
    r"Failed to (?:query available provider packages|install provider|resolve provider packages)"
)
_WRONG_HASH = "doesn't match any of the checksums"


def _to_stdout(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Stack:
    """A Terraform stack in `folder`, pointed at `target`.

    `on_line` gets each line of Terraform's output as it comes; by default it is written to standard
    output. Every step raises TerraformFailed, naming the step, when Terraform fails; Terraform's own
    output has been shown by then. A KeyboardInterrupt comes only after Terraform has ended.
    RegionNotRunning means that the local region ended in the middle of a step.

    A step first shows to its end any run that a killed command has left, and restores the state that
    a former run could not save. It raises StackError if another command is at work on the stack.
    """

    def __init__(
        self,
        folder: Path,
        target: Target,
        workspace: Workspace,
        *,
        terraform: Terraform | None = None,
        provider: ProviderSource | None = None,
        on_line: LineCallback | None = None,
        color: bool | None = None,
    ) -> None:
        """Read the stack's files and find Terraform; nothing is run or changed.

        Raises UsageError (no stack there) and TerraformMissing.
        """
        self.folder = folder.resolve()
        self.target = target
        self.source: StackSource = read_source(self.folder)
        self.terraform = terraform or find_terraform(os.environ)
        self._provider = provider
        mask = masker_of(self.folder, os.environ)
        say = on_line or _to_stdout
        self._on_line: LineCallback = lambda line: say(mask(line))
        self._mask = mask
        self.planned: Mapping[str, Any] = {}
        """The JSON of the last plan that this object made; it holds secrets in clear."""
        if color is None:
            color = on_line is None and sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._workspace = workspace
        self.files = StackFiles.of(workspace, self.folder, target)
        self.commands = Commands(
            self.terraform,
            self.folder,
            target,
            workspace,
            self.files,
            on_line=self._on_line,
            color=color,
            prepare=self._prepare,
            environment=lambda: self._environment,
        )

    @cached_property
    def provider(self) -> ProviderSource:
        """Where the AWS provider comes from."""
        return self._provider or find_provider(
            self.terraform,
            os.environ,
            self.folder,
            locked=locked_provider(self.folder, self.terraform.registry),
        )

    @property
    def plan_file(self) -> Path:
        """The saved plan; it holds secrets in clear, so only the user may read it."""
        return self.folder / PLAN_FILE

    @property
    def state_bucket(self) -> str:
        """The S3 bucket that is passed to Terraform; empty if the stack names its own, or uses no S3."""
        if self.source.backend != "s3":
            return ""
        return backend.bucket_name(self.target, os.environ, self.files.slug)

    def init(self, *, upgrade: bool = False) -> None:
        """Fetch the provider and modules and connect the state; locally, create its bucket first.

        Raises ProviderMissing (no source has the AWS provider), UsageError (a backend that cannot
        be used with this target) and TerraformFailed.
        """
        arguments = backend.init_arguments(self.source, self.target, self.state_bucket)
        self._on_line(f"{self.terraform.name}: {self.provider.describe()}")
        if upgrade:
            arguments.append("-upgrade")
        with self.commands.turn("init") as mine:
            outcome = self.commands.run("init", arguments, mine)
        if outcome.code == 0:
            used = locked_provider(self.folder, self.terraform.registry)
            if (news := unrehearsed(used)) is not None:
                self._on_line(news)
            return
        if _WRONG_HASH in outcome.words:
            raise self._failed("init", remedy=ADD_HASHES.format(self.terraform.platform))
        if _NO_PROVIDER.search(outcome.words) and "hashicorp/aws" in outcome.words:
            raise ProviderMissing(
                "the AWS provider cannot be had",
                f"looked for it: {self.provider.describe()}; Terraform's words are above",
                "put it into a filesystem mirror (`terraform providers mirror DIR`), "
                "or give this machine a way to the registry",
            )
        raise self._failed("init")

    def plan(self, *, destroy: bool = False) -> PlanSummary:
        """Write `terraform.plan` and its record, and return the plan's summary.

        A former plan is removed first, so a failed step leaves none to be applied. Raises CheckFailed
        (the local region refuses resources of the plan) and TerraformFailed.
        """
        with self._turn("plan") as mine:
            self.plan_file.unlink(missing_ok=True)
            self.files.plan_record.unlink(missing_ok=True)
            # Terraform keeps the mode of an existing file, so the plan is never readable by others.
            os.close(os.open(self.plan_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            try:
                arguments = [*self.state_arguments(), f"-out={PLAN_FILE}"]
                if destroy:
                    arguments.append("-destroy")
                self._check(self.commands.run("plan", arguments, mine), "plan")
                summary = self._summary()
                if self.target.is_local and not destroy:
                    coverage.check(self.planned, self.folder)
                    self._refuse(certificates.absent(self.planned, self.target), "plan")
            except BaseException:
                self.plan_file.unlink(missing_ok=True)
                raise
            write_record(
                self.files.plan_record, self.plan_file, self.target, findings=summary.findings
            )
        return summary

    def apply(self, *, allow_replace: bool = False) -> None:
        """Apply the saved plan without asking; one with findings only with `allow_replace`.

        If a command that was killed had begun to apply this very plan, its run is shown to its end.

        Raises PlanMissing (there is none, or it has been used up), PlanTargetMismatch (it was made
        for another target, or not by Drydock), CheckFailed (it has findings; nothing was changed)
        and TerraformFailed.
        """
        with self._turn("apply") as mine:
            if self._applied_meanwhile():
                return
            found = check_record(self.files.plan_record, self.plan_file, self.target)
            if found and not allow_replace:
                raise refuse(self.plan_file, found)
            about = {"plan": digest(self.plan_file)}
            arguments = [*self.state_arguments(), PLAN_FILE]
            outcome = self.commands.run("apply", arguments, mine, about)
            if "Saved plan is stale" in outcome.words:
                raise used_up(self.plan_file, "the stack was changed after it was planned")
            self._check(outcome, "apply")
            write_record(self.files.plan_record, self.plan_file, self.target, applied=True)

    def destroy(self, *, again: Callable[[str, int], bool] = lambda _words, _tries: False) -> None:
        """Destroy everything in the stack, without asking.

        After a failure `again` is called with Terraform's output and the number of tries so far; the
        destroy is tried once more if it returns True.
        """
        with self._turn("destroy") as mine:
            arguments = [*self.state_arguments(), "-auto-approve"]
            outcome, tries = self.commands.run("destroy", arguments, mine), 1
            while outcome.code != 0 and not outcome.interrupted and again(outcome.words, tries):
                outcome, tries = self.commands.run("destroy", arguments, mine), tries + 1
            self._check(outcome, "destroy")

    def unlock(self, lock_id: str) -> None:
        """Release a lock of the state whose owner is gone. Raises TerraformFailed."""
        with self.commands.turn("unlock", attach=False) as mine:
            self._prepare()
            outcome = self.commands.once("force-unlock", ["-force", lock_id], mine)
            if outcome.code != 0:
                raise self._failed("unlock")

    def adopt(self, address: str, resource_id: str) -> None:
        """Import an existing resource into the state (`terraform import`). Raises TerraformFailed."""
        with self._turn("import") as mine:
            arguments = [*self.state_arguments(), address, resource_id]
            self._check(self.commands.run("import", arguments, mine), "import")

    def settle(self) -> None:
        """Show to its end any run that a killed command left, and restore a state it could not save."""
        with self._turn("settle"):
            pass

    def untaint(self, addresses: Sequence[str]) -> list[str]:
        """Untaint resources, so that the next apply keeps them; return those that succeeded."""
        if not addresses:
            return []
        with self._turn("untaint") as mine:
            return [
                one
                for one in addresses
                if self.commands.run("untaint", [*self.state_arguments(), one], mine).code == 0
            ]

    def recover(self, *, discard: bool = False) -> bool:
        """Make `errored.tfstate` the state even if it does not fit; or, with `discard`, move it away.

        Return False if there is no such file. Raises StackError.
        """
        with self.commands.turn("recover") as mine:
            if discard:
                return errored.put_away(self) is not None
            return errored.take_up(self, mine, force=True)

    def refresh(self) -> None:
        """Update the state from the existing resources."""
        with self._turn("refresh") as mine:
            arguments = [*self.state_arguments(), "-refresh-only", "-auto-approve"]
            self._check(self.commands.run("apply", arguments, mine), "refresh")

    def output(self) -> dict[str, Any]:
        """Return the stack's outputs by name, sensitive ones included; empty before the first apply."""
        outcome = self.command("output", "-json", "-no-color", *self.state_arguments())
        if outcome.code != 0:
            raise self._failed("output", outcome.text)
        return {name: item["value"] for name, item in json.loads(outcome.text).items()}

    def command(self, *words: str) -> Outcome:
        """Run any other Terraform command (`state list`, `validate`) without showing its output.

        The outcome's text is its standard output, or its standard error if it failed.
        """
        self._prepare()
        argv = [str(self.terraform.program), *words]
        return capture(argv, cwd=self.folder, env=self._environment)

    @property
    def initialised(self) -> bool:
        """`init` has run for this target, and the files that it fetched still exist."""
        return any(self.files.data_dir.glob("*"))

    def _summary(self) -> PlanSummary:
        outcome = self.command("show", "-json", "-no-color", PLAN_FILE)
        if outcome.code != 0:
            raise self._failed("show", outcome.text)
        self.planned = json.loads(outcome.text)
        return summarise(self.planned)

    def state_arguments(self) -> list[str]:
        """Return the arguments that point Terraform at a state outside the stack's folder."""
        state = self.files.state(self.target.region_id)
        arguments = backend.state_arguments(self.source, self.target, state)
        if arguments:
            self._create_folders()
            state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return arguments

    def _prepare(self) -> None:
        """Create the files and the bucket that Terraform needs; each can be created again at any time."""
        self._create_folders()
        if self.provider.kind != "configuration":
            text = cli_configuration(self.provider, self.files.cache)
            write_private(self.files.cli_config, text)
        if self.target.is_local:
            for name, text in aws_files(self.target, self.source.profiles).items():
                write_private(self.files.aws / name, text)
            if self.state_bucket and backend.make_bucket(self.target, self.state_bucket):
                self._on_line(f"state bucket {self.state_bucket} made in the local region")

    @property
    def _environment(self) -> dict[str, str]:
        own = self.provider.kind != "configuration"
        return environment(
            self.target,
            os.environ,
            data_dir=self.files.data_dir,
            cli_config=self.files.cli_config if own else self.provider.path,
            aws_files=self.files.aws,
        )

    @contextmanager
    def _turn(self, step: str) -> Iterator[RunLock]:
        """Hold the stack for a step, after restoring a state that a former run could not save."""
        with self.commands.turn(step) as mine:
            errored.take_up(self, mine)
            yield mine

    def _applied_meanwhile(self) -> bool:
        """Return whether the run that a killed command left has applied the saved plan.

        Raises TerraformFailed: that run has failed.
        """
        found = self.commands.found
        if found is None or not self.plan_file.is_file():
            return False
        if found.about.get("plan") != digest(self.plan_file):
            return False
        self._check(found.outcome, "apply")
        write_record(self.files.plan_record, self.plan_file, self.target, applied=True)
        return True

    def _create_folders(self) -> None:
        self._workspace.create()
        self.files.create()

    def _check(self, outcome: Outcome, step: str) -> None:
        if outcome.code != 0:
            if "terraform init" in outcome.words or "tofu init" in outcome.words:
                raise self._failed(step, remedy="run `drydock init` first")
            if self.target.is_local:
                self._refuse(undeclared(outcome.words, self.folder), step)
            raise self._failed(step)

    def _refuse(self, found: Sequence[Missing], step: str) -> None:
        """Raise TerraformFailed if anything was found to be missing in the local region."""
        if found:
            said = "the local region has no " + ", ".join(one.said for one in found)
            raise self._failed(step, said, advice(found, self.target.region))

    def _failed(self, step: str, words: str = "", remedy: str = "") -> TerraformFailed:
        return TerraformFailed(
            f"{self.terraform.name} could not {step} the stack in {self.folder}",
            self._mask(words.strip()) or "its own words are above",
            remedy or f"mend what it names, then run `drydock {step}` again",
        )
