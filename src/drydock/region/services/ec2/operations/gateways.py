"""NAT gateways and elastic addresses.

A NAT gateway's interface has an address of its subnet, and is deleted with the gateway. moto 5.2.5
gives it a random address outside the VPC and leaves it behind, and lacks AvailabilityMode; an
elastic address that moves to another interface stays with the first one too.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.responses.nat_gateways import NatGateways

from drydock.region.addresses import s3_prefix
from drydock.region.services.ec2.operations.interfaces import InterfaceOperations


class GatewayOperations(InterfaceOperations):
    """The gateways' part of the EC2 backend."""

    def create_default_pls(self) -> None:
        """Make AWS's own prefix lists; S3's has the address of S3 in this region."""
        super().create_default_pls()
        name = f"com.amazonaws.{self.region_name}.s3"
        lists: list[Any] = list(self.managed_prefix_lists.values())
        for one in lists:
            if one.prefix_list_name == name:
                one.entries[one.version] = [{"Cidr": str(s3_prefix()), "Description": "default"}]

    def allocate_address(
        self, domain: str, address: str | None = None, *args: Any, **kwargs: Any
    ) -> ElasticAddress:
        """AllocateAddress; moto 5.2.5 gives out any address, even loopback ones."""
        chosen = address or self.free_public_address()
        return super().allocate_address(domain, chosen, *args, **kwargs)

    def associate_address(
        self, instance: Any = None, eni: Any = None, *args: Any, **kwargs: Any
    ) -> ElasticAddress:
        """AssociateAddress."""
        associated = super().associate_address(instance, eni, *args, **kwargs)
        for other in self.enis.values():
            if other is not associated.eni and other.public_ip == associated.public_ip:
                other.public_ip = None
        return associated

    def create_nat_gateway(self, subnet_id: str, *args: Any, **kwargs: Any) -> NatGateway:
        """CreateNatGateway."""
        gateway = super().create_nat_gateway(subnet_id, *args, **kwargs)
        gateway.availability_mode = "zonal"  # type: ignore[attr-defined]
        gateway.private_ip = str(gateway._eni.private_ip_address)
        self.manage(gateway._eni, "nat", f"Interface for NAT Gateway {gateway.id}")
        return gateway

    def delete_nat_gateway(self, nat_gateway_id: str) -> NatGateway:
        """DeleteNatGateway: delete its interface and disassociate its elastic address."""
        gateway = super().delete_nat_gateway(nat_gateway_id)
        for entry in gateway.address_set:
            associated = entry.get("associationId")
            if associated and any(one.association_id == associated for one in self.addresses):
                self.disassociate_address(association_id=associated)
        self.delete_managed_eni(gateway._eni.id)
        return gateway


class GatewayResponses(NatGateways):
    """The NAT gateways' part of the EC2 operations."""

    def create_nat_gateway(self) -> ActionResult:
        """CreateNatGateway.

        Raises EC2ClientError for a regional one, which the region does not support.

        https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html
        """
        if self._get_param("AvailabilityMode") == "regional":
            raise EC2ClientError(
                "UnsupportedOperation",
                "The local region has no regional NAT gateways: use AvailabilityMode zonal, one in "
                "each zone.",
            )
        return super().create_nat_gateway()
