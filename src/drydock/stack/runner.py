"""Run one Terraform command under a supervisor, show its output, and pass on each interruption once.

Terraform and its supervisor are in a session of their own and write to files: this process may be
killed, its terminal closed or its output's reader gone, and the command still runs to its end. `follow`
resumes showing a command that another process began.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from drydock.errors import StackError
from drydock.stack.runfiles import INTERRUPT, KILL, RunFiles

LineCallback = Callable[[str], None]
_ORNAMENT = re.compile(r"\x1b\[[0-9;]*m|[│╷╵]")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_EVERY = 0.03
"""Seconds between two looks at the output."""
_NO_CODE = -signal.SIGKILL
"""Exit code of a run whose supervisor was killed: the real one is unknown."""


@dataclass(frozen=True)
class Outcome:
    """A command's exit code and its whole output (standard output and error in one)."""

    code: int
    text: str
    lost: bool = False
    """The local region was gone, and Terraform was interrupted for that."""
    errored: str = ""
    """Digest of the state that Terraform could not save (`errored.tfstate`); else empty."""

    @property
    def cut_short(self) -> bool:
        """The command was killed, or interrupted twice: it had no time to release its lock."""
        return self.code < 0 or "Two interrupts received" in self.words

    @property
    def interrupted(self) -> bool:
        """The command was asked to end before it was done."""
        return self.cut_short or self.lost or "Interrupt received" in self.words

    @property
    def keeps_lock(self) -> bool:
        """The state's lock may still be there."""
        return self.cut_short or self.lost or "Error releasing the state lock" in self.words

    @property
    def words(self) -> str:
        """The text without colours, frames and line breaks, for searching phrases."""
        return " ".join(_ORNAMENT.sub("", self.text).split())


def request(
    step: str,
    argv: Sequence[str],
    *,
    cwd: Path,
    color: bool = False,
    watch: str = "",
    about: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """Return the request for a supervisor.

    With `color` the command is given a terminal, so that it colours its output. `watch` is the
    local region's `HOST:PORT`: when nothing listens there any more the command is interrupted.
    """
    size = shutil.get_terminal_size()
    return {
        "step": step,
        "argv": list(argv),
        "cwd": str(cwd),
        "terminal": [size.lines, size.columns] if color else None,
        "watch": watch,
        "about": dict(about or {}),
    }


def run(
    files: RunFiles,
    *,
    env: Mapping[str, str],
    on_line: LineCallback,
    on_end: Callable[[Outcome], None] = lambda _: None,
    before_interrupt: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run what `files` requests, to its end. The arguments and exceptions are those of `follow`.

    Raises StackError: the command could not be started.
    """
    lock = files.take_lock()
    log = (files.folder / "supervisor.log").open("wb")
    argv = [sys.executable, "-P", "-m", "drydock.stack.supervisor", str(files.folder), str(lock)]
    try:
        supervisor = subprocess.Popen(
            argv,
            cwd=files.folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock,),
            start_new_session=True,
        )
    finally:
        log.close()
        os.close(lock)
    try:
        return follow(files, on_line=on_line, on_end=on_end, before_interrupt=before_interrupt)
    finally:
        if files.is_alive():
            supervisor.returncode = 0  # it lives on by design
        else:
            supervisor.wait()


def follow(
    files: RunFiles,
    *,
    on_line: LineCallback,
    on_end: Callable[[Outcome], None] = lambda _: None,
    before_interrupt: Callable[[], None] = lambda: None,
    watching: bool = False,
) -> Outcome:
    """Show a command's output from where it was left, until the command ends.

    `on_line` gets each line, without its line break, as it comes; once it fails with OSError (its reader
    is gone, say) nothing more is shown, and the command goes on. SIGINT and SIGTERM (in the main thread)
    are passed on as Terraform expects them: the first asks it to end what it is doing and release the
    lock, the second to give up at once, the third kills it. When it has ended the signal is raised
    again here, so Ctrl-C ends as KeyboardInterrupt. `on_end` gets the outcome, also where a signal
    keeps it from being returned. `before_interrupt` is called once, before the first signal is
    passed on; it must not raise. `watching`: the whole output is shown, no signal is passed on, and
    what has been shown is not recorded.

    Raises StackError: the command could not be started.
    """
    shown = _Shown(files, on_line, watching=watching)
    with _forwarding(files, shown.say, before_interrupt, deaf=watching) as passing:
        while files.is_alive():
            shown.more()
            passing()
            time.sleep(_EVERY)
        shown.more(last=True)
        outcome = ended(files)
        on_end(outcome)
    return outcome


def ended(files: RunFiles) -> Outcome:
    """Return the outcome of a run that is over. Raises StackError: it could not be started."""
    told = files.outcome
    if "error" in told:
        raise StackError(
            f"{files.request['argv'][0]} could not be started",
            str(told["error"]),
            "look whether it can be run by hand",
        )
    text = files.output.read_bytes().decode(errors="replace").replace("\r\n", "\n")
    return Outcome(
        int(told.get("code", _NO_CODE)),
        text.removesuffix("\n"),
        lost=bool(told.get("lost")),
        errored=str(told.get("errored") or ""),
    )


def capture(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Outcome:
    """Run a short command that only reads, without showing its output."""
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(done.returncode, done.stdout if done.returncode == 0 else done.stderr)


class _Shown:
    """Shows the output as it grows and records how far it has been shown."""

    def __init__(self, files: RunFiles, on_line: LineCallback, *, watching: bool) -> None:
        self._files = files
        self._on_line = on_line
        self._silent = False
        self._noted = not watching
        self._offset = files.shown
        self._read = 0 if watching else self._offset
        self._rest = b""

    def more(self, *, last: bool = False) -> None:
        """Show the whole lines that have come; with `last` also a line without a line break."""
        with self._files.output.open("rb") as file:
            file.seek(self._read)
            chunk = file.read()
        self._read += len(chunk)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if last and self._rest:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self.say(line.rstrip(b"\r").decode(errors="replace"))
            if self._noted and not self._silent:
                # Line by line: a kill at any moment repeats one line at most.
                self._offset += len(line) + 1
                self._files.show(self._offset)

    def say(self, line: str) -> None:
        if self._silent:
            return
        try:
            self._on_line(line)
        except OSError:
            self._silent = True


@contextmanager
def _forwarding(
    files: RunFiles, say: LineCallback, before_interrupt: Callable[[], None], *, deaf: bool
) -> Iterator[Callable[[], None]]:
    """Forward signals to the supervisor; yield a function that retries those it could not take yet."""
    if deaf or threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    received: list[int] = []
    waiting: list[int] = []

    def pass_on() -> None:
        while waiting:
            number = waiting.pop(0)
            if not files.send(number):
                waiting.insert(0, number)
                return

    def forward(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) == 1:
            before_interrupt()
        waiting.append(INTERRUPT if len(received) < 3 else KILL)
        pass_on()

    # A signal that is ignored stays ignored.
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, forward) for number in heard}
    try:
        yield pass_on
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        say(f"interrupted by {signal.Signals(received[0]).name}; Terraform has ended")
        signal.raise_signal(received[0])
