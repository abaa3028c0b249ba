"""Which services a request or a controller has changed besides the one it names.

A gap that touches another service's records (a load balancer makes network interfaces) says so
here; the store collects it when its lock is let go.
"""

from __future__ import annotations

import threading

_touched = threading.local()


def touch(service: str) -> None:
    """Note that records of `service` were changed by the code that runs now, under the store's lock."""
    names: set[str] = _touched.__dict__.setdefault("names", set())
    names.add(service)


def take() -> set[str]:
    """The services noted by this thread since the last call."""
    names: set[str] = _touched.__dict__.setdefault("names", set())
    _touched.names = set()
    return names
