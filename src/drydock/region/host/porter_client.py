"""The daemon's side of the porter: host sockets on request, and the request to stop."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from drydock.errors import PortUnavailable, SpawnFailed
from drydock.region.dataplane.processes.protocol import Message

_PEER_SECONDS = 10
_UNKNOWN_PEER = "Which user connects is not known: the region's porter does not answer."


class PorterClient:
    """`on_stop` is called, once, when the porter asks to stop or is gone. Thread-safe."""

    def __init__(self, channel: socket.socket, on_stop: Callable[[], None]) -> None:
        self._channel = channel
        self._on_stop = on_stop
        self._tickets = count(1)
        self._send_lock = threading.Lock()
        self._answered = threading.Condition()
        self._answers: dict[int, Message] = {}
        self._gone = False
        self._stopping = False
        threading.Thread(target=self._listen, name="porter-client", daemon=True).start()

    def bind(self, ports: Sequence[int], *, udp: bool = False) -> tuple[socket.socket, int]:
        """Return a host socket on 127.0.0.1, on the first free one of `ports`, and its port.

        A TCP socket listens already. Raises PortUnavailable.
        """
        ticket = next(self._tickets)
        self._send(Message("bind", {"ticket": ticket, "ports": list(ports), "udp": udp}))
        with self._answered:
            self._answered.wait_for(lambda: ticket in self._answers or self._gone, 10)
            answer = self._answers.pop(ticket, None)
        if answer is None or "error" in answer.fields:
            cause = answer.fields["error"] if answer else "the porter does not answer"
            remedy = "free one of them, or set another port in drydock.toml"
            raise PortUnavailable(f"no host port of {list(ports)} can be bound", cause, remedy)
        return socket.socket(fileno=answer.fds[0]), answer.fields["port"]

    def why_not(self, client: tuple[str, int], server: tuple[str, int]) -> str:
        """Return why a client is refused; empty if it runs as the region's owner or as root.

        `client` and `server` are the two ends of its connection to a host socket.
        """
        ticket = next(self._tickets)
        try:
            self._send(Message("peer", {"ticket": ticket, "client": client, "server": server}))
        except OSError:
            return _UNKNOWN_PEER
        with self._answered:
            self._answered.wait_for(lambda: ticket in self._answers or self._gone, _PEER_SECONDS)
            answer = self._answers.pop(ticket, None)
        return answer.fields["why_not"] if answer is not None else _UNKNOWN_PEER

    def engine(self, words: Sequence[str], stdout: int, seconds: float) -> tuple[int, str]:
        """Run a container engine in the host's namespaces; return its exit code and its error
        output.

        `words`: "podman" or "docker", and its arguments. `stdout`: a descriptor, the caller's.
        Raises SpawnFailed: it does not start, or is not done after `seconds`.
        """
        ticket = next(self._tickets)
        with tempfile.TemporaryFile() as complaints:
            fds = [stdout, complaints.fileno()]
            self._send(Message("engine", {"ticket": ticket, "words": list(words)}, fds))
            with self._answered:
                self._answered.wait_for(
                    lambda: ticket in self._answers or self._gone or self._stopping, seconds
                )
                answer, stopping = self._answers.pop(ticket, None), self._stopping
            if answer is None:
                late = (
                    "the region is stopping" if stopping else f"it is not done after {seconds:g} s"
                )
                raise SpawnFailed(words[0], late)
            if "error" in answer.fields:
                raise SpawnFailed(words[0], answer.fields["error"])
            complaints.seek(0)
            said = complaints.read(8192).decode("utf-8", "replace").strip()
        return answer.fields["exit_code"], said

    def ready(self, **record: Any) -> None:
        """Report that the region's API answers; `record` is for other commands."""
        self._send(Message("ready", record))

    def failed(self, **words: Any) -> None:
        """Report why the region cannot start."""
        self._send(Message("failed", words))

    def _send(self, message: Message) -> None:
        with self._send_lock:
            message.send(self._channel)

    def _listen(self) -> None:
        while (message := Message.receive(self._channel)) is not None:
            if message.verb == "stop":
                with self._answered:
                    self._stopping = True
                    self._answered.notify_all()
                self._on_stop()
                continue
            with self._answered:
                self._answers[message.fields["ticket"]] = message
                self._answered.notify_all()
        with self._answered:
            self._gone = True
            self._answered.notify_all()
        self._on_stop()
