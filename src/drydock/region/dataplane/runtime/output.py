"""Read the containers' output on one thread, and pass on whole lines, in order.

stdout and stderr of a container share one pipe, so their order is the order of writing.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

Line = tuple[int, str]
"""Milliseconds since the epoch, and the text without its end."""
Sink = Callable[[Sequence[Line]], None]

MAX_LINE = 16 * 1024
"""Bytes after which a line is handed on as it is, as container engines do."""
_READ = 1024 * 1024
_PIPE = 1024 * 1024
"""Bytes that a container may be ahead of its reader."""
_GATHER = 0.04
"""Seconds between two reads."""


@dataclass
class Output:
    """The writing end for a process, and an event for the end of output."""

    writer: int
    """The caller passes it to the process, then calls `Pump.started`."""
    ended: threading.Event = field(default_factory=threading.Event)


@dataclass
class _Source:
    sink: Sink
    on_end: Callable[[], None]
    output: Output
    rest: bytes = b""


class Pump:
    """Reads all outputs on one thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        threading.Thread(target=self._run, name="output", daemon=True).start()

    def open(self, sink: Sink, on_end: Callable[[], None] = lambda: None) -> Output:
        """Return a new pipe whose lines go to `sink`, called from the pump's thread, as is
        `on_end`.
        """
        reader, writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reader, False)
        with contextlib.suppress(OSError):  # an ordinary user may have used up his share
            fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE)
        output = Output(writer)
        self._selector.register(reader, selectors.EVENT_READ, _Source(sink, on_end, output))
        self._wake_writer.send(b"x")
        return output

    def started(self, output: Output) -> None:
        """Close our copy of the writing end, once the process has its own (or was not started)."""
        os.close(output.writer)

    def _run(self) -> None:
        last = 0.0
        while True:
            ready = self._selector.select()
            # A line read by itself costs ten times a line read among others: under load they gather.
            # The first after a pause is read at once.
            time.sleep(max(0.0, last + _GATHER - time.monotonic()))
            last = time.monotonic()
            for key, _ in ready:
                if key.data is None:
                    self._wake_reader.recv(4096)
                else:
                    self._read(key.fd, key.data)

    def _read(self, reader: int, source: _Source) -> None:
        try:
            data = os.read(reader, _READ)
        except BlockingIOError:
            return
        *whole, source.rest = (source.rest + data).split(b"\n")
        lines = [piece for line in whole for piece in _pieces(line)]
        if not data and source.rest:
            lines += _pieces(source.rest)
        elif len(source.rest) > MAX_LINE:
            *full, source.rest = _pieces(source.rest)
            lines += full
        self._hand_on(source, lines)
        if not data:
            self._selector.unregister(reader)
            os.close(reader)
            source.output.ended.set()
            source.on_end()

    def _hand_on(self, source: _Source, lines: Sequence[bytes]) -> None:
        if not lines:
            return
        now = int(time.time() * 1000)
        try:
            source.sink([(now, line.decode("utf-8", "replace").rstrip("\r")) for line in lines])
        except Exception:  # one container's log must not stop the others'
            log.exception("output of a container was not stored", extra={"lines": len(lines)})


def _pieces(line: bytes) -> list[bytes]:
    """Split a line into parts of MAX_LINE bytes at most; an empty line is one part."""
    return [line[start : start + MAX_LINE] for start in range(0, len(line) or 1, MAX_LINE)]
