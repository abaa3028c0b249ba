"""Security groups and network ACLs as plain data. What nftables makes of it is in `filtering`. Pure.

Security groups are stateful and only ever allow; a packet needs an egress rule of its sender's groups
and an ingress rule of its receiver's. Network ACLs are stateless, ordered, and judge what crosses a
subnet's edge. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html and
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
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
    """What a rule is about: a protocol by its IANA number, and ports or an ICMP type and code."""

    protocol: int = ANY_PROTOCOL
    first: int = -1
    """Lowest port; for ICMP the type. -1: any."""
    last: int = -1
    """Highest port; for ICMP the code. -1: any."""

    def match(self) -> str:
        """nftables' words for it; empty for everything."""
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
        """Whether a packet to a TCP or UDP port is meant."""
        if self.protocol == ANY_PROTOCOL:
            return True
        return self.protocol == protocol and (self.first < 0 or self.first <= port <= self.last)


@dataclass(frozen=True)
class SecurityRule:
    """Traffic with networks (CIDR blocks, prefix lists written out) and members of groups."""

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
    """One entry of a network ACL; the lowest number that fits decides."""

    number: int
    allow: bool
    traffic: Traffic
    network: IPv4Network


@dataclass(frozen=True)
class Acl:
    """What a subnet's ACL says, in any order. What no entry fits is denied."""

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
    """All that decides which packets pass in one VPC."""

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
    """Of the uplinks, the one that only interfaces with a public address may use."""
    endpoint: str = ""
    """Of the uplinks, the one to gateway endpoints."""
    resolver: IPv4Address | None = None
    """Where the router itself answers, names alone, to the VPC's own interfaces alone."""


def admits(groups: Iterable[SecurityGroup], source: IPv4Address, protocol: int, port: int) -> bool:
    """Whether some ingress rule lets an address outside of every group open a connection."""
    return any(
        rule.traffic.covers(protocol, port) and any(source in network for network in rule.networks)
        for group in groups
        for rule in group.ingress
    )


def crosses(rules: Sequence[AclRule], peer: IPv4Address, protocol: int, port: int) -> bool:
    """Whether an ACL's entries of one direction let a packet to a port from or to `peer` pass."""
    for rule in sorted(rules, key=lambda one: one.number):
        if peer in rule.network and rule.traffic.covers(protocol, port):
            return rule.allow
    return False
