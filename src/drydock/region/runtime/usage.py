"""What tasks' processes use: processor time so far, and memory now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drydock.region.runtime import consumption


@dataclass(frozen=True)
class Usage:
    """Of all processes of a task."""

    cpu: float
    """Seconds of processor time so far."""
    memory: int
    """Bytes."""


def measure(pids: Mapping[str, Sequence[int]]) -> dict[str, Usage]:
    """Task → what its processes use; `pids` are the host's ids of its containers' first processes."""
    found = {}
    for key, first in pids.items():
        family = [one for pid in first for one in consumption.family(pid)]
        found[key] = Usage(consumption.cpu_seconds(family), consumption.memory(family))
    return found
