"""Replace moto's Route 53 backend by the region's."""

from __future__ import annotations

from moto.route53 import urls as their_urls
from moto.route53.models import route53_backends

from drydock.region.services.kit import register
from drydock.region.services.route53 import Route53Backend
from drydock.region.services.route53.operations.backend import MORE_PATHS
from drydock.region.services.route53.operations.checks import HealthCheck
from drydock.region.services.route53.operations.responses import Route53Responses

RECORDS = {"health_checks": (HealthCheck,)}


def forget_observations(backend: Route53Backend) -> None:
    """Reset what was observed: no name server answers, and no health check was made."""
    backend.serving = {}
    for check in backend.health_checks.values():
        check.observed = None


def install() -> None:
    """Make moto build our backend."""
    register.replace(route53_backends, Route53Backend, their_urls, Route53Responses, MORE_PATHS)
