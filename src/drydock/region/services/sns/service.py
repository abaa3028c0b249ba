"""Replace moto's SNS backend by the region's."""

from __future__ import annotations

from moto.sns import urls as their_urls
from moto.sns.models import sns_backends

from drydock.region.services.kit import register
from drydock.region.services.sns.operations import SnsBackend


def install() -> None:
    """Make moto build our backend."""
    register.replace(sns_backends, SnsBackend, their_urls)
