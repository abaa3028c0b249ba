"""What really passes: the seam to whoever can send packets from an interface.

The local region can; AWS cannot be asked for it, so there the declared half works alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

TIMEOUT = 1.0
"""Seconds. Nothing is far away, and a packet that is dropped is never answered."""
_AT_ONCE = 6
"""Fewer than the region's API has threads, so that others are served meanwhile."""


@dataclass(frozen=True)
class Probe:
    """A connection to try over TCP."""

    source: str
    """An ENI's id, or "internet"."""
    address: str
    """An IPv4 address, or a name that the source's own resolver is asked for."""
    port: int


class Prober(Protocol):
    """Who can send packets."""

    def probe(self, source: str, address: str, port: int, timeout: float) -> bool:
        """Whether the other end answered within `timeout` seconds: it took the connection, or refused
        it itself. Raises DrydockError when it could not be tried.
        """


def observe(prober: Prober, probes: Iterable[Probe]) -> dict[Probe, bool]:
    """Try each once. Raises what the prober raises."""
    wanted = list(dict.fromkeys(probes))

    def one(probe: Probe) -> bool:
        return prober.probe(probe.source, probe.address, probe.port, TIMEOUT)

    with ThreadPoolExecutor(_AT_ONCE, "probe") as pool:
        return dict(zip(wanted, pool.map(one, wanted), strict=True))
