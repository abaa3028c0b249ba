"""Start, stop and find the region of a working folder, from the host."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from drydock import loopback
from drydock.alive import born, is_stopped, state
from drydock.config import Config
from drydock.errors import (
    FileDamaged,
    NamespacesUnavailable,
    NotSaved,
    RegionAlreadyRunning,
    RegionError,
    RegionNotRunning,
    RegionStartFailed,
)
from drydock.keys import OPEN, AccessKey
from drydock.paths import Workspace, full, write_private

START_SECONDS = 30
STOP_SECONDS = 35
_END_SECONDS = 3
_GENERATIONS = 4
"""Levels: the porter, the process that waits for PID 1, PID 1, and all that PID 1 has started."""
_RECORD_SECONDS = 0.5
"""Seconds for the porter to write its record again."""


@dataclass(frozen=True)
class RegionRecord:
    """A running region. `pid` is the porter's and `daemon_pid` the daemon's, as the host sees them."""

    endpoint: str
    pid: int
    daemon_pid: int
    started_at: str
    region: str
    account_id: str
    log: str
    id: str
    """The control plane's identity: it changes with a purge, so that an old plan is recognised."""
    dns: str = ""
    """The address of the DNS server on loopback: `127.0.0.1:5354`."""
    access_key: str = OPEN.id
    """The access key of the account's root; the secret follows."""
    secret_key: str = field(default=OPEN.secret, repr=False)
    note: str = ""
    """A message for the user about this start."""

    @property
    def key(self) -> AccessKey:
        return AccessKey(self.access_key, self.secret_key)


def start(workspace: Workspace, config: Config) -> RegionRecord:
    """Start the region of a folder and wait until its API answers.

    Raises RegionAlreadyRunning, NamespacesUnavailable, RegionStartFailed, FileDamaged.
    """
    try:
        return _start(workspace, config)
    except OSError as error:
        raise RegionStartFailed(
            f"the region in {workspace.root} did not start",
            f"{error.filename or workspace.region}: {error.strerror or error}",
            "make room on the disk" if full(error) else f"look after {workspace.folder}",
        ) from error


def _start(workspace: Workspace, config: Config) -> RegionRecord:
    workspace.create()
    record = running(workspace)
    if record is None or born(record.pid) is None:
        # one that ends holds the lock for a moment after its record, or its porter, is gone
        seconds = _END_SECONDS if record is None else STOP_SECONDS
        record = None if _wait_unlocked(workspace, seconds) else running(workspace)
    if record is not None:
        raise RegionAlreadyRunning(
            "the region",
            f"one runs already in this folder (pid {record.pid}, {record.endpoint})",
            "use it, or stop it with `drydock region stop`",
        )
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "drydock.region.host.porter", str(workspace.root), str(writer)]
    write_private(workspace.config, config.model_dump_json())
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_VAR_"))}
    log = os.open(workspace.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        porter = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(writer,),
            env=environment,
            cwd=workspace.root,
            start_new_session=True,
        )
    finally:
        os.close(log)
        os.close(writer)
    try:
        answer = _read_answer(reader)
    except BaseException:
        porter.kill()
        porter.wait()
        raise
    finally:
        os.close(reader)
    if "error" in answer:
        porter.wait()
        raise _start_error(answer, workspace)
    porter.returncode = 0  # it lives on by design; without this, subprocess warns of a lost child
    return _record(answer)


def _read_answer(reader: int) -> dict[str, Any]:
    """Read the porter's one line; an empty pipe means that it died."""
    deadline = time.monotonic() + START_SECONDS
    line = b""
    poll = select.poll()  # select(2) knows no descriptor above 1023
    poll.register(reader, select.POLLIN)
    while not line.endswith(b"\n"):
        if not poll.poll(1000 * max(0.0, deadline - time.monotonic())):
            return {"error": "daemon", "words": f"no answer within {START_SECONDS} s"}
        part = os.read(reader, 65536)
        if not part:
            return {"error": "daemon", "words": "the porter ended before the API answered"}
        line += part
    answer: dict[str, Any] = json.loads(line)
    return answer


def _start_error(answer: dict[str, Any], workspace: Workspace) -> RegionError:
    if answer["error"] == "already running":
        return RegionAlreadyRunning(
            "the region", "one is starting or running in this folder", "run `drydock region status`"
        )
    if answer["error"] == "namespaces":
        return NamespacesUnavailable(
            "the region needs user and network namespaces",
            f"the kernel refuses: {answer['words']}",
            "run `drydock doctor`, which names the setting",
        )
    return RegionStartFailed(
        "the region did not start",
        answer.get("words", answer["error"]),
        answer.get("remedy") or f"read the end of {workspace.log}",
    )


def _record(answer: dict[str, Any]) -> RegionRecord:
    known = fields(RegionRecord)
    needed = {one.name: answer[one.name] for one in known if one.default is MISSING}
    more = {one.name: answer[one.name] for one in known if one.name in answer}
    record = RegionRecord(**{**needed, **more})
    for one in known:
        if type(getattr(record, one.name)) is not (int if one.type == "int" else str):
            raise TypeError(one.name)
    return record


