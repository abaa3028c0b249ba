"""Security groups and network ACLs as plain data, and the nftables ruleset that is made of them. Pure.

Security groups are stateful and only ever allow; a packet needs an egress rule of its sender's groups
and an ingress rule of its receiver's. Network ACLs are stateless, ordered, and judge what crosses a
subnet's edge. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html and
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

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


def ruleset(policy: Policy) -> str:
    """The table `drydock_filter`, whole; loaded in one transaction it replaces what was there.

    Connections that were allowed stay in the kernel's connection tracking and go on.
    """
    combinations = sorted({i.groups for i in policy.interfaces if i.groups is not None})
    lines = [
        *_addresses_outside(policy),
        "table ip drydock_filter",
        "delete table ip drydock_filter",
        "table ip drydock_filter {",
        *_member_sets(policy, combinations),
        *(line for groups in combinations for line in _combination(policy, groups)),
        *_directions(policy),
        *_acls(policy),
        *_router_itself(policy),
        "  chain forward {",
        "    type filter hook forward priority filter; policy drop;",
        *_internet_gateway(policy),
        "    jump acl",
        "    ct state established,related accept",
        "    ct state invalid drop",
        "    jump out",
        "    jump in",
        "    accept",
        "  }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _addresses_outside(policy: Policy) -> list[str]:
    """Outside, an interface has its public address; a gateway endpoint sees the router."""
    if not policy.internet:
        return []
    private = ", ".join(f"{inner} : {outer}" for inner, outer in sorted(policy.public.items()))
    public = ", ".join(f"{outer} : {inner}" for inner, outer in sorted(policy.public.items()))
    leaving = [f'    oifname "{policy.endpoint}" masquerade'] if policy.endpoint else []
    if policy.public:
        leaving.append(f'    oifname "{policy.internet}" snat to ip saddr map {{ {private} }}')
    coming = [f'    iifname "{policy.internet}" dnat to ip daddr map {{ {public} }}']
    return [
        "table ip drydock_nat",
        "delete table ip drydock_nat",
        "table ip drydock_nat {",
        "  chain leaving {",
        "    type nat hook postrouting priority srcnat;",
        *leaving,
        "  }",
        "  chain coming {",
        "    type nat hook prerouting priority dstnat;",
        *(coming if policy.public else []),
        "  }",
        "}",
    ]


def _router_itself(policy: Policy) -> list[str]:
    """Nobody reaches the router's own addresses, but interfaces the resolver's."""
    uplinks = ", ".join(f'"{link}"' for link in policy.uplinks)
    inside = f"iifname != {{ {uplinks} }} " if uplinks else ""
    names = f"    {inside}ip daddr {policy.resolver} meta l4proto {{ tcp, udp }} th dport 53 accept"
    return [
        "  chain input {",
        "    type filter hook input priority filter; policy drop;",
        *([names] if policy.resolver else []),
        "  }",
    ]


def _internet_gateway(policy: Policy) -> list[str]:
    """It passes nothing of an interface without a public address, and a reply to what came in through
    it takes no other way out."""
    if not policy.internet:
        return []
    inner = f" ip saddr != {{ {', '.join(map(str, sorted(policy.public)))} }}"
    return [
        f'    oifname "{policy.internet}"{inner if policy.public else ""} drop',
        f'    ct status dnat ct direction reply oifname != "{policy.internet}" drop',
    ]


def _chain_name(groups: tuple[str, ...]) -> str:
    """Interfaces with the same groups share their chains."""
    return hashlib.sha256(" ".join(groups).encode()).hexdigest()[:16]


def _set_name(group: str) -> str:
    return "m_" + group.replace("-", "_")


def _member_sets(policy: Policy, combinations: Sequence[tuple[str, ...]]) -> list[str]:
    """A set of addresses for each group that some rule in force refers to."""
    named = {
        group
        for combination in combinations
        for owner in combination
        if owner in policy.groups
        for rule in (*policy.groups[owner].ingress, *policy.groups[owner].egress)
        for group in rule.groups
    }
    lines = []
    for group in sorted(named):
        addresses = sorted(set(policy.members.get(group, ())))
        elements = f" elements = {{ {', '.join(map(str, addresses))} }};" if addresses else ""
        lines.append(f"  set {_set_name(group)} {{ type ipv4_addr;{elements} }}")
    return lines


def _combination(policy: Policy, groups: tuple[str, ...]) -> list[str]:
    """Two chains for interfaces with these groups: what they may send, what they may get."""
    known = [policy.groups[group] for group in groups if group in policy.groups]
    lines = []
    for name, peer, rules in (
        ("out", "daddr", [rule for group in known for rule in group.egress]),
        ("in", "saddr", [rule for group in known for rule in group.ingress]),
    ):
        lines.append(f"  chain {name}_{_chain_name(groups)} {{")
        lines += [f"    {line} return" for line in _unique(_matches(rules, peer))]
        lines += ["    drop", "  }"]
    return lines


def _matches(rules: Iterable[SecurityRule], peer: str) -> Iterable[str]:
    for rule in rules:
        traffic = rule.traffic.match()
        if rule.networks:
            yield f"{_addresses(rule.networks, peer)} {traffic}".strip()
        for group in rule.groups:
            yield f"ip {peer} @{_set_name(group)} {traffic}".strip()


def _addresses(networks: Sequence[IPv4Network], peer: str) -> str:
    if any(network.prefixlen == 0 for network in networks):
        return ""
    merged = sorted(collapse_addresses(networks))
    return f"ip {peer} {{ {', '.join(map(str, merged))} }}"


def _unique(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lines))


def _directions(policy: Policy) -> list[str]:
    """From an interface's name to its chains. A link that is not listed may neither send nor get."""
    lines = []
    for name, hook in (("out", "iifname"), ("in", "oifname")):
        entries = [
            f'"{one.link}" : '
            + ("return" if one.groups is None else f"goto {name}_{_chain_name(one.groups)}")
            for one in policy.interfaces
        ]
        entries += [f'"{link}" : return' for link in policy.uplinks]
        lines += [
            f"  chain {name} {{",
            f"    {hook} vmap {{ {', '.join(entries)} }}",
            "    drop",
            "  }",
        ]
    return lines


