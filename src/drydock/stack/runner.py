"""Run one Terraform command: show what it says as it says it, and pass interruptions on, once each."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import termios
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

LineCallback = Callable[[str], None]
_ORNAMENT = re.compile(r"\x1b\[[0-9;]*m|[│╷╵]")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Outcome:
    """How a command ended and everything that it said (standard output and error in one)."""

    code: int
    text: str

    @property
    def cut_short(self) -> bool:
        """It was killed, or told twice to end: it had no time to release its lock."""
        return self.code < 0 or "Two interrupts received" in self.words

    @property
    def words(self) -> str:
        """The text without colours, frames and line breaks, to look for a phrase in."""
        return " ".join(_ORNAMENT.sub("", self.text).split())


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_line: LineCallback,
    color: bool = False,
    on_start: Callable[[int], None] = lambda _: None,
    on_end: Callable[[Outcome], None] = lambda _: None,
    before_interrupt: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run a command to its end; `on_line` gets each line, without its end, as it comes.

    With `color` the command is given a terminal, so that it colours what it says. SIGINT, SIGTERM
    and SIGHUP (in the main thread) are passed on as Terraform wants them: the first asks it to end
    what it is doing and release the lock, the second to give up at once, the third kills it. When
    it has ended the signal is raised again here, so Ctrl-C ends as KeyboardInterrupt.
    `on_start` is told the process's id; `on_end` the outcome, also where a signal keeps it from
    being returned. `before_interrupt` is called once, before the first signal is passed on; it
    raises nothing.
    """
    reader, writer = _terminal() if color else os.pipe()
    try:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            # Not of our process group: the terminal's Ctrl-C would reach it beside ours, and
            # Terraform takes a second one as "give up at once".
            process_group=0,
        )
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    lines: list[str] = []
    try:
        with _forwarding(process, on_line, before_interrupt):
            on_start(process.pid)
            for line in _lines(reader):
                lines.append(line)
                on_line(line)
            outcome = Outcome(process.wait(), "\n".join(lines))
            on_end(outcome)
    except BaseException:
        # Only what a callback raises comes here (a closed standard output, say).
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        _drain(reader)
        process.wait()
        raise
    finally:
        os.close(reader)
    return outcome


def _terminal() -> tuple[int, int]:
    """A terminal as wide as ours, so that Terraform breaks its lines to fit."""
    reader, writer = pty.openpty()
    size = shutil.get_terminal_size()
    termios.tcsetwinsize(writer, (size.lines, size.columns))
    return reader, writer


def capture(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Outcome:
    """Run a short command that only reads; nothing is shown."""
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


@contextmanager
def _forwarding(
    process: subprocess.Popen[bytes], on_line: LineCallback, before_interrupt: Callable[[], None]
) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) == 1:
            before_interrupt()
        with suppress(ProcessLookupError):
            if len(received) > 2:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.send_signal(signal.SIGINT)

    # A signal that is ignored (SIGHUP below nohup) stays ignored.
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, forward) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        on_line(f"interrupted by {signal.Signals(received[0]).name}; Terraform has ended")
        signal.raise_signal(received[0])


def _lines(reader: int) -> Iterator[str]:
    rest = b""
    for chunk in _chunks(reader):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r").decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")


def _chunks(reader: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(reader, 65536)
        except OSError:
            # Linux says EIO when the last holder of a terminal's other end is gone.
            return
        if not chunk:
            return
        yield chunk


def _drain(reader: int) -> None:
    for _ in _chunks(reader):
        pass
