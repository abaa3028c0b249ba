"""Route 53: hosted zones, their records, and health checks."""

from __future__ import annotations

from moto.route53.models import route53_backends

from drydock.region.api.gaps import overlay
from drydock.region.api.gaps.route53.backend import Route53Backend
from drydock.region.api.gaps.route53.checks import HealthCheck, Observation
from drydock.region.api.gaps.route53.zones import HostedZone

__all__ = ["HealthCheck", "HostedZone", "Observation", "Route53Backend", "install"]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(route53_backends, Route53Backend)
