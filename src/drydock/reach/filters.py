"""Filters on a packet: security groups at an interface, network ACLs at a subnet's edge.

Security groups are stateful and only ever allow: a packet needs an egress rule of its sender's groups
and an ingress rule of its receiver's; replies need none.
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html

Network ACLs are stateless and ordered. They apply to every packet that crosses a subnet's edge, replies
too: the matching entry with the lowest number decides. Inside a subnet they do not apply.
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from drydock.reach.model import (
    ICMP,
    LAST_ENTRY,
    TCP,
    UDP,
    AclEntry,
    Direction,
    Interface,
    Rule,
    SecurityGroup,
    Subnet,
    Traffic,
)
from drydock.reach.network import Network

_WAY = {"ingress": "from", "egress": "to"}
_LETS = {"ingress": "in from", "egress": "out to"}
_ECHO_REQUEST, _ECHO_REPLY = 8, 0


@dataclass(frozen=True)
class Filtered:
    """A filter's decision, and the rule or entry that made it, in words."""

    allowed: bool
    words: str


@dataclass(frozen=True)
class Peer:
    """The other end of a packet, as an interface's security groups see it.

    `groups` is set only for packets by private addresses: group references do not match through a gateway.
    https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing
    """

    address: IPv4Address
    groups: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.address} ({', '.join(self.groups)})" if self.groups else str(self.address)


def groups_of(interface: Interface) -> tuple[str, ...]:
    return interface.groups or ()


def judge_groups(
    network: Network, interface: Interface, direction: Direction, packet: Traffic, peer: Peer
) -> Filtered:
    """Decide by the interface's security groups. One matching rule of any group is enough."""
    if interface.groups is None:
        return Filtered(True, f"no security group filters {interface.interface_id}")
    known = [network.group(one) for one in interface.groups]
    for group in known:
        if group is None:
            continue
        for rule in group.ingress if direction == "ingress" else group.egress:
            if rule.traffic.covers(packet) and _is_about(rule, peer):
                return Filtered(
                    True,
                    f"security group {group} lets {rule.traffic} {_LETS[direction]} {rule.peer}",
                )
    return Filtered(False, _no_rule(known, interface, direction, packet, peer))


def _is_about(rule: Rule, peer: Peer) -> bool:
    return any(group in peer.groups for group in rule.groups) or any(
        peer.address in network for network in rule.networks
    )


def _no_rule(
    known: Iterable[SecurityGroup | None],
    interface: Interface,
    direction: Direction,
    packet: Traffic,
    peer: Peer,
) -> str:
    if not interface.groups:
        return f"network interface {interface.interface_id} has no security group"
    names = [str(group or key) for group, key in zip(known, interface.groups, strict=True)]
    who = f"security group {names[0]} has"
    if len(names) > 1:
        who = f"security groups {', '.join(names)} have"
    return f"{who} no {direction} rule for {packet} {_WAY[direction]} {peer}"


def reply_to(packet: Traffic, client_ports: tuple[int, int]) -> Traffic | None:
    """Return the reply's traffic, to any of the client's ports; None if there is no reply.

    https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
    """
    if packet.protocol in (TCP, UDP):
        return Traffic(packet.protocol, *client_ports)
    if packet.protocol == ICMP:
        return Traffic(ICMP, _ECHO_REPLY, 0) if packet.first == _ECHO_REQUEST else None
    return packet


def judge_acl(
    network: Network,
    subnet: Subnet,
    direction: Direction,
    packet: Traffic,
    peer: IPv4Address,
    *,
    reply: bool = False,
) -> Filtered:
    """Decide by the subnet's network ACL about a packet to (egress) or from (ingress) `peer`.

    All of the packet's ports have to pass, since a client may use any of them.
    """
    acl = network.acl_of(subnet)
    if acl is None:
        return Filtered(True, f"subnet {subnet.subnet_id} has no network ACL")
    entry = _denies(acl.in_order[direction], packet, peer)
    name = f"network ACL {acl.acl_id} of subnet {subnet.subnet_id}"
    if entry is None:
        return Filtered(True, f"{name} allows it")
    what = (
        f"the reply ({packet} {_WAY[direction]} {peer})"
        if reply
        else f"{packet} {_WAY[direction]} {peer}"
    )
    return Filtered(False, f"{name} denies {what} by {direction} entry {entry}")


def _denies(entries: Iterable[AclEntry], packet: Traffic, peer: IPv4Address) -> str | None:
    """Return the number of the entry that denies the packet or some of its ports; None if all pass."""
    left = [(packet.first, packet.last)]
    has_ports = packet.protocol in (TCP, UDP)
    for entry in entries:
        if peer not in entry.network:
            continue
        if entry.traffic.covers(packet):
            # Some port of the packet is still undecided here, so this entry decides:
            # `left` is never empty.
            return None if entry.allow else _number(entry)
        if not has_ports or entry.traffic.protocol != packet.protocol:
            continue
        rest = [part for one in left for part in _without(one, entry.traffic)]
        if rest != left and not entry.allow:
            return _number(entry)
        left = rest
        if not left:
            return None
    return "*"


def _number(entry: AclEntry) -> str:
    return "*" if entry.number == LAST_ENTRY else str(entry.number)


def _without(ports: tuple[int, int], traffic: Traffic) -> list[tuple[int, int]]:
    low, high = ports
    if traffic.last < low or high < traffic.first:
        return [ports]
    parts = [(low, traffic.first - 1), (traffic.last + 1, high)]
    return [(first, last) for first, last in parts if first <= last]
