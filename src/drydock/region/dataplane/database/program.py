"""Run PostgreSQL's programs to their end."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence

from drydock.region.dataplane.processes.client import Spawner
from drydock.region.dataplane.processes.protocol import ProcessSpec

SERVER_UID = 1000
"""PostgreSQL refuses to run as root, also as the root of a user namespace."""
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C", "TZ": "UTC"}


def run(
    spawner: Spawner,
    argv: Sequence[str],
    timeout: float,
    cwd: str = "/",
    environment: Mapping[str, str] | None = None,
) -> tuple[int | None, str]:
    """Return a program's exit code and all that it printed; None: killed after `timeout` seconds.

    `environment` is added to `ENVIRONMENT`.
    """
    with tempfile.TemporaryFile() as output:
        process = spawner.spawn(
            ProcessSpec(
                argv=argv,
                env={**ENVIRONMENT, **(environment or {})},
                cwd=cwd,
                stdout=output.fileno(),
                stderr=output.fileno(),
                uid=SERVER_UID,
                gid=SERVER_UID,
            )
        )
        code = process.wait(timeout)
        if code is None:
            process.kill()
            process.wait(10)
        output.seek(0)
        return code, output.read().decode(errors="replace")
