"""Security groups and network ACLs as plain data; `filtering` compiles them to nftables. Pure.

Security groups are stateful and only ever allow; a packet needs an egress rule of its sender's
groups and an ingress rule of its receiver's. Network ACLs are stateless, ordered, and apply to what
crosses a subnet's edge. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
and https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

ANY_PROTOCOL = -1
ICMP, TCP, UDP = 1, 6, 17
_NAMES = {ICMP: "icmp", TCP: "tcp", UDP: "udp"}


@dataclass(frozen=True)
class Traffic:
    """The traffic of a rule: a protocol by its IANA number, and ports or an ICMP type and code."""

    protocol: int = ANY_PROTOCOL
    first: int = -1
    """Lowest port; for ICMP the type. -1: any."""
    last: int = -1
    """Highest port; for ICMP the code. -1: any."""

    def match(self) -> str:
        """Return nftables' expression for it; empty for everything."""
        if self.protocol == ANY_PROTOCOL:
            return ""
        if self.protocol == ICMP:
            kind = f"icmp type {self.first}" if self.first >= 0 else "meta l4proto icmp"
            return f"{kind} icmp code {self.last}" if self.first >= 0 and self.last >= 0 else kind
        if (
            self.protocol in (TCP, UDP)
            and self.first >= 0
            and (self.first, self.last) != (0, 65535)
        ):
            ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
            return f"{_NAMES[self.protocol]} dport {ports}"
        return f"meta l4proto {self.protocol}"

    def covers(self, protocol: int, port: int) -> bool:
        """Return whether it includes a packet to a TCP or UDP port."""
        if self.protocol == ANY_PROTOCOL:
            return True
        return self.protocol == protocol and (self.first < 0 or self.first <= port <= self.last)


@dataclass(frozen=True)
class SecurityRule:
    """Traffic with networks (CIDR blocks, expanded prefix lists) and members of groups."""

    traffic: Traffic
    networks: tuple[IPv4Network, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class SecurityGroup:
    group_id: str
    ingress: tuple[SecurityRule, ...] = ()
    egress: tuple[SecurityRule, ...] = ()


@dataclass(frozen=True)
class AclRule:
    """One entry of a network ACL; the lowest number that matches decides."""

    number: int
    allow: bool
    traffic: Traffic
    network: IPv4Network


@dataclass(frozen=True)
class Acl:
    """The entries of an ACL, in any order. What no entry matches is denied."""

    ingress: tuple[AclRule, ...]
    egress: tuple[AclRule, ...]


@dataclass(frozen=True)
class Interface:
    """An ENI as the router sees it. `groups` None: no group filters it (a NAT gateway's)."""

    link: str
    address: IPv4Address
    subnet: str
    groups: tuple[str, ...] | None


@dataclass(frozen=True)
class Policy:
    """Everything that determines which packets pass in one VPC."""

    groups: Mapping[str, SecurityGroup] = field(default_factory=dict)
    interfaces: tuple[Interface, ...] = ()
    acls: Mapping[str, Acl] = field(default_factory=dict)
    """By subnet. A subnet without one, or with one that allows everything, costs nothing."""
    members: Mapping[str, tuple[IPv4Address, ...]] = field(default_factory=dict)
    """Addresses by group, of interfaces elsewhere too (a peered VPC)."""
    public: Mapping[IPv4Address, IPv4Address] = field(default_factory=dict)
    """Public address by private one, of those whose VPC has an internet gateway."""
    uplinks: tuple[str, ...] = ()
    """Links that lead out of the VPC; routes decide about them, not groups."""
    internet: str = ""
    """The uplink that only interfaces with a public address may use."""
    endpoint: str = ""
    """The uplink to gateway endpoints."""
    resolver: IPv4Address | None = None
    """The router's own address for DNS, for the VPC's own interfaces only."""


def admits(groups: Iterable[SecurityGroup], source: IPv4Address, protocol: int, port: int) -> bool:
    """Return whether some ingress rule lets an address outside of every group open a connection."""
    return any(
        rule.traffic.covers(protocol, port) and any(source in network for network in rule.networks)
        for group in groups
        for rule in group.ingress
    )


def crosses(rules: Sequence[AclRule], peer: IPv4Address, protocol: int, port: int) -> bool:
    """Return whether an ACL's entries of one direction pass a packet to a port from or to `peer`."""
    for rule in sorted(rules, key=lambda one: one.number):
        if peer in rule.network and rule.traffic.covers(protocol, port):
            return rule.allow
    return False
