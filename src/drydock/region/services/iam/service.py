"""Replace moto's IAM backend by the region's."""

from __future__ import annotations

from moto.iam import urls as their_urls
from moto.iam.models import iam_backends

from drydock.region.services.iam.operations import IamBackend, IamResponse
from drydock.region.services.kit import register


def install() -> None:
    """Make moto build our backend."""
    register.replace(iam_backends, IamBackend, their_urls, IamResponse)
