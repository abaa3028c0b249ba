"""What moto forgets or lacks and a real client needs, one file per AWS service.

Only subclasses of moto's backends and responses; each names the moto version in which the gap was seen.
"""

from __future__ import annotations

import threading

LIGHT = frozenset({"sts"})
"""Services that can be answered before `install`: they build no backend that has gaps."""

_LOCK = threading.Lock()
_DONE = threading.Event()


def install() -> None:
    """Make moto build our backends instead of its own. Idempotent; before moto's first use.

    Imports moto's services, which takes a second: a server that starts does it on a thread.
    """
    if _DONE.is_set():
        return
    with _LOCK:
        if _DONE.is_set():
            return
        from drydock.region.api.gaps import (  # noqa: PLC0415  (moto, slow)
            applicationautoscaling,
            ec2,
            ecs,
            elbv2,
            iam,
            logs,
            rds,
        )

        for module in (ec2, ecs, elbv2, rds, iam, logs, applicationautoscaling):
            module.install()
        _DONE.set()
