"""Start HAProxy processes: the parameters that all of them share."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from drydock.errors import BalancerFailed, SpawnFailed
from drydock.region.dataplane.balancer.program import haproxy_program
from drydock.region.dataplane.processes.client import Process, Spawner
from drydock.region.dataplane.processes.protocol import ProcessSpec

START_TIMEOUT = 10.0
"""Seconds for a new process to answer on its runtime socket."""
FIRST_FD = 3
"""The number that the first passed descriptor has in the process."""


@contextmanager
def stats_socket() -> Iterator[tuple[socket.socket, str]]:
    """Yield a socket to be passed as the runtime socket, and its address."""
    with socket.socket(socket.AF_UNIX) as stats:
        # abstract: no file to remove; random: no other process can bind it first
        address = f"\0drydock-{secrets.token_hex(16)}"
        stats.bind(address)
        stats.listen(64)
        yield stats, address


@dataclass(frozen=True)
class Files:
    """The files of a process: its configuration, its log, its working folder."""

    config: Path
    log: Path
    """Made anew; only its owner may read it."""
    folder: Path
    """Where it works."""


def spawn(
    spawner: Spawner,
    files: Files,
    passed: Sequence[int],
    netns: int | None,
    on_exit: Callable[[Process], None],
    *,
    quiet: bool = True,
) -> Process:
    """Start a process; it reports on its runtime socket whether it serves.

    Not `quiet`: it only checks.

    Raises BalancerFailed, ProgramMissing.
    """
    files.log.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
    printed = os.open(files.log, flags, 0o600)
    # quiet: otherwise it prints a line whenever a target comes or goes
    how = "-q" if quiet else "-c"
    try:
        return spawner.spawn(
            ProcessSpec(
                argv=[haproxy_program(), "-db", how, "-f", str(files.config)],
                env={},
                cwd=str(files.folder),
                netns=netns,
                stdout=printed,
                stderr=printed,
                pass_fds=passed,
            ),
            on_exit,
        )
    except SpawnFailed as error:
        raise BalancerFailed("HAProxy does not start", str(error)) from error
    finally:
        os.close(printed)
