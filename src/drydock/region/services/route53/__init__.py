"""Route 53: hosted zones, their records, and health checks."""

from __future__ import annotations

from drydock.region.services.route53.operations.backend import Route53Backend
from drydock.region.services.route53.operations.checks import HealthCheck, Observation
from drydock.region.services.route53.operations.zones import HostedZone

__all__ = ["HealthCheck", "HostedZone", "Observation", "Route53Backend"]
