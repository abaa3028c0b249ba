"""Replace moto's EFS backend by the region's."""

from __future__ import annotations

from moto.efs import urls as their_urls
from moto.efs.models import efs_backends

from drydock.region.services.efs.operations import EfsBackend, Responses
from drydock.region.services.kit import register


def install() -> None:
    """Make moto build our backend."""
    register.replace(efs_backends, EfsBackend, their_urls, Responses)
