"""Replace moto's Systems Manager backend by the region's."""

from __future__ import annotations

from moto.ssm import urls as their_urls
from moto.ssm.models import ssm_backends
from moto.ssm.responses import SimpleSystemManagerResponse

from drydock.region.services.kit import register
from drydock.region.services.ssm.operations import SsmBackend


def install() -> None:
    """Make moto build our backend."""
    register.replace(ssm_backends, SsmBackend, their_urls, SimpleSystemManagerResponse)
