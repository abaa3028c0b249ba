"""EC2: VPCs, subnets, security groups, network interfaces."""

from __future__ import annotations

from moto.ec2.models import ec2_backends

from drydock.region.api.gaps import overlay
from drydock.region.api.gaps.ec2.backend import Ec2Backend
from drydock.region.api.gaps.ec2.interfaces import ManagedInterface

__all__ = ["Ec2Backend", "ManagedInterface", "install"]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(ec2_backends, Ec2Backend)
