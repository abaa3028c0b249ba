"""Replace moto's Cloud Map backend by the region's."""

from __future__ import annotations

from moto.servicediscovery import urls as their_urls
from moto.servicediscovery.models import servicediscovery_backends

from drydock.region.services.kit import register
from drydock.region.services.servicediscovery import CloudMapBackend
from drydock.region.services.servicediscovery.operations.responses import CloudMapResponses


def install() -> None:
    """Make moto build our backend."""
    register.replace(servicediscovery_backends, CloudMapBackend, their_urls, CloudMapResponses)
