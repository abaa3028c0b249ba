"""Replace moto's Cloud Map backend by the region's."""

from __future__ import annotations

from moto.servicediscovery.models import servicediscovery_backends

from drydock.region.services.kit import register
from drydock.region.services.servicediscovery import CloudMapBackend


def install() -> None:
    """Make moto build our backend."""
    register.replace(servicediscovery_backends, CloudMapBackend)
