"""EC2: VPCs, subnets, security groups, network interfaces."""

from __future__ import annotations

from drydock.region.api import fast_import

fast_import.import_ec2()

from drydock.region.services.ec2.operations.backend import Ec2Backend  # noqa: E402
from drydock.region.services.ec2.operations.interfaces import ManagedInterface  # noqa: E402

__all__ = ["Ec2Backend", "ManagedInterface"]
