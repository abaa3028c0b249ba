"""A lasting connection to HAProxy's runtime API.

A process that was told to end accepts no new one; it goes on answering on this one, and ends only
when it is closed too.
"""

from __future__ import annotations

import socket

from drydock.errors import BalancerFailed

_PROMPT = b"\n> "


class Conversation:
    """Questions and answers over one connection. Not thread-safe."""

    def __init__(self, address: str, timeout: float = 1.0) -> None:
        """Connect.

        Raises BalancerFailed if HAProxy does not accept it; `timeout` in seconds, per answer.
        """
        self._channel = socket.socket(socket.AF_UNIX)
        self._channel.settimeout(timeout)
        try:
            self._channel.connect(address)
            self.ask("prompt")
        except (OSError, BalancerFailed) as error:
            self.close()
            raise BalancerFailed("HAProxy takes no conversation", str(error)) from error

    def ask(self, command: str) -> str:
        """Return the answer to a command. Raises BalancerFailed if HAProxy is gone or too slow."""
        answer = bytearray()
        try:
            self._channel.sendall(command.encode() + b"\n")
            while not answer.endswith(_PROMPT):
                piece = self._channel.recv(1 << 16)
                if not piece:
                    raise BalancerFailed("HAProxy ended the conversation")
                answer += piece
        except OSError as error:
            raise BalancerFailed("HAProxy does not answer", error.strerror or str(error)) from error
        return answer.removesuffix(_PROMPT).decode()

    def close(self) -> None:
        self._channel.close()
