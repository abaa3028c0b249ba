"""NAT gateways and elastic addresses. A NAT gateway's interface has an address of its subnet, and goes
with it.

moto 5.2.5 gives the interface a random address outside the VPC and leaves it behind, and knows no
AvailabilityMode. An elastic address that moves to another interface stays with the first one too.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.responses.nat_gateways import NatGateways

from drydock.region.addresses import s3_prefix
from drydock.region.api.gaps.ec2.interfaces import InterfaceOperations


class GatewayOperations(InterfaceOperations):
    """The gateways' part of our EC2 backend."""

    def create_default_pls(self) -> None:
        """AWS's own prefix lists; S3's is where the region's S3 is, not where AWS's was one day."""
        super().create_default_pls()
        name = f"com.amazonaws.{self.region_name}.s3"
        lists: list[Any] = list(self.managed_prefix_lists.values())
        for one in lists:
            if one.prefix_list_name == name:
                one.entries[one.version] = [{"Cidr": str(s3_prefix()), "Description": "default"}]

    def allocate_address(
        self, domain: str, address: str | None = None, *args: Any, **kwargs: Any
    ) -> ElasticAddress:
        """AllocateAddress; moto 5.2.5 gives out any address, loopback ones too."""
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
        """DeleteNatGateway: its interface goes, its elastic address is free again."""
        gateway = super().delete_nat_gateway(nat_gateway_id)
        for entry in gateway.address_set:
            associated = entry.get("associationId")
            if associated and any(one.association_id == associated for one in self.addresses):
                self.disassociate_address(association_id=associated)
        self.delete_managed_eni(gateway._eni.id)
        return gateway


class GatewayResponses(NatGateways):
    """The NAT gateways' part of our EC2 operations."""

    def create_nat_gateway(self) -> ActionResult:
        """CreateNatGateway. Raises EC2ClientError: one for the whole VPC, which the region does not run.

        https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html
        """
        if self._get_param("AvailabilityMode") == "regional":
            raise EC2ClientError(
                "UnsupportedOperation",
                "The local region has no regional NAT gateways: use AvailabilityMode zonal, one in "
                "each zone.",
            )
        return super().create_nat_gateway()
