"""Cloud Map: namespaces, services and instances, and the hosted zones that they are found in."""

from __future__ import annotations

from moto.servicediscovery.models import servicediscovery_backends

from drydock.region.api.gaps import overlay
from drydock.region.api.gaps.servicediscovery.backend import CloudMapBackend

__all__ = ["CloudMapBackend", "install"]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(servicediscovery_backends, CloudMapBackend)
