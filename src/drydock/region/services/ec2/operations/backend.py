"""The EC2 backend: the default VPC as AWS makes it, and the operations of the other modules."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPC
from moto.ec2.responses import EC2Response as TheirResponse

from drydock.region.services.ec2.operations.acls import AclResponses
from drydock.region.services.ec2.operations.endpoints import EndpointOperations, EndpointResponses
from drydock.region.services.ec2.operations.gateways import GatewayOperations, GatewayResponses
from drydock.region.services.ec2.operations.prefix_lists import PrefixListOperations
from drydock.region.services.ec2.operations.rules import RuleOperations


class Ec2Backend(EndpointOperations, GatewayOperations, PrefixListOperations, RuleOperations):
    """The EC2 backend of the API."""

    def _load_amis(self) -> None:
        """Load no images: moto 5.2.5 makes 1,286 with a snapshot each, 0.3 s and most of the saved
        state.

        Nothing here runs EC2 instances.
        """

    def create_subnet(
        self,
        vpc_id: str,
        cidr_block: str,
        ipv6_cidr_block: str | None = None,
        availability_zone: str | None = None,
        availability_zone_id: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Subnet:
        """CreateSubnet; by default in the first zone of this region (moto 5.2.5: us-east-1a)."""
        if availability_zone is None:
            zones = {zone.zone_id: zone.name for zone in self.describe_availability_zones()}
            if availability_zone_id is None:
                availability_zone = next(iter(zones.values()))
            else:
                availability_zone = zones.get(availability_zone_id)
        subnet: Subnet = super().create_subnet(
            vpc_id,
            cidr_block,
            ipv6_cidr_block,
            availability_zone,
            availability_zone_id,
            *args,
            **kwargs,
        )
        if not self.get_vpc(vpc_id).is_default:
            subnet.default_for_az = subnet.map_public_ip_on_launch = False
        return subnet

    def delete_flow_logs(self, flow_log_ids: list[str]) -> None:
        """DeleteFlowLogs, with their tags (moto 5.2.5 keeps those, and still lists them)."""
        super().delete_flow_logs(flow_log_ids)
        for one in flow_log_ids:
            self.tags.pop(one, None)

    def create_default_vpc(self) -> VPC:
        """Make the default VPC with its internet gateway and default route, which moto 5.2.5 leaves
        out.

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


class EC2Response(AclResponses, EndpointResponses, GatewayResponses, TheirResponse):
    """The EC2 operations on our backend."""

    def create_network_interface(self) -> ActionResult:
        address = self._get_param("PrivateIpAddress")
        if address:
            backend: Any = self.ec2_backend
            backend.check_address(self._get_param("SubnetId"), address)
        return super().create_network_interface()
