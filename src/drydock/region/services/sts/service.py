"""Replace moto's STS backend by the region's."""

from __future__ import annotations

from moto.sts import urls as their_urls
from moto.sts.models import sts_backends

from drydock.region.services.kit import register
from drydock.region.services.sts.operations import StsBackend, StsResponse


def install() -> None:
    """Make moto build our backend."""
    register.replace(sts_backends, StsBackend, their_urls, StsResponse)
