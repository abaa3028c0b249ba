"""Translate EC2's records into the policy that a VPC's router enforces: groups, members, ACLs.

Called under the store's lock; the result is plain data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from drydock.region.addresses import s3_prefix
from drydock.region.dataplane.network.router import link_name
from drydock.region.dataplane.network.security import (
    ANY_PROTOCOL,
    ICMP,
    TCP,
    UDP,
    Acl,
    AclRule,
    Interface,
    Policy,
    SecurityGroup,
    SecurityRule,
    Traffic,
)
from drydock.region.services.kit.controller import TerminalError

_PROTOCOLS = {"-1": ANY_PROTOCOL, "all": ANY_PROTOCOL, "icmp": ICMP, "tcp": TCP, "udp": UDP}
_ICMP_V6 = ("icmpv6", "58")


def read_policy(ec2: Any, vpc_id: str, last: Policy) -> tuple[Policy, tuple[str, ...]]:
    """Return the policy of a VPC, and the problems with its groups and ACLs.

    An invalid group or ACL stays as it was in the `last` policy, if it was there; else it lets
    nothing pass.
    """
    enis = [eni for eni in ec2.enis.values() if eni.vpc_id == vpc_id]
    unfiltered = nat_interfaces(ec2, vpc_id)
    interfaces = tuple(
        Interface(
            link=link_name(eni.id),
            address=IPv4Address(str(eni.private_ip_address)),
            subnet=eni.subnet.id,
            groups=None if eni.id in unfiltered else tuple(sorted(g.id for g in eni.group_set)),
        )
        for eni in enis
    )
    problems: list[str] = []
    groups = {}
    for key in sorted({group for one in interfaces for group in one.groups or ()}):
        try:
            groups[key] = security_group(ec2, vpc_id, key)
        except TerminalError as error:
            problems.append(str(error))
            groups[key] = last.groups.get(key, SecurityGroup(key))
    acls = {}
    for subnet in sorted({one.subnet for one in interfaces}):
        try:
            acls[subnet] = acl_of(ec2, subnet)
        except TerminalError as error:
            problems.append(str(error))
            acls[subnet] = last.acls.get(subnet, Acl((), ()))
    named = {
        peer
        for group in groups.values()
        for rule in (*group.ingress, *group.egress)
        for peer in rule.groups
    }
    policy = Policy(
        groups=groups,
        interfaces=interfaces,
        acls=acls,
        members={group: members(ec2, vpc_id, group) for group in sorted(named)},
    )
    return policy, tuple(dict.fromkeys(problems))


def nat_interfaces(ec2: Any, vpc_id: str) -> set[str]:
    """Return the interfaces of NAT gateways, which no security group filters."""
    return {
        gateway._eni.id
        for gateway in ec2.nat_gateways.values()
        if gateway.vpc_id == vpc_id and gateway.state != "deleted"
    }


def members(ec2: Any, vpc_id: str, group_id: str) -> tuple[IPv4Address, ...]:
    """Return the addresses of a group's members, for the rules of a VPC's groups.

    The group may be a peered VPC's; a group of any other VPC, whose range may be the same, has no
    members.
    """
    near = {vpc_id, *peered_vpcs(ec2, vpc_id).values()}
    return tuple(
        sorted(
            IPv4Address(str(eni.private_ip_address))
            for eni in ec2.enis.values()
            if eni.vpc_id in near and any(group.id == group_id for group in eni.group_set)
        )
    )


def peered_vpcs(ec2: Any, vpc_id: str) -> dict[str, str]:
    """Return the other VPC of each active peering connection, by the connection's id."""
    found = {}
    for peering in ec2.vpc_pcxs.values():
        pair = [peering.vpc.id, peering.peer_vpc.id]
        if vpc_id in pair and peering._status.code == "active":
            found[peering.id] = pair[1 - pair.index(vpc_id)]
    return found


