"""HAProxy's runtime API: one connection per command."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from drydock.errors import BalancerFailed

TIMEOUT = 5.0
"""Seconds that an answer may take."""
_LOOK_UP = 0.1
"""Seconds between two checks that the process still runs while its answer is pending."""


class Runtime:
    """The runtime socket of one HAProxy process. Thread-safe: every command has its own connection."""

    def __init__(self, address: str, silent: Callable[[], str] = lambda: "") -> None:
        """`address` as AF_UNIX takes it; an abstract one begins with a zero byte.

        `silent` returns why no answer will come, or nothing: if another process holds its socket
        too, a command to one that ended, or is stopped, is not refused but waits in the queue.
        """
        self.address = address
        self._silent = silent

    def ask(self, command: str, timeout: float = TIMEOUT) -> str:
        """Return the answer to `command` (several are joined with `;`), stripped; `timeout` in
        seconds.

        Raises BalancerFailed if HAProxy is gone or does not answer in time.
        """
        deadline = time.monotonic() + timeout
        answer = bytearray()
        try:
            with socket.socket(socket.AF_UNIX) as channel:
                channel.settimeout(timeout)
                channel.connect(self.address)
                channel.sendall(command.encode() + b"\n")
                while piece := self._receive(channel, deadline):
                    answer += piece
        except OSError as error:
            raise BalancerFailed(
                f"HAProxy does not answer `{command}`", error.strerror or str(error)
            ) from error
        return answer.decode().strip()

    def _receive(self, channel: socket.socket, deadline: float) -> bytes:
        channel.settimeout(_LOOK_UP)
        while True:
            try:
                return channel.recv(1 << 16)
            except TimeoutError:
                if words := self._silent():
                    raise OSError(words) from None
                if time.monotonic() > deadline:
                    raise

    def give(self, command: str, *expect: str, payload: str = "") -> None:
        """Send a command, perhaps with a payload, whose success HAProxy reports with one of the
        texts `expect`.

        Raises BalancerFailed with HAProxy's message for any other answer; the payload is not in it.
        """
        lines = "\n".join(line for line in payload.splitlines() if line.strip())
        try:
            answer = self.ask(f"{command} <<\n{lines}\n" if payload else command)
        except BalancerFailed as error:
            raise BalancerFailed(f"HAProxy does not answer `{command}`", error.cause) from error
        if not any(words in answer for words in expect):
            raise BalancerFailed(f"HAProxy refuses `{command}`", answer)

    def send(self, command: str, expect: str = "") -> None:
        """Send a command whose success HAProxy reports as `expect`.

        Raises BalancerFailed with HAProxy's message for any other answer.
        """
        answer = self.ask(command)
        if answer != expect:
            raise BalancerFailed(f"HAProxy refuses `{command}`", answer)
