"""A terminal for a program inside a container: its two ends, its size, its settings. See pty(7)."""

from __future__ import annotations

import os
import pty
import struct
import termios
from collections.abc import Mapping
from dataclasses import dataclass
from fcntl import ioctl
from typing import Any

_LARGEST = 65535
_UNLOCK = 0x40045431
"""TIOCSPTLCK, which Python has no name for; see ioctl_tty(2)."""
_PEER = 0x5441
"""TIOCGPTPEER."""


@dataclass(frozen=True)
class TerminalRequest:
    """What the other side is."""

    kind: str = "dumb"
    """TERM."""
    rows: int = 0
    columns: int = 0
    plain: bool = False
    """No terminal: neither echo nor carriage returns are wanted."""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> TerminalRequest:
        """Of a document from outside. Raises ValueError, TypeError."""
        rows, columns = (
            min(max(int(given.get(name) or 0), 0), _LARGEST) for name in ("rows", "columns")
        )
        return cls(str(given.get("term") or "dumb"), rows, columns, bool(given.get("plain")))


def open_terminal(request: TerminalRequest, root: str = "") -> tuple[int, int]:
    """Two descriptors, the caller's: ours and the program's. Raises OSError.

    `root`: the path of a program's own root as seen from here; the terminal is made there, so that
    its name is valid in it.
    """
    if root:
        flags = os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC
        ours = os.open(f"{root}/dev/pts/ptmx", flags)
        try:
            ioctl(ours, _UNLOCK, struct.pack("i", 0))
            theirs = ioctl(ours, _PEER, flags)
        except OSError:
            os.close(ours)
            raise
    else:
        ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", request.rows, request.columns, 0, 0))
    if request.plain:
        settings = termios.tcgetattr(theirs)
        settings[1] &= ~termios.OPOST
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, settings)
    return ours, theirs
