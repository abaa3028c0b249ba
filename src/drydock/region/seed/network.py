"""Make VPCs and subnets with given ids, and their routes to the internet.

Public subnets share a route table with a route to the internet gateway; the others have the VPC's
main one, which leads to the NAT gateway where there is one.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.route_tables import RouteTable
from moto.ec2.models.vpcs import VPC

from drydock.account import Subnet, Vpc
from drydock.region.services.ec2 import Ec2Backend

_ANYWHERE = "0.0.0.0/0"


def make_vpc(ec2: Ec2Backend, wanted: Vpc) -> None:
    """Make a VPC with AWS's default resources. (moto 5.2.5's create_vpc takes no id.)"""
    vpc = VPC(ec2, wanted.id, str(wanted.cidr), is_default=False)  # type: ignore[abstract]
    vpc.enable_dns_hostnames = wanted.dns_hostnames
    _tag(vpc, wanted.name, wanted.tags)
    ec2.vpcs[vpc.id] = vpc
    ec2.create_route_table(vpc.id, main=True)
    ec2.create_network_acl(vpc.id, default=True)
    ec2.create_security_group(
        "default", "default VPC security group", vpc_id=vpc.id, is_default=True
    )


def make_gateway(ec2: Ec2Backend, vpc_id: str) -> None:
    """Make an internet gateway, and the route table of public subnets."""
    gateway = ec2.create_internet_gateway()
    ec2.attach_internet_gateway(gateway.id, vpc_id)
    _public_table(ec2, vpc_id)


def make_subnet(ec2: Ec2Backend, vpc_id: str, wanted: Subnet) -> None:
    """Make a subnet with a given id. (moto 5.2.5's create_subnet takes none.)"""
    subnet = ec2.create_subnet(vpc_id, str(wanted.cidr), availability_zone=wanted.zone)
    in_zone = ec2.subnets[wanted.zone]
    former = subnet.id
    subnet.id = wanted.id
    in_zone[wanted.id] = in_zone.pop(former)
    for acl in ec2.network_acls.values():
        for association in acl._associations.values():
            if association.subnet_id == former:
                association.subnet_id = wanted.id
    _tag(subnet, wanted.name, wanted.tags)
    if wanted.public:
        table = _public_table(ec2, vpc_id)
        ec2.associate_route_table(table.id, subnet_id=wanted.id)


def make_nat(ec2: Ec2Backend, vpc_id: str, subnet_id: str) -> None:
    """Make a NAT gateway with an elastic address; the main table routes to it unless it has a
    default route.
    """
    address = ec2.allocate_address("vpc")
    gateway = ec2.create_nat_gateway(subnet_id, address.allocation_id)
    (main,) = [one for one in _tables(ec2, vpc_id) if one.main_association_id]
    if not any(route.destination_cidr_block == _ANYWHERE for route in main.routes):
        ec2.create_route(main.id, _ANYWHERE, nat_gateway_id=gateway.id)


def _public_table(ec2: Ec2Backend, vpc_id: str) -> RouteTable:
    """Return the first route table, except the main one, to an internet gateway; make it if
    missing.
    """
    gateways: Any = ec2.internet_gateways.values()
    gateway = next(one for one in gateways if one.vpc and one.vpc.id == vpc_id)
    for table in _tables(ec2, vpc_id):
        ways = [one.gateway.id for one in table.routes if one.gateway is not None]
        if not table.main_association_id and gateway.id in ways:
            return table
    made = ec2.create_route_table(vpc_id)
    ec2.create_route(made.id, _ANYWHERE, gateway_id=gateway.id)
    return made


def _tables(ec2: Ec2Backend, vpc_id: str) -> list[RouteTable]:
    return [one for one in ec2.route_tables.values() if one.vpc_id == vpc_id]


def _tag(resource: Any, name: str, tags: dict[str, str]) -> None:
    for key, value in (({"Name": name} if name else {}) | tags).items():
        resource.add_tag(key, value)
