"""Several worker processes on one port, and the parent that supervises them.

Each worker is a whole server. The kernel distributes new connections (SO_REUSEPORT), all workers
use the same database, and their metrics are added up.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from tasklist.errors import TasklistError
from tasklist.listener import reserve
from tasklist.logs import JsonLog
from tasklist.settings import Settings

# a worker that dies sooner would not fare better the next time
YOUNG_SECONDS = 1.0
# there is memory even where the root filesystem is read-only
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own in it, private to the user
_METRICS = "tasklist-metrics-"
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>


def serve(settings: Settings) -> NoReturn:
    """Serve in `settings.workers` processes until a signal ends it, and exit with the exit code.

    Raises ListenError.
    """
    with shared_metrics():
        # the folder of the metrics is chosen when prometheus_client is imported; and what is
        # imported before the fork is in memory once
        from tasklist import serve as worker  # noqa: PLC0415

        reserved = reserve(settings.listen_host, settings.listen_port)
        host, port = reserved.getsockname()[:2]
        gc.freeze()  # a collection in a worker would copy every page that it touches
        with reserved:
            code = Workers(settings.workers, lambda: worker.serve_at(settings, host, port)).run()
    sys.exit(code)


@contextmanager
def shared_metrics() -> Iterator[None]:
    """Provide a folder in memory for the workers' metrics, so that each worker can report the sum.

    See https://prometheus.github.io/client_python/multiprocess/.
    """
    shared = os.access(_SHARED_MEMORY, os.W_OK)
    place = _SHARED_MEMORY if shared else Path(tempfile.gettempdir())
    _sweep(place)
    folder, lock = _locked_folder(place)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked_folder(place: Path) -> tuple[Path, int]:
    """Create a folder; return it and a descriptor whose lock lasts as long as this process or a worker."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_METRICS, dir=place))
        lock = _lock(folder)
        if lock is not None and folder.exists():
            return folder, lock
        if lock is not None:
            os.close(lock)  # another server's sweep came between the two


def _sweep(place: Path) -> None:
    """Remove folders of servers that were killed. Folders of others are locked, or have another owner."""
    for folder in place.glob(f"{_METRICS}*"):
        lock = _lock(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _lock(folder: Path) -> int | None:
    """Return a descriptor that holds the folder's lock; None if it is locked or another user's."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
    except BlockingIOError:
        pass  # a server that lives has it
    os.close(descriptor)
    return None


class Workers:
    """Forks `count` workers that run `work`, and waits for them.

    A worker that the kernel killed (no memory left, a fault in native code) is replaced at once:
    the others' requests go on, which would be lost if the whole task ended. A worker that ends by
    itself, or that dies soon after its start, ends the server with 1: then its starter decides.
    """

    def __init__(self, count: int, work: Callable[[], NoReturn]) -> None:
        self._count = count
        self._work = work
        self._log = JsonLog()
        self._started: dict[int, float] = {}
        self._stopping = False

    def run(self) -> int:
        """Return 0 if a signal asked for the end and every worker ended well, else 1."""
        for number in _SIGNALS:
            signal.signal(number, self._received)
        for _ in range(self._count):
            self._start()
        code = 0
        while self._started:
            pid, status = os.wait()
            started = self._started.pop(pid, None)
            if started is None:
                continue  # as PID 1 of a container we also inherit other processes' children
            _forget_gauges(pid)
            if self._stopping:
                code = code or int(status != 0)
                continue
            old = time.monotonic() - started > YOUNG_SECONDS
            replaced = os.WIFSIGNALED(status) and old
            ended = os.waitstatus_to_exitcode(status)
            self._log.write("error", "worker_lost", worker=pid, exit=ended, replaced=replaced)
            if replaced:
                self._start()
            else:
                code = 1
                self._stop()
        return code

    def _start(self) -> None:
        # a signal between the fork and the line after it would miss this worker
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        parent = os.getpid()
        try:
            pid = os.fork()
            if pid == 0:
                self._become_worker(parent)
            self._started[pid] = time.monotonic()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        if self._stopping:  # the signal came just before
            os.kill(pid, signal.SIGTERM)

    def _become_worker(self, parent: int) -> NoReturn:
        code = 1
        try:
            # what a terminal or a script sends to the whole group comes through the parent only
            os.setpgid(0, 0)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            die_with(parent)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            self._work()
        except TasklistError as error:
            sys.stderr.write(f"tasklist: {error}\n")
            code = error.exit_code
        finally:
            # never return into the parent's code; log an unexpected error
            if (unforeseen := sys.exception()) is not None:
                self._log.exception("worker_failed", unforeseen)
            os._exit(code)

    def _received(self, number: int, _frame: object) -> None:
        self._log.info("stopping_workers", signal=signal.Signals(number).name)
        self._stop()

    def _stop(self) -> None:
        """Send SIGTERM to each worker: it drains at the first one and stops at the second."""
        self._stopping = True
        for pid in self._started:
            # a signal may come between the end of a worker and the line that forgets it
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent dies. Linux only."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _forget_gauges(pid: int) -> None:
    """Remove a dead worker's gauges; its counters stay."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - see serve

    mark_process_dead(pid)  # type: ignore[no-untyped-call]
