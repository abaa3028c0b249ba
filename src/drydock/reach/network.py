"""A whole network, immutable, with its lookups indexed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from drydock.errors import UsageError
from drydock.reach.model import (
    Acl,
    Endpoint,
    Interface,
    InternetGateway,
    NatGateway,
    Peering,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)


@dataclass(frozen=True)
class Network:
    """Everything that decides about packets in one region and account."""

    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    groups: tuple[SecurityGroup, ...] = ()
    acls: tuple[Acl, ...] = ()
    tables: tuple[RouteTable, ...] = ()
    internet_gateways: tuple[InternetGateway, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    peerings: tuple[Peering, ...] = ()
    services: Mapping[str, tuple[IPv4Network, ...]] = field(default_factory=dict)
    """Public addresses of AWS services; a service that is missing here has `SOMEWHERE`."""

    def interface(self, interface_id: str) -> Interface:
        """Return an interface by its id. Raises UsageError: EC2 did not describe it."""
        found = self._interfaces.get(interface_id)
        if found is None:
            raise UsageError(
                f"network interface {interface_id}", "EC2 does not describe it", "check its id"
            )
        return found

    def has_interface(self, interface_id: str) -> bool:
        return interface_id in self._interfaces

    def interface_at(self, vpc: str, address: IPv4Address) -> Interface | None:
        return self._addresses.get((vpc, address))

    def interface_with_public(self, address: IPv4Address) -> Interface | None:
        return self._public.get(address)

    def vpc(self, vpc_id: str) -> Vpc:
        return self._vpcs[vpc_id]

    def subnet(self, subnet_id: str) -> Subnet:
        return self._subnets[subnet_id]

    def has_subnet(self, subnet_id: str) -> bool:
        return subnet_id in self._subnets

    def group(self, group_id: str) -> SecurityGroup | None:
        return self._groups.get(group_id)

    def table_of(self, subnet: Subnet) -> RouteTable:
        """Return the route table that the subnet is associated with, else its VPC's main one."""
        own = self._tables.get(subnet.subnet_id)
        return own or self._main_tables.get(subnet.vpc) or RouteTable("(none)", subnet.vpc)

    def acl_of(self, subnet: Subnet) -> Acl | None:
        """Return the subnet's network ACL; None if EC2 described none, which means no filtering."""
        return self._acls.get(subnet.subnet_id) or self._default_acls.get(subnet.vpc)

    @cached_property
    def _vpcs(self) -> dict[str, Vpc]:
        return {one.vpc_id: one for one in self.vpcs}

    @cached_property
    def _subnets(self) -> dict[str, Subnet]:
        return {one.subnet_id: one for one in self.subnets}

    @cached_property
    def _interfaces(self) -> dict[str, Interface]:
        return {one.interface_id: one for one in self.interfaces}

    @cached_property
    def _addresses(self) -> dict[tuple[str, IPv4Address], Interface]:
        return {(one.vpc, one.address): one for one in self.interfaces}

    @cached_property
    def _public(self) -> dict[IPv4Address, Interface]:
        return {one.public: one for one in self.interfaces if one.public is not None}

    @cached_property
    def _groups(self) -> dict[str, SecurityGroup]:
        return {one.group_id: one for one in self.groups}

    @cached_property
    def _tables(self) -> dict[str, RouteTable]:
        return {subnet: one for one in self.tables for subnet in one.subnets}

    @cached_property
    def _main_tables(self) -> dict[str, RouteTable]:
        return {one.vpc: one for one in self.tables if one.main}

    @cached_property
    def _acls(self) -> dict[str, Acl]:
        return {subnet: one for one in self.acls for subnet in one.subnets}

    @cached_property
    def _default_acls(self) -> dict[str, Acl]:
        return {one.vpc: one for one in self.acls if one.default}

    @cached_property
    def gateways(self) -> dict[str, InternetGateway | NatGateway | Endpoint | Peering]:
        """The possible targets of a route, by id."""
        found: dict[str, InternetGateway | NatGateway | Endpoint | Peering] = {}
        found |= {one.gateway_id: one for one in self.internet_gateways}
        found |= {one.gateway_id: one for one in self.nat_gateways}
        found |= {one.endpoint_id: one for one in self.endpoints}
        found |= {one.peering_id: one for one in self.peerings}
        return found
