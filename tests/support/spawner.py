"""A Spawner without namespaces, to test one part of the data plane alone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import threading

from drydock.errors import SpawnFailed
from drydock.region.dataplane.processes.client import OnExit, Process
from drydock.region.dataplane.processes.protocol import ProcessSpec, Started


class LocalSpawner:
    """Starts ordinary child processes; ignores netns, uid, resolv_conf and capabilities."""

    def __init__(self) -> None:
        self.children: list[subprocess.Popen[bytes]] = []

    def spawn(self, spec: ProcessSpec, on_exit: OnExit | None = None) -> Process:
        # subprocess keeps descriptor numbers; the contract wants 3, 4, 5 …, which a shim arranges
        renumber = "; ".join(f"os.dup2({fd}, {3 + i})" for i, fd in enumerate(spec.pass_fds))
        fds = tuple(spec.pass_fds)
        made: list[int] = []
        if fds and max(fds) >= 3 and fds != tuple(range(3, 3 + len(fds))):
            high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 3 + len(fds)) for fd in fds]
            made = high
            renumber = "; ".join(f"os.dup2({fd}, {3 + i})" for i, fd in enumerate(high))
            fds = tuple(high)
        argv = list(spec.argv)
        if fds:
            code = f"import os, sys; {renumber}; os.execv(sys.argv[1], sys.argv[1:])"
            argv = ["python3", "-c", code, *argv]
            fds = (*fds, *range(3, 3 + len(fds)))
        try:
            child = subprocess.Popen(
                argv,
                env=dict(spec.env),
                cwd=spec.cwd,
                stdin=spec.stdin if spec.stdin is not None else subprocess.DEVNULL,
                stdout=spec.stdout,
                stderr=spec.stderr,
                pass_fds=fds,
                start_new_session=True,  # as the region's init does
            )
        except OSError as error:
            raise SpawnFailed(f"cannot start {argv[0]}", str(error)) from error
        finally:
            for fd in made:
                os.close(fd)
        self.children.append(child)
        process = Process(Started(child.pid, child.pid), _signal)

        def reap() -> None:
            code = child.wait()
            process.has_ended(code if code >= 0 else 128 - code)
            if on_exit is not None:
                on_exit(process)

        threading.Thread(target=reap, daemon=True).start()
        return process

    def close(self) -> None:
        for child in self.children:
            if child.poll() is None:
                os.killpg(child.pid, 9)


def _signal(group: int, number: int, _everything: bool) -> None:
    """Signal a process group as the region's PID 1 does: ignore one that has ended."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
