"""Observe which packets pass: the interface to a prober that can send from a network interface.

The local region is one; AWS offers none, so there only the declared half is available.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

TIMEOUT = 1.0
"""Seconds. All targets are near, and a packet that is dropped is never answered."""
_AT_ONCE = 6
"""Probes at the same time; fewer than the region's API has threads for other requests."""


@dataclass(frozen=True)
class Probe:
    """A connection to try over TCP."""

    source: str
    """An ENI's id, or "internet"."""
    address: str
    """An IPv4 address, or a name that the source's own resolver looks up."""
    port: int


class Prober(Protocol):
    """Something that can send packets from an interface."""

    def probe(self, source: str, address: str, port: int, timeout: float) -> bool:
        """Return whether the other end answered within `timeout` seconds, by accepting or refusing.

        Raises DrydockError when it could not be tried.
        """


def observe(prober: Prober, probes: Iterable[Probe]) -> dict[Probe, bool]:
    """Try each probe once; return the results. Raises what the prober raises."""
    wanted = list(dict.fromkeys(probes))

    def one(probe: Probe) -> bool:
        return prober.probe(probe.source, probe.address, probe.port, TIMEOUT)

    with ThreadPoolExecutor(_AT_ONCE, "probe") as pool:
        return dict(zip(wanted, pool.map(one, wanted), strict=True))
