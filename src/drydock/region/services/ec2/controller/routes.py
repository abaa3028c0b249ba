"""Translate EC2's route tables and gateways into the routes of a VPC's router.

Called under the store's lock; the result is plain data.
https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from drydock.region.addresses import s3_prefix
from drydock.region.dataplane.network.router import link_name
from drydock.region.dataplane.network.routing import Route, SubnetRoutes
from drydock.region.services.ec2.controller.policy import peered_vpcs, prefix_list


def has_internet_gateway(ec2: Any, vpc_id: str) -> bool:
    return any(
        gateway.vpc is not None and gateway.vpc.id == vpc_id
        for gateway in ec2.internet_gateways.values()
    )


def reaches_internet(ec2: Any, vpc_id: str, subnet_id: str, client: IPv4Address) -> bool:
    """Return whether a subnet's table routes an address to an internet gateway."""
    table = table_of(ec2, vpc_id, subnet_id)
    if table is None:
        return False
    fitting = [route for route in _routes(ec2, vpc_id, table) if client in route.destination]
    best = max(fitting, key=lambda route: route.destination.prefixlen, default=None)
    return best is not None and best.kind == "internet"


def read_public(ec2: Any, vpc_id: str) -> dict[IPv4Address, IPv4Address]:
    """Return public addresses by private ones; empty without an internet gateway."""
    if not has_internet_gateway(ec2, vpc_id):
        return {}
    return {
        IPv4Address(str(eni.private_ip_address)): IPv4Address(str(eni.public_ip))
        for eni in ec2.enis.values()
        if eni.vpc_id == vpc_id and eni.public_ip
    }


def read_routes(ec2: Any, vpc_id: str) -> list[SubnetRoutes]:
    """Return the routes of each subnet that has interfaces."""
    subnets = {eni.subnet.id: eni.subnet for eni in ec2.enis.values() if eni.vpc_id == vpc_id}
    found = []
    for subnet_id, subnet in sorted(subnets.items()):
        table = table_of(ec2, vpc_id, subnet_id)
        routes = list(_routes(ec2, vpc_id, table)) if table is not None else []
        found.append(SubnetRoutes(subnet_id, IPv4Network(subnet.cidr_block), tuple(routes)))
    return found


def table_of(ec2: Any, vpc_id: str, subnet_id: str) -> Any:
    """Return the table that a subnet is associated with, or the VPC's main one."""
    main = None
    for table in ec2.route_tables.values():
        if table.vpc_id != vpc_id:
            continue
        if subnet_id in table._associations.values():
            return table
        if table.main_association_id is not None:
            main = table
    return main


def _routes(ec2: Any, vpc_id: str, table: Any) -> Iterable[Route]:
    for record in table.routes:
        # an endpoint's own routes follow from the endpoint, below
        if record.local or str(record.gateway_id or "").startswith("vpce-"):
            continue
        for destination in _destinations(ec2, record):
            yield _route(ec2, vpc_id, record, destination)
    for endpoint in ec2.vpc_end_points.values():
        is_gateway = str(endpoint.vpc_endpoint_type or "Gateway").lower() == "gateway"
        if (
            is_gateway
            and endpoint.vpc_id == vpc_id
            and endpoint.state == "available"
            and table.id in (endpoint.route_table_ids or ())
            and endpoint.service_name.endswith(".s3")
        ):
            yield Route(s3_prefix(), "endpoint")


def _destinations(ec2: Any, record: Any) -> Iterable[IPv4Network]:
    if record.destination_cidr_block:
        yield IPv4Network(record.destination_cidr_block, strict=False)
    if record.destination_prefix_list is not None:
        yield from prefix_list(ec2, record.destination_prefix_list.id)


def _route(ec2: Any, vpc_id: str, record: Any, destination: IPv4Network) -> Route:
    if record.gateway is not None and str(record.gateway.id).startswith("igw-"):
        attached = getattr(record.gateway, "vpc", None)
        there = attached is not None and attached.id == vpc_id
        return Route(destination, "internet" if there else "blackhole")
    if record.nat_gateway is not None:
        gateway = ec2.nat_gateways.get(record.nat_gateway.id)
        if gateway is not None and gateway.state == "available":
            address = IPv4Address(str(gateway._eni.private_ip_address))
            return Route(destination, "nat", link_name(gateway._eni.id), address)
    if record.vpc_pcx is not None and record.vpc_pcx.id in ec2.vpc_pcxs:
        return Route(destination, "peering", link_name(record.vpc_pcx.id, "p"))
    return Route(destination, "blackhole")


def read_peers(ec2: Any, vpc_id: str) -> dict[str, str]:
    """Return the peered VPCs by the link's name, for active peerings."""
    return {link_name(key, "p"): vpc for key, vpc in peered_vpcs(ec2, vpc_id).items()}