def running(workspace: Workspace) -> RegionRecord | None:
    """Return the region of this folder if one runs: its lock shows that, its record the details.

    A record that is damaged or gone is written again by the porter, which has the region's lock.
    """
    if not _is_locked(workspace):
        return None
    if (record := _saved_record(workspace)) is not None:
        return record
    porter = _porter(workspace)
    if porter is None:
        return None
    _signal(porter, signal.SIGUSR1)
    deadline = time.monotonic() + _RECORD_SECONDS
    while time.monotonic() < deadline:
        if (record := _saved_record(workspace)) is not None:
            return record
        time.sleep(0.02)
    return None


def _saved_record(workspace: Workspace) -> RegionRecord | None:
    try:
        return _record(json.loads(workspace.record.read_text()))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


_PORTERS = frozenset({b"drydock.region.host.porter", b"drydock.region.porter"})
"""The porter's module: today's, and that of a region which an older version started."""


def _porter(workspace: Workspace) -> int | None:
    """Return the pid of the porter, which it has written into the file that it keeps locked."""
    try:
        pid = int(workspace.lock.read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    ours = not _PORTERS.isdisjoint(words) and os.fsencode(workspace.root) in words
    return pid if ours else None


def _is_locked(workspace: Workspace) -> bool:
    try:
        descriptor = os.open(workspace.lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise FileDamaged(
            f"{workspace.lock} is damaged",
            f"it cannot be opened ({error.strerror})",
            "delete it while no region runs in this folder",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def require(workspace: Workspace) -> RegionRecord:
    """Return the running region. Raises RegionNotRunning."""
    record = running(workspace)
    if record is None:
        raise RegionNotRunning(
            "the region",
            f"none runs in {workspace.root}",
            "start it with `drydock region start` or `drydock up`",
        )
    return record


def stop(workspace: Workspace, *, force: bool = False) -> bool:
    """Stop the region, in order and then by force; its data stays.

    Return False if none was running.

    Raises NotSaved: its state cannot be written to the disk; it goes on running, unless `force`.
    """
    record = running(workspace)
    porter = record.pid if record is not None else _porter(workspace)
    if porter is None:
        return False
    _let_go_on(porter)
    if record is not None and not force and (words := _unsaved(record)):
        raise NotSaved(
            f"the region in {workspace.root} was not stopped",
            f"what it holds is not all saved: {words}",
            "make room on that disk and stop it again, or lose what is not saved: "
            "drydock region stop --force",
        )
    _signal(porter, signal.SIGTERM)
    if not _wait_unlocked(workspace, STOP_SECONDS):
        _signal(porter, signal.SIGKILL)
        if not _wait_unlocked(workspace, 5):
            raise RegionError(
                "the region does not stop",
                f"its porter (pid {porter}) survived SIGKILL",
                f"read the end of {workspace.log}",
            )
    return True


def _unsaved(record: RegionRecord) -> str:
    """Make the region save its state; return why it cannot, "" also where it does not answer."""
    try:
        answer = loopback.ask(f"{record.endpoint}/_drydock/save", {}, seconds=10)
        return str(answer.get("unsaved", ""))
    except (OSError, ValueError):
        return ""


def _let_go_on(porter: int) -> None:
    """Continue the porter, PID 1 and the daemon: a stopped process cannot end in order."""
    generation = [porter]
    for _ in range(_GENERATIONS):
        for pid in generation:
            if is_stopped(pid):
                _signal(pid, signal.SIGCONT)
        generation = [child for pid in generation for child in _children(pid)]


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (OSError, ValueError):
        return []


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait_unlocked(workspace: Workspace, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _is_locked(workspace):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def check(record: RegionRecord) -> None:
    """Raise RegionNotRunning where the region's daemon is stopped and so cannot answer."""
    pid = record.daemon_pid
    if is_stopped(pid):
        raise RegionNotRunning(
            f"the region at {record.endpoint}",
            f"it does not answer: its process {pid} is stopped (state {state(pid)})",
            f"kill -CONT {pid}, or stop the region: drydock region stop",
        )


def inspect(record: RegionRecord) -> dict[str, Any]:
    """Return the region's status: endpoint, urls, tasks with process ids, databases, problems.

    Raises RegionNotRunning: it does not answer within some seconds.
    """
    status: dict[str, Any] = _ask(record, "/_drydock/status")
    return status


def kept(record: RegionRecord) -> list[dict[str, str]]:
    """Return the services whose resources are recorded but not run: {"service", "words"} of each.

    Raises RegionNotRunning: it does not answer within some seconds.
    """
    services: list[dict[str, str]] = _ask(record, "/_drydock/kept")
    return services


def _ask(record: RegionRecord, path: str) -> Any:
    check(record)
    try:
        return loopback.ask(f"{record.endpoint}{path}", seconds=10)
    except (OSError, ValueError) as error:  # URLError and TimeoutError are OSErrors
        check(record)
        raise RegionNotRunning(
            f"the region at {record.endpoint}",
            f"it does not answer ({getattr(error, 'reason', error)})",
            f"read the end of {record.log}, then `drydock region stop` and start again",
        ) from error
