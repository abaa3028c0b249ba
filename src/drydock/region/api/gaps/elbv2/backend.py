"""Our ELBv2 backend. Classic load balancers, which share its address, are not there."""

from __future__ import annotations

from typing import Any

from moto.elbv2 import urls as their_urls

from drydock.region.api.gaps import overlay
from drydock.region.api.gaps.elbv2.responses import ElbResponse
from drydock.region.api.gaps.elbv2.rules import RuleOperations


class ElbBackend(RuleOperations):
    """ELBv2 as it is asked for; the controller writes states and target health."""

    @property
    def _url_module(self) -> Any:
        return overlay.urls(their_urls, ElbResponse)
