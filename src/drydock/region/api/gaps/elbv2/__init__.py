"""ELBv2: load balancers, listeners, rules, target groups."""

from __future__ import annotations

from drydock.region.api.gaps import quickly

quickly.import_ec2()

from moto.elbv2.models import elbv2_backends  # noqa: E402

from drydock.region.api.gaps import overlay  # noqa: E402
from drydock.region.api.gaps.elbv2.backend import ElbBackend  # noqa: E402
from drydock.region.api.gaps.elbv2.balancers import LoadBalancer  # noqa: E402
from drydock.region.api.gaps.elbv2.listeners import Listener  # noqa: E402
from drydock.region.api.gaps.elbv2.rules import Rule  # noqa: E402
from drydock.region.api.gaps.elbv2.targets import Health, TargetGroup  # noqa: E402

__all__ = ["ElbBackend", "Health", "Listener", "LoadBalancer", "Rule", "TargetGroup", "install"]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(elbv2_backends, ElbBackend)
