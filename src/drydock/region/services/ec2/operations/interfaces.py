"""Network interfaces: addresses from the subnet's own range, and interfaces owned by a service.

moto 5.2.5 takes a random address, from the subnet's range at best: not unique, and AWS's five
reserved ones too; it deletes an interface that is in use, and a security group or subnet that an
interface still needs. An interface of a service (a task's, a load balancer's, a database's) is
`requester_managed`, "in-use" from the start, and is deleted only with its owner.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.subnets import Subnet
from moto.ec2.utils import random_public_ip
from moto.moto_api._internal import mock_random

from drydock.region.api.changes import touch

_INTERFACE_TYPES = {"nat": "nat_gateway", "vpce": "vpc_endpoint"}
_RESERVED_LOW, _RESERVED_HIGH = 4, 1
"""AWS reserves a subnet's first four addresses and its last one."""


class ManagedInterface(NetworkInterface):
    """An interface that belongs to a service."""

    @property
    def attachment(self) -> Any:
        """The attachment as an AWS service makes it: no instance, another owner."""
        return {
            "AttachTime": self.attach_time,
            "AttachmentId": self.attachment_id,
            "DeleteOnTermination": False,
            "DeviceIndex": 1,
            "InstanceOwnerId": self.requester_id,
            "NetworkCardIndex": 0,
            "Status": "attached",
        }

    @property
    def association(self) -> dict[str, Any]:
        """The public address with AWS's DNS name of it (moto 5.2.5: an internal one)."""
        shown = super().association
        if shown:
            region = self.ec2_backend.region_name
            zone = "compute-1" if region == "us-east-1" else f"{region}.compute"
            dashed = str(self.public_ip).replace(".", "-")
            shown["publicDnsName"] = f"ec2-{dashed}.{zone}.amazonaws.com"
        return shown


