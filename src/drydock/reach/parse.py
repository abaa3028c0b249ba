"""Convert the EC2 API's answers to the model. Pure; IPv6 is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any, TypeAlias

from drydock.errors import OpsError
from drydock.reach.model import (
    ANY_PROTOCOL,
    ICMP,
    TCP,
    UDP,
    Acl,
    AclEntry,
    Endpoint,
    Interface,
    InternetGateway,
    NatGateway,
    Peering,
    Route,
    RouteTable,
    Rule,
    SecurityGroup,
    Subnet,
    Traffic,
    Vpc,
)

Item: TypeAlias = Mapping[str, Any]
PrefixLists: TypeAlias = Mapping[str, tuple[IPv4Network, ...]]

_PROTOCOLS = {"-1": ANY_PROTOCOL, "all": ANY_PROTOCOL, "icmp": ICMP, "tcp": TCP, "udp": UDP}
_ICMP_V6 = frozenset({"icmpv6", "58"})
_TARGETS = (
    "NatGatewayId",
    "VpcPeeringConnectionId",
    "TransitGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "EgressOnlyInternetGatewayId",
    "CarrierGatewayId",
    "LocalGatewayId",
    "CoreNetworkArn",
    "GatewayId",
)
_SERVICE = re.compile(r"^(?:cn\.)?com\.amazonaws\.[a-z]{2}(?:-[a-z]+)+-\d\.(.+)$")
_DESCRIPTIONS = {
    "ELB ": "elb",
    "RDSNetworkInterface": "rds",
    "Interface for NAT Gateway": "nat",
    "VPC Endpoint Interface": "vpce",
    "arn:aws:ecs:": "ecs",
    "arn:aws-cn:ecs:": "ecs",
    "arn:aws-us-gov:ecs:": "ecs",
}
"""Beginnings of the descriptions that services give to their own interfaces."""
_TYPES = {"nat_gateway": "nat", "vpc_endpoint": "vpce", "network_load_balancer": "elb"}


def short_name(service: str) -> str:
    """Shorten `com.amazonaws.REGION.ecr.api` to `ecr.api`; other services keep their whole name."""
    match = _SERVICE.match(service)
    return match[1] if match else service


def networks(prefixes: Iterable[str]) -> tuple[IPv4Network, ...]:
    """Return the IPv4 networks among the prefixes."""
    return tuple(IPv4Network(one, strict=False) for one in prefixes if ":" not in one)


def vpc(item: Item, attributes: Mapping[str, bool]) -> Vpc:
    blocks = [
        one["CidrBlock"]
        for one in item.get("CidrBlockAssociationSet") or [{"CidrBlock": item["CidrBlock"]}]
        if one.get("CidrBlockState", {}).get("State", "associated") == "associated"
    ]
    # The resolver's address is in the range that the VPC was created with.
    blocks.sort(key=lambda block: block != item["CidrBlock"])
    return Vpc(
        item["VpcId"],
        networks(blocks),
        attributes["enableDnsSupport"],
        attributes["enableDnsHostnames"],
    )


def subnet(item: Item) -> Subnet | None:
    """Return the subnet, or None if it has IPv6 only."""
    if not item.get("CidrBlock"):
        return None
    return Subnet(
        item["SubnetId"],
        item["VpcId"],
        IPv4Network(item["CidrBlock"]),
        item.get("AvailabilityZone", ""),
    )


def security_group(item: Item, lists: PrefixLists) -> SecurityGroup:
    """Return the security group. Raises OpsError: it has an unknown protocol."""
    where = f"security group {item['GroupId']}"
    return SecurityGroup(
        item["GroupId"],
        item.get("VpcId", ""),
        item.get("GroupName", ""),
        tuple(_rules(where, item.get("IpPermissions", []), lists)),
        tuple(_rules(where, item.get("IpPermissionsEgress", []), lists)),
    )


def prefix_lists_of(groups: Sequence[Item], tables: Sequence[Item]) -> set[str]:
    """Return ids of the prefix lists that rules and routes name."""
    permissions = [
        permission
        for group in groups
        for side in ("IpPermissions", "IpPermissionsEgress")
        for permission in group.get(side, [])
    ]
    named = {
        one["PrefixListId"]
        for permission in permissions
        for one in permission.get("PrefixListIds", [])
    }
    routes = [route for table in tables for route in table.get("Routes", [])]
    return named | {
        route["DestinationPrefixListId"] for route in routes if route.get("DestinationPrefixListId")
    }


def _rules(where: str, permissions: Iterable[Item], lists: PrefixLists) -> Iterator[Rule]:
    for permission in permissions:
        if str(permission["IpProtocol"]).lower() in _ICMP_V6:
            continue
        traffic = _traffic(
            where, permission["IpProtocol"], permission.get("FromPort"), permission.get("ToPort")
        )
        for block in permission.get("IpRanges", []):
            yield Rule(traffic, networks([block["CidrIp"]]))
        for one in permission.get("PrefixListIds", []):
            name = one["PrefixListId"]
            yield Rule(traffic, lists.get(name, ()), prefix_list=name)
        for pair in permission.get("UserIdGroupPairs", []):
            yield Rule(traffic, groups=(pair["GroupId"],))


def _traffic(where: str, protocol: Any, first: Any, last: Any) -> Traffic:
    word = str(protocol).lower()
    if word not in _PROTOCOLS and not word.isdecimal():
        raise OpsError(where, f"the protocol {protocol} is not known", "report it")
    number = _PROTOCOLS[word] if word in _PROTOCOLS else int(word)
    if number == ANY_PROTOCOL:
        return Traffic()
    return Traffic(
        number, -1 if first in (None, "") else int(first), -1 if last in (None, "") else int(last)
    )


def acl(item: Item) -> Acl:
    """Return the network ACL. Raises OpsError: it has an unknown protocol."""
    entries = [one for one in item.get("Entries", []) if one.get("CidrBlock")]
    where = item["NetworkAclId"]
    return Acl(
        where,
        item["VpcId"],
        tuple(_entry(where, one) for one in entries if not one["Egress"]),
        tuple(_entry(where, one) for one in entries if one["Egress"]),
        tuple(one["SubnetId"] for one in item.get("Associations", [])),
        bool(item.get("IsDefault")),
    )


def _entry(where: str, item: Item) -> AclEntry:
    ports, kind = item.get("PortRange", {}), item.get("IcmpTypeCode", {})
    icmp = str(item["Protocol"]) in ("1", "icmp")
    first, last = (
        (kind.get("Type"), kind.get("Code")) if icmp else (ports.get("From"), ports.get("To"))
    )
    return AclEntry(
        item["RuleNumber"],
        item["RuleAction"] == "allow",
        _traffic(f"network ACL {where}", item["Protocol"], first, last),
        IPv4Network(item["CidrBlock"], strict=False),
    )


def route_table(item: Item, lists: PrefixLists) -> RouteTable:
    associations = [
        one
        for one in item.get("Associations", [])
        if one.get("AssociationState", {}).get("State", "associated") == "associated"
    ]
    routes = (_route(one, lists) for one in item.get("Routes", []))
    return RouteTable(
        item["RouteTableId"],
        item["VpcId"],
        tuple(one for one in routes if one is not None),
        tuple(one["SubnetId"] for one in associations if one.get("SubnetId")),
        any(one.get("Main") for one in associations),
    )


def _route(item: Item, lists: PrefixLists) -> Route | None:
    """Return the route, or None if it is for IPv6."""
    name = item.get("DestinationPrefixListId", "")
    block = item.get("DestinationCidrBlock", "")
    if not name and not block:
        return None
    return Route(
        lists.get(name, ()) if name else networks([block]),
        next((item[key] for key in _TARGETS if item.get(key)), "(nothing)"),
        item.get("State") == "blackhole",
        name,
        item.get("Origin") == "EnableVgwRoutePropagation",
    )


def interface(item: Item) -> Interface | None:
    """Return the interface, or None if it has no IPv4 address."""
    if not item.get("PrivateIpAddress") or not item.get("SubnetId"):
        return None
    public = item.get("Association", {}).get("PublicIp")
    service = service_of(item)
    groups = tuple(one["GroupId"] for one in item.get("Groups", []))
    unfiltered = service == "nat" or (service == "elb" and not groups)
    return Interface(
        item["NetworkInterfaceId"],
        item["VpcId"],
        item["SubnetId"],
        IPv4Address(item["PrivateIpAddress"]),
        IPv4Address(public) if public else None,
        None if unfiltered else groups,
        service,
        item.get("Description", ""),
    )


def service_of(item: Item) -> str:
    """Return the AWS service that created an interface for itself; empty for any other owner."""
    if found := _TYPES.get(item.get("InterfaceType", "")):
        return found
    if not item.get("RequesterManaged") and not str(item.get("RequesterId", "")).startswith(
        "amazon-"
    ):
        return ""
    text = item.get("Description", "")
    return next((name for start, name in _DESCRIPTIONS.items() if text.startswith(start)), "")


def internet_gateway(item: Item) -> InternetGateway:
    attached = [
        one["VpcId"]
        for one in item.get("Attachments", [])
        if one.get("State") in ("available", "attached")
    ]
    return InternetGateway(item["InternetGatewayId"], attached[0] if attached else "")


def nat_gateway(item: Item) -> NatGateway | None:
    """Return the NAT gateway, or None if it has no subnet or no address (yet)."""
    addresses = [one for one in item.get("NatGatewayAddresses", []) if one.get("PrivateIp")]
    if not addresses or not item.get("SubnetId"):
        return None
    public = addresses[0].get("PublicIp") if item.get("ConnectivityType") != "private" else None
    return NatGateway(
        item["NatGatewayId"],
        item["VpcId"],
        item["SubnetId"],
        IPv4Address(addresses[0]["PrivateIp"]),
        IPv4Address(public) if public else None,
        item.get("State", "available"),
    )


def endpoint(item: Item) -> Endpoint:
    return Endpoint(
        item["VpcEndpointId"],
        item["VpcId"],
        short_name(item["ServiceName"]),
        item.get("VpcEndpointType", "Gateway"),
        tuple(item.get("NetworkInterfaceIds", [])),
        bool(item.get("PrivateDnsEnabled")),
        str(item.get("State", "available")).lower(),
    )


def peering(item: Item) -> Peering:
    return Peering(
        item["VpcPeeringConnectionId"],
        item.get("RequesterVpcInfo", {}).get("VpcId", ""),
        item.get("AccepterVpcInfo", {}).get("VpcId", ""),
        item.get("Status", {}).get("Code") == "active",
    )
