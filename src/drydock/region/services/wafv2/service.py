"""Replace moto's WAFv2 backend by the region's."""

from __future__ import annotations

from moto.wafv2 import urls as their_urls
from moto.wafv2.models import wafv2_backends

from drydock.region.services.kit import register
from drydock.region.services.wafv2 import WafBackend
from drydock.region.services.wafv2.operations.responses import WafResponse


def install() -> None:
    """Make moto build our backend."""
    register.replace(wafv2_backends, WafBackend, their_urls, WafResponse)
