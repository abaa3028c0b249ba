"""Replace moto's EC2 backend by the region's."""

from __future__ import annotations

from moto.ec2 import urls as their_urls
from moto.ec2.models import ec2_backends

from drydock.region.services.ec2 import Ec2Backend
from drydock.region.services.ec2.operations.backend import EC2Response
from drydock.region.services.kit import register


def install() -> None:
    """Make moto build our backend."""
    register.replace(ec2_backends, Ec2Backend, their_urls, EC2Response)
