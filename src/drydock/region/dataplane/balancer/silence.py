"""A HAProxy that runs and does not answer: nothing is known of its targets, and it is ended in time."""

from __future__ import annotations

from drydock.alive import is_stopped, state

STOPPED_LIMIT = 3.0
"""Seconds after which a process that was stopped is ended: it serves nothing, and a new one would."""
SILENT_LIMIT = 30.0
"""The same for one that is not stopped: on a busy machine an answer may take its time."""
_PATIENCE = 2.0
"""Seconds of silence before its targets are called unavailable: it may be ending just now."""


class Silence:
    """Of one process, by monotonic seconds. Not thread-safe."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._stopped = False

    def begin(self, pid: int, now: float) -> None:
        """It did not answer at `now`; `pid` as the host shows it."""
        self._since = now if self._since is None else self._since
        self._stopped = is_stopped(pid)

    def end(self) -> None:
        """It answered, or it is gone."""
        self._since, self._stopped = None, False

    def counts(self, now: float) -> bool:
        """Whether what it observed last is not to be trusted any more."""
        return self._since is not None and (self._stopped or now - self._since > _PATIENCE)

    def is_over(self, now: float) -> bool:
        """Whether it has had its time."""
        limit = STOPPED_LIMIT if self._stopped else SILENT_LIMIT
        return self._since is not None and now - self._since > limit


def why(pid: int, *, running: bool) -> str:
    """Why a process will give no answer; empty: it may."""
    if not running:
        return "it has ended"
    return f"its process {pid} is stopped (state {state(pid)})" if is_stopped(pid) else ""
