"""Read from EC2 everything that decides about packets in some VPCs and their peers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any, TypeVar

from drydock.reach import parse
from drydock.reach.model import Peering
from drydock.reach.network import Network
from drydock.reach.parse import Item

_T = TypeVar("_T")
_PAGES: dict[str, tuple[str, str, str]] = {
    "describe_vpcs": ("Vpcs", "Filters", "vpc-id"),
    "describe_subnets": ("Subnets", "Filters", "vpc-id"),
    "describe_network_interfaces": ("NetworkInterfaces", "Filters", "vpc-id"),
    "describe_security_groups": ("SecurityGroups", "Filters", "vpc-id"),
    "describe_network_acls": ("NetworkAcls", "Filters", "vpc-id"),
    "describe_route_tables": ("RouteTables", "Filters", "vpc-id"),
    "describe_internet_gateways": ("InternetGateways", "Filters", "attachment.vpc-id"),
    "describe_nat_gateways": ("NatGateways", "Filter", "vpc-id"),
    "describe_vpc_endpoints": ("VpcEndpoints", "Filters", "vpc-id"),
}
"""Operation => the list in its answer, its parameter for filters, its filter for a VPC."""
_GATEWAY_SERVICES = ("s3", "dynamodb")
_DNS_ATTRIBUTES = {
    "enableDnsSupport": "EnableDnsSupport",
    "enableDnsHostnames": "EnableDnsHostnames",
}


def network(ec2: Any, vpcs: Iterable[str]) -> Network:
    """Return the network of these VPCs and of those they are peered with.

    Raises what botocore raises, and OpsError for answers that cannot be parsed.
    """
    peerings = _peerings(ec2)
    wanted = set(vpcs)
    near = [one for one in peerings if wanted & {one.requester, one.accepter}]
    wanted |= {one.requester for one in near} | {one.accepter for one in near}
    found = {operation: _described(ec2, operation, wanted) for operation in _PAGES}
    groups, tables = found["describe_security_groups"], found["describe_route_tables"]
    names = _prefix_list_names(ec2)
    services = {key: name for key, name in names.items() if name in _GATEWAY_SERVICES}
    needed = parse.prefix_lists_of(groups, tables) | set(services)
    lists = {key: _entries(ec2, key) for key in sorted(needed & set(names))}
    interfaces = tuple(_known(map(parse.interface, found["describe_network_interfaces"])))
    present = {one.interface_id for one in interfaces}
    endpoints = [parse.endpoint(one) for one in found["describe_vpc_endpoints"]]
    return Network(
        vpcs=tuple(parse.vpc(one, _attributes(ec2, one)) for one in found["describe_vpcs"]),
        subnets=tuple(_known(map(parse.subnet, found["describe_subnets"]))),
        interfaces=interfaces,
        groups=tuple(parse.security_group(one, lists) for one in groups),
        acls=tuple(parse.acl(one) for one in found["describe_network_acls"]),
        tables=tuple(parse.route_table(one, lists) for one in tables),
        internet_gateways=tuple(
            parse.internet_gateway(one) for one in found["describe_internet_gateways"]
        ),
        nat_gateways=tuple(_known(map(parse.nat_gateway, found["describe_nat_gateways"]))),
        endpoints=tuple(
            replace(one, interfaces=tuple(eni for eni in one.interfaces if eni in present))
            for one in endpoints
        ),
        peerings=tuple(near),
        services={name: lists[key] for key, name in services.items() if lists.get(key)},
    )


def _described(ec2: Any, operation: str, vpcs: Collection[str]) -> list[Item]:
    if not vpcs:
        return []
    key, parameter, name = _PAGES[operation]
    wanted = [{"Name": name, "Values": sorted(vpcs)}]
    pages = ec2.get_paginator(operation).paginate(**{parameter: wanted})
    return [item for page in pages for item in page.get(key, [])]


def _peerings(ec2: Any) -> Sequence[Peering]:
    pages = ec2.get_paginator("describe_vpc_peering_connections").paginate()
    return [parse.peering(one) for page in pages for one in page["VpcPeeringConnections"]]


def _attributes(ec2: Any, item: Item) -> dict[str, bool]:
    found = {}
    for name, key in _DNS_ATTRIBUTES.items():
        answer = ec2.describe_vpc_attribute(VpcId=item["VpcId"], Attribute=name)
        found[name] = bool(answer.get(key, {}).get("Value"))
    return found


def _prefix_list_names(ec2: Any) -> dict[str, str]:
    """Return names of prefix lists by id, shortened for AWS's own services."""
    pages = ec2.get_paginator("describe_managed_prefix_lists").paginate()
    return {
        one["PrefixListId"]: parse.short_name(one.get("PrefixListName", ""))
        for page in pages
        for one in page["PrefixLists"]
    }


def _entries(ec2: Any, prefix_list: str) -> tuple[IPv4Network, ...]:
    pages = ec2.get_paginator("get_managed_prefix_list_entries").paginate(PrefixListId=prefix_list)
    return parse.networks(one["Cidr"] for page in pages for one in page["Entries"])


def _known(found: Iterable[_T | None]) -> Iterator[_T]:
    return (one for one in found if one is not None)
