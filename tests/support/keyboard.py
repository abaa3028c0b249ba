"""Run a program in a terminal of its own: type input and read the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class Keyboard:
    """A program in a terminal. `close` ends it."""

    def __init__(
        self, words: Sequence[str], folder: Path, env: Mapping[str, str], size: tuple[int, int]
    ) -> None:
        """Start the program. `size` is rows and columns."""
        self._ours, theirs = pty.openpty()
        self.resize(*size)
        self.screen = ""
        self.process = subprocess.Popen(
            words,
            cwd=folder,
            env={**env, "TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def see(self, words: str, seconds: float = 60) -> str:
        """Wait until `words` appear below what was seen before; return the text up to them."""
        deadline = time.monotonic() + seconds
        while words not in self.screen:
            left = deadline - time.monotonic()
            assert left > 0, f"{words!r} is not in {self.screen!r}"
            if select.select([self._ours], [], [], left)[0]:
                try:
                    self.screen += os.read(self._ours, 65536).decode()
                except OSError as error:
                    raise AssertionError(f"{words!r} is not in {self.screen!r}") from error
        before, _, self.screen = self.screen.partition(words)
        return before + words

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)
