"""ELBv2: load balancers, listeners, rules, target groups."""

from __future__ import annotations

from moto.elbv2.models import elbv2_backends

from drydock.region.api.gaps import overlay
from drydock.region.api.gaps.elbv2.backend import ElbBackend
from drydock.region.api.gaps.elbv2.balancers import LoadBalancer
from drydock.region.api.gaps.elbv2.targets import Health, TargetGroup

__all__ = ["ElbBackend", "Health", "LoadBalancer", "TargetGroup", "install"]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(elbv2_backends, ElbBackend)
