"""All printing: results to stdout, everything else to stderr.

Rich uses colour on terminals only, and never with NO_COLOR (https://no-color.org).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from drydock.errors import DrydockError

if TYPE_CHECKING:
    from rich.console import Console

    from drydock.ops.logs import Line


def result(text: str) -> None:
    """Print a line for programs to read to stdout: plain and never wrapped."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def document(value: Any) -> None:
    """Print a value as JSON to stdout."""
    result(json.dumps(value, indent=2, default=str))


def table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], styles: Sequence[str] = ()
) -> None:
    """Print rows under headings to stdout, columns as wide as needed, so that grep and awk work.

    `styles` colours each row, on a terminal.
    """
    texts = [[str(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(len(row[index]) for row in texts) for index in range(len(columns))]
    for number, row in enumerate(texts):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        if number == 0:
            _styled(line.rstrip(), "bold", stderr=False)
        elif styles:
            _styled(line.rstrip(), styles[number - 1], stderr=False)
        else:
            result(line.rstrip())


def note(text: str) -> None:
    """Print a message for the user to stderr."""
    _styled(text, "", stderr=True)


def passed_on(text: str) -> None:
    """Print another program's line to stderr unchanged, its colours included."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def warning(text: str) -> None:
    _styled(text, "yellow", stderr=True)


def heading(text: str) -> None:
    """Print a heading for the step that begins."""
    _styled(f"==> {text}", "bold cyan", stderr=True)


def failure(error: DrydockError) -> None:
    """Print an error: what failed and why, then what to do next."""
    head = f"{error.subject}: {error.cause}" if error.cause else error.subject
    _styled(f"Error: {head}", "red", stderr=True)
    if error.remedy:
        _styled(f"  Next: {error.remedy}", "", stderr=True)


def log_line(line: Line) -> None:
    """Print a task's log line as the task wrote it."""
    result(line.text)


def named_log_line(line: Line) -> None:
    """Print a log line after the first characters of its task's id."""
    result(f"{line.task[:8]}  {line.text}")


@dataclass
class Steps:
    """Named steps in order; each is shown when it begins, and with its duration when it ends."""

    seconds: dict[str, float] = field(default_factory=dict)
    current: str = ""
    began: float = field(default_factory=time.monotonic)

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Time a block. Texts that the block appends to the list are shown when it is done."""
        self.current = name
        heading(name)
        said: list[str] = []
        start = time.monotonic()
        yield said
        self.seconds[name] = time.monotonic() - start
        words = f": {', '.join(said)}" if said else ""
        _styled(f"    {name} done in {self.seconds[name]:.1f} s{words}", "green", stderr=True)
        self.current = ""

    def show(self) -> None:
        """Print the seconds that each step took, and the total."""
        width = max((len(name) for name in self.seconds), default=0)
        for name, seconds in self.seconds.items():
            note(f"  {name.ljust(width)}  {seconds:6.1f} s")
        note(f"  {'total'.ljust(width)}  {time.monotonic() - self.began:6.1f} s")


def _styled(text: str, style: str, *, stderr: bool) -> None:
    _console(stderr=stderr).print(text, style=style or None, markup=False, soft_wrap=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console  # noqa: PLC0415 - rich is not needed for plain results

    return Console(stderr=stderr, highlight=False)
