"""A network as EC2 describes it, as plain data without decisions or API calls.

IPv4 only: rules, routes and entries for IPv6 are left out when the model is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import Literal, TypeAlias

ANY_PROTOCOL = -1
ICMP, TCP, UDP = 1, 6, 17
LAST_ENTRY = 32767
"""The number of a network ACL's final entry, which EC2 shows as `*`."""
SOMEWHERE = IPv4Network("198.51.100.1/32")
"""Stands for an AWS service whose public addresses EC2 does not list (RFC 5737, TEST-NET-2)."""

Direction: TypeAlias = Literal["ingress", "egress"]


@dataclass(frozen=True)
class Traffic:
    """A protocol (IANA number) with ports, or an ICMP type and code; of a rule or of a packet."""

    protocol: int = ANY_PROTOCOL
    first: int = -1
    """Lowest port; for ICMP the type. -1: any."""
    last: int = -1
    """Highest port; for ICMP the code. -1: any."""

    def covers(self, packet: Traffic) -> bool:
        """Return whether a rule for this traffic matches all of `packet`.

        Ports count for TCP and UDP only, type and code for ICMP only.
        https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
        """
        if self.protocol == ANY_PROTOCOL:
            return True
        if self.protocol != packet.protocol:
            return False
        if self.first == -1:
            return True
        if self.protocol in (TCP, UDP):
            return self.first <= packet.first and packet.last <= self.last
        if self.protocol == ICMP:
            return self.first == packet.first and self.last in (-1, packet.last)
        return True

    def __str__(self) -> str:
        if self.protocol == ANY_PROTOCOL:
            return "all traffic"
        if self.protocol in (TCP, UDP):
            name = "tcp" if self.protocol == TCP else "udp"
            if self.first == -1:
                return f"all {name}"
            return f"{name} {self.first}" + ("" if self.first == self.last else f"-{self.last}")
        if self.protocol == ICMP:
            return "all icmp" if self.first == -1 else f"icmp type {self.first}"
        return f"protocol {self.protocol}"


@dataclass(frozen=True)
class Rule:
    """One rule of a security group; its peers are networks or members of groups."""

    traffic: Traffic
    networks: tuple[IPv4Network, ...] = ()
    """CIDR blocks, or the entries of a prefix list."""
    groups: tuple[str, ...] = ()
    prefix_list: str = ""
    """The list that `networks` were written out from."""

    @property
    def peer(self) -> str:
        """The rule's peers as the API names them."""
        named = (self.prefix_list,) if self.prefix_list else tuple(map(str, self.networks))
        return ", ".join((*named, *self.groups))


@dataclass(frozen=True)
class SecurityGroup:
    group_id: str
    vpc: str
    name: str = ""
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()

    def __str__(self) -> str:
        return f"{self.group_id} ({self.name})" if self.name else self.group_id


@dataclass(frozen=True)
class AclEntry:
    number: int
    allow: bool
    traffic: Traffic
    network: IPv4Network


@dataclass(frozen=True)
class Acl:
    """A network ACL with its subnets. Entries are in any order."""

    acl_id: str
    vpc: str
    ingress: tuple[AclEntry, ...] = ()
    egress: tuple[AclEntry, ...] = ()
    subnets: tuple[str, ...] = ()
    default: bool = False

    @cached_property
    def in_order(self) -> dict[Direction, tuple[AclEntry, ...]]:
        """Entries by direction, in the order of evaluation."""
        return {
            "ingress": tuple(sorted(self.ingress, key=lambda one: one.number)),
            "egress": tuple(sorted(self.egress, key=lambda one: one.number)),
        }


@dataclass(frozen=True)
class Route:
    """One route. `target` is "local", or the id of its gateway (igw-, nat-, vpce-, pcx-, …)."""

    networks: tuple[IPv4Network, ...]
    target: str
    blackhole: bool = False
    prefix_list: str = ""
    """The list that `networks` were written out from."""
    propagated: bool = False

    @property
    def destination(self) -> str:
        return self.prefix_list or ", ".join(map(str, self.networks))


@dataclass(frozen=True)
class RouteTable:
    """A route table with its explicitly associated subnets."""

    table_id: str
    vpc: str
    routes: tuple[Route, ...] = ()
    subnets: tuple[str, ...] = ()
    main: bool = False

    @cached_property
    def in_order(self) -> tuple[tuple[int, int, Route], ...]:
        """(mask, network, route) by priority: longest prefix, then static, prefix list, propagated routes.

        https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
        """
        entries = [(network, route) for route in self.routes for network in route.networks]
        entries.sort(
            key=lambda one: (-one[0].prefixlen, one[1].propagated, bool(one[1].prefix_list))
        )
        return tuple(
            (int(network.netmask), int(network.network_address), route)
            for network, route in entries
        )

    def route_to(self, address: IPv4Address) -> Route | None:
        """Return the route that a packet to `address` takes, or None."""
        number = int(address)
        for mask, network, route in self.in_order:
            if number & mask == network:
                return route
        return None


@dataclass(frozen=True)
class Vpc:
    vpc_id: str
    networks: tuple[IPv4Network, ...]
    dns_support: bool = True
    dns_hostnames: bool = False

    @property
    def resolver(self) -> IPv4Address:
        """Address of the VPC's DNS resolver.

        https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
        """
        return self.networks[0][2]


@dataclass(frozen=True)
class Subnet:
    subnet_id: str
    vpc: str
    network: IPv4Network
    zone: str = ""


@dataclass(frozen=True)
class Interface:
    """An elastic network interface (ENI)."""

    interface_id: str
    vpc: str
    subnet: str
    address: IPv4Address
    public: IPv4Address | None = None
    groups: tuple[str, ...] | None = ()
    """None if no security group filters it (a NAT gateway, a load balancer without groups)."""
    service: str = ""
    """The AWS service that owns it: "ecs", "elb", "rds", "nat", "vpce"; empty for any other owner."""
    description: str = ""
    """The owner's description; a load balancer's has the load balancer's name."""
    planned: bool = False
    """It does not exist yet: a stand-in for one that a service would create."""


@dataclass(frozen=True)
class InternetGateway:
    gateway_id: str
    vpc: str = ""
    """Empty if it is detached."""


@dataclass(frozen=True)
class NatGateway:
    gateway_id: str
    vpc: str
    subnet: str
    address: IPv4Address
    public: IPv4Address | None = None
    """None for a private NAT gateway."""
    state: str = "available"


@dataclass(frozen=True)
class Endpoint:
    """A VPC endpoint. A gateway endpoint is reached by a route, an interface endpoint by its ENIs."""

    endpoint_id: str
    vpc: str
    service: str
    """Short name: "s3", "ecr.api"."""
    kind: str = "Interface"
    """ "Gateway" or "Interface"."""
    interfaces: tuple[str, ...] = ()
    private_dns: bool = False
    state: str = "available"


@dataclass(frozen=True)
class Peering:
    peering_id: str
    requester: str
    accepter: str
    active: bool = True

    def other(self, vpc: str) -> str:
        """Return the VPC at the other end; empty if `vpc` is at neither."""
        return {self.requester: self.accepter, self.accepter: self.requester}.get(vpc, "")