def _acls(policy: Policy) -> list[str]:
    """Judged on every packet, replies too, that leaves or enters a subnet."""
    chains, jumps = [], []
    for subnet, acl in sorted(policy.acls.items()):
        links = [f'"{one.link}"' for one in policy.interfaces if one.subnet == subnet]
        if not links:
            continue
        inside = f"{{ {', '.join(links)} }}"
        name = subnet.replace("-", "_")
        if not _allows_all(acl.egress):
            jumps.append(f"    iifname {inside} oifname != {inside} jump acl_out_{name}")
            chains += _acl_chain(f"acl_out_{name}", acl.egress, "daddr")
        if not _allows_all(acl.ingress):
            jumps.append(f"    oifname {inside} iifname != {inside} jump acl_in_{name}")
            chains += _acl_chain(f"acl_in_{name}", acl.ingress, "saddr")
    return [*chains, "  chain acl {", *jumps, "  }"]


def _allows_all(rules: Sequence[AclRule]) -> bool:
    first = min(rules, key=lambda rule: rule.number, default=None)
    return (
        first is not None
        and first.allow
        and first.network.prefixlen == 0
        and first.traffic.protocol == ANY_PROTOCOL
    )


def _acl_chain(name: str, rules: Sequence[AclRule], peer: str) -> list[str]:
    lines = [f"  chain {name} {{"]
    for rule in sorted(rules, key=lambda entry: entry.number):
        verdict = "return" if rule.allow else "drop"
        words = (_addresses((rule.network,), peer), rule.traffic.match(), verdict)
        lines.append("    " + " ".join(word for word in words if word))
    return [*lines, "    drop", "  }"]
