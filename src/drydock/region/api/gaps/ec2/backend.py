"""Our EC2 backend: the default VPC as AWS makes it, and the interfaces' own file."""

from __future__ import annotations

from typing import Any

from moto.ec2 import urls as their_urls
from moto.ec2.models.vpcs import VPC
from moto.ec2.responses import EC2Response

from drydock.region.api.gaps import overlay
from drydock.region.api.gaps.ec2.interfaces import InterfaceOperations


class Ec2Backend(InterfaceOperations):
    """EC2 as it is asked for."""

    @property
    def _url_module(self) -> Any:
        return overlay.urls(their_urls, EC2Response)

    def _load_amis(self) -> None:
        """No images: moto 5.2.5 makes 1,286 with a snapshot each, 0.3 s and most of the saved state.

        Nothing here runs EC2 instances.
        """

    def create_default_vpc(self) -> VPC:
        """The default VPC with its internet gateway and default route, which moto 5.2.5 leaves out.

        https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
        """
        vpc = super().create_default_vpc()
        gateway = self.create_internet_gateway()
        self.attach_internet_gateway(gateway.id, vpc.id)
        (table,) = self.describe_route_tables(filters={"vpc-id": vpc.id})
        self.create_route(
            route_table_id=table.id, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.id
        )
        return vpc
