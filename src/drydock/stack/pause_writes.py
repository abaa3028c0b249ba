"""Hold the local region's changes before Terraform is interrupted.

The region finishes what it has begun and begins nothing new. AWS has no such request; there
Terraform's own advice holds (let it end by itself).
"""

from __future__ import annotations

import time

from drydock.aws.target import Target
from drydock.loopback import ask

HOLD_SECONDS = 5.0
"""Terraform passes an interruption on to its providers within a fraction of this."""
_ANSWER_SECONDS = 2.0
_READ_SECONDS = 0.3


def hold_changes(target: Target) -> None:
    """Ask the region for a hold, and leave the client time to read its answers. Never raises.

    A region that does not answer changes nothing either, so Terraform can be interrupted as it is.
    """
    if not target.is_local:
        return
    try:
        ask(f"{target.endpoint}/_drydock/hold", {"seconds": HOLD_SECONDS}, seconds=_ANSWER_SECONDS)
    except (OSError, ValueError):
        return
    # No event signals that the provider has read the answers that are on their way to it.
    time.sleep(_READ_SECONDS)
