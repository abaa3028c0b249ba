"""EC2: VPCs, subnets, security groups, network interfaces."""

from __future__ import annotations

from drydock.region.api.gaps import quickly

quickly.import_ec2()

from moto.ec2.models import ec2_backends  # noqa: E402

from drydock.region.api.gaps import overlay  # noqa: E402
from drydock.region.api.gaps.ec2.backend import Ec2Backend  # noqa: E402
from drydock.region.api.gaps.ec2.interfaces import ManagedInterface  # noqa: E402

__all__ = ["Ec2Backend", "ManagedInterface", "install"]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(ec2_backends, Ec2Backend)
