"""How far the logs of load balancers were delivered: kept with the control plane.

An object in a bucket and the word that its lines are there are saved in one piece, so that a region
that ends at any moment neither loses a line nor delivers one twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Delivery:
    """One load balancer's logs; it outlives the load balancer until everything is delivered."""

    destinations: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Kind of log (`access_logs`, `connection_logs`) → bucket and prefix."""
    address: str = ""
    """Of the node that the files are named after."""
    offsets: dict[str, dict[str, int]] = field(default_factory=dict)
    """Kind of log → file's name → bytes that need no more looking at."""


def deliveries(backend: Any) -> dict[str, Delivery]:
    """By load balancer's ARN; part of ELB's backend. Under the store's lock."""
    found: dict[str, Delivery] = vars(backend).setdefault("log_deliveries", {})
    return found
