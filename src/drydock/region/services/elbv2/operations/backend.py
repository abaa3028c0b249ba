"""The ELBv2 backend. Classic load balancers, which share its endpoint, are not supported."""

from __future__ import annotations

from typing import Any

from moto.elbv2 import urls as their_urls

from drydock.region.services.elbv2.operations.responses import ElbResponse
from drydock.region.services.elbv2.operations.rules import RuleOperations
from drydock.region.services.kit import register


class ElbBackend(RuleOperations):
    """The ELBv2 backend of the API; the controller writes states and target health."""

    @property
    def _url_module(self) -> Any:
        return register.urls(their_urls, ElbResponse)