def security_group(ec2: Any, vpc_id: str, group_id: str) -> SecurityGroup:
    """Return a group with its rules. Raises TerminalError naming an invalid rule."""
    record = ec2.groups.get(vpc_id, {}).get(group_id)
    if record is None:
        return SecurityGroup(group_id)  # deleted under its interface: it lets nothing pass
    return SecurityGroup(
        group_id,
        tuple(_rules(ec2, group_id, record.ingress_rules)),
        tuple(_rules(ec2, group_id, record.egress_rules)),
    )


def _rules(ec2: Any, group_id: str, records: Iterable[Any]) -> Iterable[SecurityRule]:
    for record in records:
        if str(record.ip_protocol).lower() in _ICMP_V6:
            continue
        traffic = _traffic(
            f"security group {group_id}", record.ip_protocol, record.from_port, record.to_port
        )
        if block := record.ip_range.get("CidrIp"):
            yield SecurityRule(traffic, networks=(IPv4Network(block, strict=False),))
        if peer := record.source_group.get("GroupId"):
            yield SecurityRule(traffic, groups=(peer,))
        if record.prefix_list_id:
            networks = prefix_list(ec2, record.prefix_list_id)
            if networks:
                yield SecurityRule(traffic, networks=networks)


def prefix_list(ec2: Any, prefix_list_id: str) -> tuple[IPv4Network, ...]:
    """Return the IPv4 networks of a managed prefix list, in its newest version.

    AWS's own list of S3 also has the address of S3 in this region.
    """
    record = ec2.managed_prefix_lists.get(prefix_list_id)
    if record is None:
        return ()
    entries: Sequence[dict[str, str]] = record.entries.get(record.version) or ()
    networks = tuple(
        IPv4Network(entry["Cidr"], strict=False) for entry in entries if ":" not in entry["Cidr"]
    )
    is_s3 = record.owner_id == "AWS" and str(record.prefix_list_name).endswith(".s3")
    return (*networks, s3_prefix()) if is_s3 else networks


def acl_of(ec2: Any, subnet_id: str) -> Acl:
    """Return the ACL of a subnet. A subnet always has one; without it nothing would pass.

    Raises TerminalError naming an invalid entry.
    """
    for record in ec2.network_acls.values():
        if any(one.subnet_id == subnet_id for one in record.associations):
            entries = [entry for entry in record.entries if entry.cidr_block]
            return Acl(
                ingress=tuple(_entry(record.id, one) for one in entries if not _is_egress(one)),
                egress=tuple(_entry(record.id, one) for one in entries if _is_egress(one)),
            )
    return Acl((), ())


def _is_egress(entry: Any) -> bool:
    return str(entry.egress).lower() == "true"


def _entry(acl_id: str, entry: Any) -> AclRule:
    protocol = str(entry.protocol)
    first, last = entry.port_range_from, entry.port_range_to
    if protocol in ("1", "icmp"):
        first, last = entry.icmp_type, entry.icmp_code
    return AclRule(
        number=int(entry.rule_number),
        allow=entry.rule_action == "allow",
        traffic=_traffic(f"network ACL {acl_id}", protocol, first, last),
        network=IPv4Network(entry.cidr_block, strict=False),
    )


def _traffic(where: str, protocol: Any, first: Any, last: Any) -> Traffic:
    word = str(protocol).lower()
    if word in _PROTOCOLS:
        number = _PROTOCOLS[word]
    elif word.isdecimal():
        number = int(word)
    else:
        raise TerminalError(f"{where}: the protocol {protocol} is not known")
    if number == ANY_PROTOCOL:
        return Traffic()
    traffic = Traffic(
        number,
        -1 if first in (None, "") else int(first),
        -1 if last in (None, "") else int(last),
    )
    if number in (TCP, UDP) and not (
        (traffic.first, traffic.last) == (-1, -1) or 0 <= traffic.first <= traffic.last <= 65535
    ):
        raise TerminalError(f"{where}: {first}-{last} is no range of ports")
    return traffic