class InterfaceOperations(EC2Backend):
    """The interfaces' part of the EC2 backend."""

    def create_network_interface(
        self,
        subnet: Subnet | str,
        private_ip_address: str | list[str] | None,
        private_ip_addresses: list[dict[str, Any]] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> NetworkInterface:
        """Make an interface with a free address of its subnet.

        An address outside the range was made up by moto's own code and is replaced; a client's
        address is checked by `check_address` before.
        """
        place = self.get_subnet(subnet) if isinstance(subnet, str) else subnet
        made_up = isinstance(private_ip_address, str) and not _inside(place, private_ip_address)
        if made_up or not (private_ip_address or private_ip_addresses):
            private_ip_address = self.free_address(place)
        eni: NetworkInterface = super().create_network_interface(
            place, private_ip_address or "", private_ip_addresses, *args, **kwargs
        )
        eni.private_dns_name = self._dns_name(str(eni.private_ip_address))
        for address in eni.private_ip_addresses:
            address["PrivateDnsName"] = self._dns_name(str(address["PrivateIpAddress"]))
        return eni

    def create_managed_eni(
        self,
        subnet_id: str,
        *,
        group_ids: list[str],
        description: str,
        requester: str,
        public_ip: bool = False,
    ) -> NetworkInterface:
        """Make an interface of the service `requester` ("ecs", "elb", "rds"), in use until it is
        deleted.

        Raises EC2ClientError: no such subnet or group, or the subnet is full
        (InsufficientFreeAddressesInSubnet).
        """
        for group in group_ids:
            self.describe_security_groups(group_ids=[group])
        eni = self.create_network_interface(
            subnet_id, None, None, group_ids=group_ids, description=description
        )
        self.manage(eni, requester, description)
        if public_ip:
            eni.public_ip = self.free_public_address()
        return eni

    def manage(self, eni: NetworkInterface, requester: str, description: str) -> None:
        """Make `eni` an interface that belongs to a service and is in use."""
        eni.__class__ = ManagedInterface  # type: ignore[type-abstract]
        eni.interface_type = _INTERFACE_TYPES.get(requester, "interface")
        eni.description = description
        eni.requester_managed = True
        eni.requester_id = f"amazon-{requester}"
        eni.status = "in-use"
        eni.attachment_id = f"ela-attach-{mock_random.get_random_hex(17)}"
        eni.attach_time = utcnow()
        touch("ec2")

    def delete_managed_eni(self, eni_id: str) -> None:
        """Delete an interface of a service. Idempotent."""
        if self.enis.pop(eni_id, None) is not None:
            self.tags.pop(eni_id, None)
            touch("ec2")

    def delete_network_interface(self, eni_id: str) -> None:
        """DeleteNetworkInterface, refused for one in use."""
        eni = self.get_network_interface(eni_id)
        if isinstance(eni, ManagedInterface) or eni.attachment_id:
            raise EC2ClientError(
                "InvalidParameterValue", f"Network interface '{eni_id}' is currently in use."
            )
        super().delete_network_interface(eni_id)

    def free_address(self, subnet: Subnet) -> str:
        """Return the next free address of `subnet`.

        Raises EC2ClientError (InsufficientFreeAddressesInSubnet).

        Cycles through the range, so that a released address is not given out again at once.
        """
        network = IPv4Network(subnet.cidr_block)
        first = int(network.network_address) + _RESERVED_LOW
        size = network.num_addresses - _RESERVED_LOW - _RESERVED_HIGH
        used = self._addresses_of(subnet)
        start = self._cursors.get(subnet.id, 0)
        for step in range(size):
            address = str(IPv4Address(first + (start + step) % size))
            if address not in used:
                self._cursors[subnet.id] = (start + step + 1) % size
                return address
        raise EC2ClientError(
            "InsufficientFreeAddressesInSubnet",
            f"There are not enough free addresses in subnet '{subnet.id}' to satisfy the requested "
            "number of network interfaces.",
        )

    @property
    def _cursors(self) -> dict[str, int]:
        cursors: dict[str, int] = self.__dict__.setdefault("address_cursors", {})
        return cursors

    def _addresses_of(self, subnet: Subnet) -> set[str]:
        used = {str(address) for address in subnet._subnet_ips}
        for eni in self.enis.values():
            if eni.subnet.id == subnet.id:
                used.add(str(eni.private_ip_address))
                used.update(str(one["PrivateIpAddress"]) for one in eni.private_ip_addresses)
        for gateway in self.nat_gateways.values():
            if gateway.subnet_id == subnet.id:
                used.update(str(one.get("privateIp")) for one in gateway.address_set)
        return used

    def check_address(self, subnet_id: str, address: str) -> None:
        """Raise EC2ClientError for an address outside the subnet's range, reserved, or taken."""
        subnet = self.get_subnet(subnet_id)
        if not _inside(subnet, address):
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Address {address} does not fall within the subnet's address range",
            )
        if address in self._addresses_of(subnet):
            raise EC2ClientError(
                "InvalidIPAddress.InUse", "The specified address is already in use."
            )

    def free_public_address(self) -> str:
        """Return a public address that is unused in this account."""
        used = {eni.public_ip for eni in self.enis.values()} | {
            one.public_ip for one in self.addresses
        }
        while (address := random_public_ip()) in used:
            continue
        return address

    def _dns_name(self, address: str) -> str:
        zone = "ec2" if self.region_name == "us-east-1" else f"{self.region_name}.compute"
        return f"ip-{address.replace('.', '-')}.{zone}.internal"

    def delete_security_group(self, name: str | None = None, group_id: str | None = None) -> None:
        """DeleteSecurityGroup, refused while an interface has it or another group's rule names it."""
        group = self.get_security_group_by_name_or_id(group_id or name or "")
        if group is not None:
            uses = any(group in eni.group_set for eni in self.enis.values())
            if uses or self._is_referenced(group.id):
                raise DependencyViolationError(f"resource {group.id} has a dependent object")
        super().delete_security_group(name, group_id)

    def _is_referenced(self, group_id: str) -> bool:
        return any(
            rule.source_group.get("GroupId") == group_id
            for groups in self.groups.values()
            for other in groups.values()
            if other.id != group_id
            for rule in [*other.ingress_rules, *other.egress_rules]
        )

    def delete_subnet(self, subnet_id: str) -> Subnet:
        """DeleteSubnet, refused while an interface is in it."""
        if any(eni.subnet.id == subnet_id for eni in self.enis.values()):
            raise DependencyViolationError(
                f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
            )
        return super().delete_subnet(subnet_id)

    def detach_internet_gateway(self, internet_gateway_id: str, vpc_id: str) -> None:
        """DetachInternetGateway, refused while the VPC has public addresses."""
        if any(eni.public_ip and eni.vpc_id == vpc_id for eni in self.enis.values()):
            raise DependencyViolationError(
                f"Network {vpc_id} has some mapped public address(es). Please unmap those public "
                "address(es) before detaching the gateway."
            )
        super().detach_internet_gateway(internet_gateway_id, vpc_id)


def _inside(subnet: Subnet, address: str) -> bool:
    """Return whether an address is in the subnet's range, without AWS's five reserved ones."""
    network = IPv4Network(subnet.cidr_block)
    first = int(network.network_address) + _RESERVED_LOW
    last = int(network.broadcast_address) - _RESERVED_HIGH
    return first <= int(IPv4Address(address)) <= last
