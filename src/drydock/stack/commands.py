"""Terraform's commands on one stack and target: one at a time, each beside a supervisor process.

A command first deals with the run of an earlier command that was killed: it shows a run that is still
under way to its end, and reports one that has ended meanwhile. It releases a state lock that such a
run left behind only in a local region, and only once the run is over.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from drydock.aws.target import Target
from drydock.errors import RegionNotRunning, StackError
from drydock.paths import Workspace
from drydock.stack import interrupted, state_lock
from drydock.stack.files import StackFiles
from drydock.stack.finder import Terraform
from drydock.stack.pause_writes import hold_changes
from drydock.stack.run_lock import RunLock, turn
from drydock.stack.runfiles import RunFiles
from drydock.stack.runner import LineCallback, Outcome, ended, follow, request, run
from drydock.stack.state_lock import Holder
from drydock.stack.supervisor import ERRORED

_BRIEFLY = 20
"""How many of the last lines are shown of a run that ended unseen; its file has all of them."""
_CHANGES = frozenset({"apply", "destroy", "state push"})
_ASKS = frozenset({"init", "plan", "apply", "destroy", "import"})
"""Commands that have an option -input."""


@dataclass(frozen=True)
class Ended:
    """A run of another command whose end this command saw."""

    step: str
    about: Mapping[str, str]
    outcome: Outcome


class Commands:
    """Runs Terraform on the stack in `folder`. `prepare` creates the files and buckets it needs first."""

    def __init__(
        self,
        terraform: Terraform,
        folder: Path,
        target: Target,
        workspace: Workspace,
        files: StackFiles,
        *,
        on_line: LineCallback,
        color: bool,
        prepare: Callable[[], None],
        environment: Callable[[], Mapping[str, str]],
    ) -> None:
        self._terraform = terraform
        self._folder = folder
        self._target = target
        self._workspace = workspace
        self._files = files
        self._on_line = on_line
        self._color = color
        self._prepare = prepare
        self._environment = environment
        self.found: Ended | None = None
        """The earlier run that the last turn found and saw the end of."""

    def say(self, line: str) -> None:
        """Add a line of Drydock's own to Terraform's output."""
        self._on_line(line)

    @contextmanager
    def turn(self, step: str, *, attach: bool = True) -> Iterator[RunLock]:
        """Hold the stack for one step, after any run that a killed command left has come to its end.

        Raises StackError: another command holds the stack; or, without `attach`, a run is under way.
        """
        self._workspace.create()
        self._files.create()
        self.found = None
        with turn(self._files.running, step, self._folder) as mine:
            if (former := mine.run) is not None:
                self._take_up(mine, former, attach=attach)
            yield mine

    def run(
        self,
        name: str,
        arguments: Sequence[str],
        mine: RunLock,
        about: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a command; locally, release a state lock that a killed run of Drydock's has left.

        Raises StateLocked: someone else holds the lock for longer than Terraform waits.
        """
        self._prepare()
        before = mine.former
        # A lock that a killed run of ours has left is never released by its owner: do not wait for it.
        ours = before is not None and self._target.is_local
        waits = [] if ours or name == "init" else state_lock.wait_arguments(os.environ, name)
        outcome = self.once(name, [*waits, *arguments], mine, about)
        held = state_lock.holder_in(outcome.words) if outcome.code != 0 else None
        if held is None:
            return outcome
        if before is None or not self._may_release(held, before.get("since")):
            raise state_lock.locked(name, held, self._folder, local=self._target.is_local)
        self._on_line(
            f"the lock is of `{before.get('step')}`, which was cut short: releasing it, trying again"
        )
        released = self.once("force-unlock", ["-force", held.id], mine)
        return self.once(name, arguments, mine, about) if released.code == 0 else outcome

    def once(
        self,
        name: str,
        arguments: Sequence[str],
        mine: RunLock,
        about: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a command without handling locks. Raises RegionNotRunning: the local region ended meanwhile."""
        plain = [] if self._color else ["-no-color"]
        ask = ["-input=false"] if name in _ASKS else []
        argv = [str(self._terraform.program), *name.split(), *plain, *ask, *arguments]
        wanted = request(
            name.replace(" ", "-"),
            argv,
            cwd=self._folder,
            color=self._color,
            watch=urlsplit(self._target.endpoint).netloc if self._target.is_local else "",
            about=about,
        )
        files = RunFiles.begin(self._files.runs, wanted)
        mine.starts(files)
        seen: list[Outcome] = []

        def at_end(outcome: Outcome) -> None:
            seen.append(outcome)
            mine.cut_short = outcome.keeps_lock
            mine.had_lock |= outcome.code == 0 and name != "init"
            self._remember(about or {}, outcome)

        try:
            outcome = run(
                files,
                env=self._environment(),
                on_line=self._on_line,
                on_end=at_end,
                before_interrupt=lambda: hold_changes(self._target),
            )
        except KeyboardInterrupt as error:
            if seen:
                error.add_note(self._advice(name, seen[-1], files))
            raise
        if outcome.lost:
            raise self._lost(name, outcome, files)
        return outcome

    def _may_release(self, held: Holder, since: object) -> bool:
        """Return whether the lock is local, of this machine, and no older than the run that was cut short."""
        return self._target.is_local and state_lock.is_left_by(
            held, str(since), socket.gethostname()
        )

    def _take_up(self, mine: RunLock, former: RunFiles, *, attach: bool) -> None:
        """Show the output of an earlier run that was not shown yet, following it if it is under way."""

        def at_end(outcome: Outcome) -> None:
            about = former.request.get("about") or {}
            self.found = Ended(former.step, about, outcome)
            self._remember(about, outcome)
            if outcome.keeps_lock:
                mine.seen()
            else:
                mine.settle()

        if former.is_alive():
            if not attach:
                raise StackError(
                    f"{mine.step} has to wait",
                    f"a run is under way on {self._folder}: {former.describe()}",
                    "watch it: "
                    + state_lock.command(
                        "attach", folder=self._folder, local=self._target.is_local
                    ),
                )
            self._on_line(f"{former.describe()} is under way: its output from where it was left")
            try:
                follow(
                    former,
                    on_line=self._on_line,
                    on_end=at_end,
                    before_interrupt=lambda: hold_changes(self._target),
                )
            except KeyboardInterrupt as error:
                if self.found:
                    error.add_note(self._advice(former.step, self.found.outcome, former))
                raise
        else:
            self._show_left(former)
            at_end(ended(former))
        if self.found is not None:
            self._on_line(f"`{former.step}` ended with {_code(self.found.outcome)}")

    def _show_left(self, former: RunFiles) -> None:
        self._on_line(f"{former.describe()} was left alone and is over; its last words:")
        text = former.output.read_bytes()[former.shown :].decode(errors="replace")
        lines = [line.rstrip("\r") for line in text.splitlines()]
        if len(lines) > _BRIEFLY:
            self._on_line(f"... {len(lines) - _BRIEFLY} lines more in {former.output}")
        for line in lines[-_BRIEFLY:]:
            self._on_line(line)
        former.show(former.output.stat().st_size)

    def _remember(self, about: Mapping[str, str], outcome: Outcome) -> None:
        if "plan" in about and outcome.interrupted and self._target.is_local:
            interrupted.mark(self._workspace, self._folder)

    def _advice(self, name: str, outcome: Outcome, files: RunFiles) -> str:
        """Say what state an interruption leaves things in, and what to do next."""
        if name not in _CHANGES:
            return "Nothing was changed; the same command can be run again."
        return f"{self._state(outcome, files)} The same command goes on from here."

    def _state(self, outcome: Outcome, files: RunFiles) -> str:
        """Say in a sentence where Terraform's state is after the run."""
        if outcome.errored:
            return (
                "Terraform could not save its state and left it in"
                f" {self._folder / ERRORED}; the next drydock command on this stack takes it up."
            )
        if "Failed to save state" in outcome.words or "Failed to persist state" in outcome.words:
            return f"Terraform could not save its state: its words are in {files.output}."
        if outcome.cut_short:
            return (
                "Terraform had no time to save its state: what it was making may be missing from it,"
                " and `drydock plan` names what is there already."
            )
        return "Terraform has saved its state."

    def _lost(self, name: str, outcome: Outcome, files: RunFiles) -> RegionNotRunning:
        said = self._state(outcome, files) if name in _CHANGES else "Terraform has ended."
        return RegionNotRunning(
            f"{name} of the stack in {self._folder} was cut off",
            f"the local region at {self._target.endpoint} has ended. {said}",
            "drydock region start; then the same command again goes on from here",
        )


def _code(outcome: Outcome) -> str:
    return "no exit code: it was killed" if outcome.code < 0 else f"exit code {outcome.code}"
