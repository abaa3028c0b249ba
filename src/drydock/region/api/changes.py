"""Record the services that a request or a controller changed besides its own.

An operation that changes another service's records (a load balancer makes network interfaces)
reports it here; the store collects it when its lock is released.
"""

from __future__ import annotations

import threading

_touched = threading.local()


def touch(service: str) -> None:
    """Note that the running code changed records of `service`, under the store's lock."""
    names: set[str] = _touched.__dict__.setdefault("names", set())
    names.add(service)


def take() -> set[str]:
    """Return the services noted by this thread since the last call."""
    names: set[str] = _touched.__dict__.setdefault("names", set())
    _touched.names = set()
    return names
