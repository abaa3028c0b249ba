"""Replace moto's ELBv2 backend by the region's."""

from __future__ import annotations

from moto.elbv2 import urls as their_urls
from moto.elbv2.models import elbv2_backends

from drydock.region.services.elbv2 import ElbBackend, LoadBalancer, TargetGroup
from drydock.region.services.elbv2.operations.responses import ElbResponse
from drydock.region.services.kit import register

RECORDS = {"load_balancers": (LoadBalancer,), "target_groups": (TargetGroup,)}


def forget_observations(backend: ElbBackend) -> None:
    """Reset what was observed: no node balances, and no target was checked."""
    for balancer in backend.load_balancers.values():
        balancer.state = "provisioning"
    for group in backend.target_groups.values():
        group.observed.clear()
        group.draining.clear()


def install() -> None:
    """Make moto build our backend."""
    register.replace(elbv2_backends, ElbBackend, their_urls, ElbResponse)
