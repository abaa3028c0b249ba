"""Saves the control plane a moment after it changed, on a thread of its own; the file is `statefile`'s."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from drydock.region.api import statefile
from drydock.region.api.statefile import restore
from drydock.region.api.store import Store

__all__ = ["Saver", "restore"]

log = logging.getLogger(__name__)

QUIET = 0.1
"""Seconds without a change after which a save begins."""
AT_MOST = 0.5
"""Seconds that a change waits when others keep coming."""
LOGS = 5.0
"""Seconds that new log lines and metrics alone wait: they come all the time, and cost the most."""
_STREAMS = frozenset({"cloudwatch", "logs"})


class Saver:
    """Follows a store's changes from `start` to `close`."""

    def __init__(self, store: Store, file: Path) -> None:
        self._store = store
        self._file = file
        self._saved = store.generation
        self._wake = threading.Condition()
        self._changed_at: float | None = None
        self._latest_at = 0.0
        self._only_logs = True
        self._stopping = False
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="saver", daemon=True)

    def start(self) -> None:
        """Begin to follow. Once."""
        self._store.subscribe(self._noticed)
        self._thread.start()

    @property
    def pending(self) -> bool:
        """Whether something changed that the file does not hold yet."""
        return self._store.generation != self._saved

    def _noticed(self, service: str) -> None:
        with self._wake:
            now = time.monotonic()
            self._latest_at = now
            if self._changed_at is None:
                self._changed_at = now
            self._only_logs = self._only_logs and service in _STREAMS
            self._wake.notify()

    def _due(self) -> float | None:
        """When the next save begins (monotonic seconds); None: nothing to save."""
        if self._changed_at is None:
            return None
        if self._only_logs:
            return self._changed_at + LOGS
        return min(self._latest_at + QUIET, self._changed_at + AT_MOST)

    def _run(self) -> None:
        while True:
            with self._wake:
                due = self._due()
                if self._stopping:
                    return
                if due is None or due > time.monotonic():
                    self._wake.wait(None if due is None else max(due - time.monotonic(), 0))
                    continue
                self._changed_at, self._only_logs = None, True
            try:
                self.flush()
            except Exception as error:
                # The next change tries again; close() raises it where somebody reads it.
                log.exception("the region could not be saved: %s", error)  # noqa: TRY401

    def flush(self) -> None:
        """Save now, if anything changed since the last time. Raises OSError, pickle.PicklingError."""
        with self._writing:
            if self._store.generation != self._saved:
                self._saved = self._store.saved = statefile.save(self._store, self._file)

    def close(self) -> None:
        """End the thread and save what is left. Raises as `flush`. Idempotent."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()
        self.flush()
