"""Replace moto's ACM backend by the region's."""

from __future__ import annotations

from moto.acm import urls as their_urls
from moto.acm.models import acm_backends

from drydock.region.services.acm import AcmBackend
from drydock.region.services.acm.operations.responses import AcmResponse
from drydock.region.services.kit import register


def install() -> None:
    """Make moto build our backend."""
    register.replace(acm_backends, AcmBackend, their_urls, AcmResponse)
