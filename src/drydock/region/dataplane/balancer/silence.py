"""Track a HAProxy that runs and does not answer: its health data expires, and it is ended in time."""

from __future__ import annotations

from drydock.alive import is_stopped, state

STOPPED_LIMIT = 3.0
"""Seconds after which a process that was stopped is ended, since a new one would serve."""
SILENT_LIMIT = 30.0
"""Seconds after which any other silent process is ended: a busy machine may be slow to answer."""
_PATIENCE = 2.0
"""Seconds of silence before its targets count as unavailable: it may be ending just now."""


class Silence:
    """The silence of one process, by monotonic seconds. Not thread-safe."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._stopped = False

    def begin(self, pid: int, now: float) -> None:
        """Note that it did not answer at `now`; `pid` as the host shows it."""
        self._since = now if self._since is None else self._since
        self._stopped = is_stopped(pid)

    def end(self) -> None:
        """Note that it answered, or is gone."""
        self._since, self._stopped = None, False

    def counts(self, now: float) -> bool:
        """Return whether its last observations have expired."""
        return self._since is not None and (self._stopped or now - self._since > _PATIENCE)

    def is_over(self, now: float) -> bool:
        """Return whether its time limit is over."""
        limit = STOPPED_LIMIT if self._stopped else SILENT_LIMIT
        return self._since is not None and now - self._since > limit


def why(pid: int, *, running: bool) -> str:
    """Return why a process will not answer; empty: it may."""
    if not running:
        return "it has ended"
    return f"its process {pid} is stopped (state {state(pid)})" if is_stopped(pid) else ""
