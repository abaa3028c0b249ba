"""Supervise one Terraform process: wait for it and record how it ended, even if its starter is killed.

python -m drydock.stack.supervisor RUN_FOLDER LOCK_FD     (runner.py starts it, in a session of its own)

It takes SIGINT (passed on to Terraform, once each) and SIGUSR1 (kills Terraform and its providers).
SIGTERM counts as SIGINT, so that a machine which shuts down lets Terraform save its state.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import FrameType

from drydock.stack.runfiles import KILL, RunFiles

ERRORED = "errored.tfstate"
"""Terraform writes it into the folder it runs in when it cannot save the state."""
_EVERY = 0.5
"""Seconds between two checks of the region."""
_REFUSALS = 2
"""After so many refused connections in a row the region counts as gone."""


class _Signals:
    """Passes signals on to Terraform, including those that came before it was started."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self._came: list[int] = []
        for number in (signal.SIGINT, signal.SIGTERM, KILL):
            signal.signal(number, self._heard)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def pass_on(self) -> None:
        while self.child is not None and self._came:
            number = self._came.pop(0)
            with contextlib.suppress(ProcessLookupError):
                if number == KILL:
                    os.killpg(self.child.pid, signal.SIGKILL)
                else:
                    self.child.send_signal(signal.SIGINT)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        self._came.append(number)
        self.pass_on()


class _Region:
    """Checks that the local region still listens. On AWS nothing is checked."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host, int(port)) if host else None
        self._refused = 0
        self._next = 0.0
        self.lost = False

    def look(self) -> bool:
        """Return True once, when the region is found to be gone; a busy region refuses no connection."""
        now = time.monotonic()
        if self._address is None or self.lost or now < self._next:
            return False
        self._next = now + _EVERY
        try:
            socket.create_connection(self._address, timeout=_EVERY).close()
        except ConnectionRefusedError:
            self._refused += 1
        except OSError:
            return False
        else:
            self._refused = 0
        self.lost = self._refused >= _REFUSALS
        return self.lost


def supervise(run: RunFiles, signals: _Signals) -> None:
    """Run the requested command to its end and write its outcome."""
    request = run.request
    output = os.open(run.output, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    reader, writer = _terminal(request["terminal"]) if request.get("terminal") else (-1, output)
    began = time.time_ns()
    try:
        child = subprocess.Popen(
            request["argv"],
            cwd=request["cwd"],
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            # A group of its own, so that its providers can be killed with it.
            process_group=0,
        )
    except OSError as error:
        run.put_outcome(error=str(error))
        return
    finally:
        if writer != output:
            os.close(writer)
    signals.child = child
    run.put_process(os.getpid(), child.pid)
    signals.pass_on()
    region = _Region(str(request.get("watch") or ""))
    while child.poll() is None:
        if reader >= 0:
            _copy(reader, output, _EVERY)
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_EVERY)
        if child.returncode is None and region.look():
            _write(output, b"\nThe local region is gone: interrupting Terraform.\n")
            child.send_signal(signal.SIGINT)
    while reader >= 0 and _copy(reader, output, 0):
        pass
    run.put_outcome(
        code=child.returncode, errored=_errored(Path(request["cwd"]), began), lost=region.lost
    )


def _terminal(size: list[int]) -> tuple[int, int]:
    """Open a terminal as wide as the user's, so that Terraform wraps its lines to fit."""
    reader, writer = pty.openpty()
    termios.tcsetwinsize(writer, (size[0], size[1]))
    return reader, writer


def _copy(reader: int, output: int, seconds: float) -> bool:
    """Copy the terminal's output within so many seconds to the file; return False if nothing came."""
    if not select.select([reader], [], [], seconds)[0]:
        return False
    try:
        chunk = os.read(reader, 65536)
    except OSError:
        # Linux raises EIO when the terminal's other end is closed everywhere.
        if seconds:
            time.sleep(0.01)  # it closed its output and has not ended: do not spin
        return False
    _write(output, chunk)
    return bool(chunk)


def _write(output: int, chunk: bytes) -> None:
    # On a full disk output is lost, but the run continues.
    with contextlib.suppress(OSError):
        os.write(output, chunk)


def _errored(folder: Path, began: int) -> str:
    """Return the digest of the state that this run could not save; empty if it saved it."""
    file = folder / ERRORED
    try:
        if file.stat().st_mtime_ns < began:
            return ""
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def main(argv: list[str]) -> int:
    signals = _Signals()
    os.set_inheritable(int(argv[1]), False)
    supervise(RunFiles(Path(argv[0])), signals)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
