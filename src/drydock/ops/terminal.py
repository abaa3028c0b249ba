"""Connect this process's terminal to a session of the local region.

The region passes the other end of the program's terminal (SCM_RIGHTS on a unix socket), so that
bytes go directly from one to the other. The region's runtime/exec_server.py describes the messages.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import struct
import sys
import termios
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from drydock.errors import OpsError

_PART = 64 * 1024
_END_OF_FILE = b"\x04"
"""Ctrl-D, which a terminal reads as the end of input at the start of a line."""


def attach(url: str, token: str) -> int:
    """Open a session and stay in it until its program ends; return the exit code. Raises OpsError."""
    place = urlsplit(url)
    if place.scheme != "unix":
        raise OpsError(
            f"the session at {url}", "only sessions of a local region can be opened here"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        try:
            _connect(connection, Path(place.path))
            program = _hello(connection, token)
        except OSError as error:
            raise OpsError("the session", f"the region does not answer ({error})") from error
        try:
            with _following_size(program), _raw():
                _copy(connection, program)
            return _exit_code(connection)
        finally:
            os.close(program)  # only now: closing it earlier would send the program SIGHUP


def _connect(connection: socket.socket, path: Path) -> None:
    """Connect through the folder's descriptor: a socket's path may have about 100 bytes only."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        connection.connect(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def _hello(connection: socket.socket, token: str) -> int:
    """Send the token; return the descriptor of the program's terminal."""
    size = shutil.get_terminal_size()
    hello = {
        "token": token,
        "term": os.environ.get("TERM", ""),
        "rows": size.lines,
        "columns": size.columns,
        "plain": not (sys.stdin.isatty() and sys.stdout.isatty()),
    }
    connection.send(json.dumps(hello).encode())
    data, descriptors, _, _ = socket.recv_fds(connection, _PART, 1)
    answer: dict[str, Any] = json.loads(
        data or b'{"error": "the session", "cause": "it was closed"}'
    )
    if "error" in answer:
        raise OpsError(answer["error"], answer.get("cause", ""), answer.get("remedy", ""))
    return descriptors[0]


def _exit_code(connection: socket.socket) -> int:
    data = connection.recv(_PART)
    if not data:
        raise OpsError("the session", "the region ended it", "drydock status shows what runs")
    return int(json.loads(data)["exit_code"])


@contextlib.contextmanager
def _raw() -> Iterator[None]:
    """Pass every key to the program, Ctrl-C included."""
    if not sys.stdin.isatty():
        yield
        return
    here = sys.stdin.fileno()
    before = termios.tcgetattr(here)
    tty.setraw(here, termios.TCSADRAIN)  # keeps input that was typed already
    try:
        yield
    finally:
        termios.tcsetattr(here, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _following_size(program: int) -> Iterator[None]:
    """Give the program's terminal the size of this one, also when this one is resized."""

    def follow(*_: object) -> None:
        size = shutil.get_terminal_size()
        # the LINES and COLUMNS that the shell exported may be outdated
        with contextlib.suppress(OSError):
            size = os.get_terminal_size(sys.stdout.fileno())
        with contextlib.suppress(OSError):  # the program has ended
            words = struct.pack("HHHH", size.lines, size.columns, 0, 0)
            fcntl.ioctl(program, termios.TIOCSWINSZ, words)

    before = signal.signal(signal.SIGWINCH, follow)
    try:
        follow()
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


def _copy(connection: socket.socket, program: int) -> None:
    """Copy in both directions until the program has ended and its last output is shown."""
    here, out = sys.stdin.fileno(), sys.stdout.fileno()
    last = b"\n"
    watched = [here, program, connection.fileno()]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if program in ready:
            if not _pass_on(program, out):
                watched = [connection.fileno()]
            continue  # first its output, then its end
        if connection.fileno() in ready:
            return
        if here in ready:
            data = os.read(here, _PART)
            if not data:
                watched.remove(here)
                data = _END_OF_FILE if last.endswith(b"\n") else _END_OF_FILE * 2
            last = data
            _write(program, data)


def _pass_on(program: int, out: int) -> bool:
    """Copy the program's output; return False if its terminal is closed, before its exit code comes."""
    try:
        data = os.read(program, _PART)
    except OSError:  # EIO: the terminal's other end is closed
        return False
    _write(out, data)
    return bool(data)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
