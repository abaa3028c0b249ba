"""HAProxy's runtime API: one question, one answer, one connection."""

from __future__ import annotations

import socket
import time

from drydock.errors import BalancerFailed

TIMEOUT = 5.0


class Runtime:
    """The runtime socket of one HAProxy process. Thread-safe: every question has its own connection."""

    def __init__(self, address: str) -> None:
        """`address` as AF_UNIX takes it; an abstract one begins with a zero byte."""
        self._address = address

    def ask(self, command: str, timeout: float = TIMEOUT) -> str:
        """The answer to `command` (several are joined with `;`), stripped; `timeout` in seconds.

        Raises BalancerFailed if HAProxy is gone or does not answer in time.
        """
        deadline = time.monotonic() + timeout
        answer = bytearray()
        try:
            with socket.socket(socket.AF_UNIX) as channel:
                channel.settimeout(timeout)
                channel.connect(self._address)
                channel.sendall(command.encode() + b"\n")
                while True:
                    channel.settimeout(max(0.001, deadline - time.monotonic()))
                    piece = channel.recv(1 << 16)
                    if not piece:
                        return answer.decode().strip()
                    answer += piece
        except OSError as error:
            raise BalancerFailed(
                f"HAProxy does not answer `{command}`", error.strerror or str(error)
            ) from error

    def tell(self, command: str, expect: str = "") -> None:
        """Give a command whose success HAProxy reports as `expect`.

        Raises BalancerFailed with HAProxy's words for any other answer.
        """
        answer = self.ask(command)
        if answer != expect:
            raise BalancerFailed(f"HAProxy refuses `{command}`", answer)
