"""Delivery offsets of load balancers' logs, kept with the control plane.

An object in a bucket and the note that its lines are there are saved in one piece, so that a region
that ends at any moment neither loses a line nor delivers one twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Delivery:
    """The delivery state of a load balancer's logs; it outlives the balancer until all is
    delivered.
    """

    destinations: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Kind of log (`access_logs`, `connection_logs`) → bucket and prefix."""
    address: str = ""
    """The address of the node that the files are named after."""
    offsets: dict[str, dict[str, int]] = field(default_factory=dict)
    """Kind of log → file's name → bytes that are delivered."""


def deliveries(backend: Any) -> dict[str, Delivery]:
    """Return the delivery states by load balancer ARN; part of ELB's backend.

    Under the store's lock.
    """
    found: dict[str, Delivery] = vars(backend).setdefault("log_deliveries", {})
    return found
