"""Compile a VPC's policy to nftables: the chains, sets and base chains of its router. Pure.

A packet that is forwarded meets the ACLs of the subnets whose edge it crosses. Then it passes if it
is of a connection that was allowed; else its sender's chain (`out`) and its receiver's (`in`) both
have to return. Interfaces with the same rules share chains: a chain's name is derived from its
content. https://wiki.nftables.org/wiki-nftables/index.php/Quick_reference-nftables_in_10_minutes
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from drydock.region.addresses import TASK_ENDPOINT
from drydock.region.dataplane.network.security import (
    ANY_PROTOCOL,
    AclRule,
    Interface,
    Policy,
    SecurityRule,
)

BASE_CHAINS = {
    "acl": "",
    "out": "",
    "in": "",
    "input": "type filter hook input priority filter; policy drop;",
    "forward": "type filter hook forward priority filter; policy drop;",
    "leaving": "type nat hook postrouting priority srcnat;",
    "coming": "type nat hook prerouting priority dstnat;",
}
"""The chains of every router, and their hooks. Packets are dropped until a rule accepts them."""

Rules = tuple[str, ...]


@dataclass(frozen=True)
class Filter:
    """The content of a router's table."""

    chains: Mapping[str, Rules] = field(default_factory=dict)
    """Rules of security groups and ACLs, reached only from base chains."""
    members: Mapping[str, tuple[IPv4Address, ...]] = field(default_factory=dict)
    """Set of a group => its members' addresses."""
    base: Mapping[str, Rules] = field(default_factory=dict)
    """Rules of the base chains."""


def compiled(policy: Policy) -> Filter:
    """Return the filter that enforces a policy."""
    chains: dict[str, Rules] = {}
    members: dict[str, tuple[IPv4Address, ...]] = {}
    by_groups: dict[tuple[str, ...], dict[str, str]] = {}
    for groups in {one.groups for one in policy.interfaces if one.groups is not None}:
        known = [policy.groups[group] for group in groups if group in policy.groups]
        sides = {
            "out": _group_rules([rule for one in known for rule in one.egress], "daddr"),
            "in": _group_rules([rule for one in known for rule in one.ingress], "saddr"),
        }
        by_groups[groups] = {side: _add(chains, side, rules) for side, rules in sides.items()}
        for rule in (rule for one in known for rule in (*one.ingress, *one.egress)):
            for group in rule.groups:
                members[_set_name(group)] = tuple(sorted(set(policy.members.get(group, ()))))
    base = {
        "acl": _acls(policy, chains),
        "out": _direction(policy, "out", by_groups),
        "in": _direction(policy, "in", by_groups),
        "input": _router_itself(policy),
        "forward": _forward(policy),
        **_addresses_outside(policy),
    }
    return Filter(chains, members, base)


def _add(chains: dict[str, Rules], kind: str, rules: Rules) -> str:
    """Add a chain with these rules; return its name."""
    name = f"{kind}_{hashlib.sha256(chr(10).join(rules).encode()).hexdigest()[:16]}"
    chains[name] = rules
    return name


# -- security groups


def _set_name(group: str) -> str:
    return "m_" + group.replace("-", "_")


def _group_rules(rules: Iterable[SecurityRule], peer: str) -> Rules:
    matches = dict.fromkeys(_matches(rules, peer))
    return (*(f"{match} return".strip() for match in matches), "drop")


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


def _direction(
    policy: Policy, side: str, by_groups: Mapping[tuple[str, ...], Mapping[str, str]]
) -> Rules:
    """Return the map from an interface's name to its chain.

    An unlisted link may neither send nor get.
    """

    def verdict(one: Interface) -> str:
        return "return" if one.groups is None else f"goto {by_groups[one.groups][side]}"

    entries = [f'"{one.link}" : {verdict(one)}' for one in policy.interfaces]
    entries += [f'"{link}" : return' for link in policy.uplinks]
    if not entries:
        return ("drop",)
    hook = "iifname" if side == "out" else "oifname"
    return (f"{hook} vmap {{ {', '.join(entries)} }}", "drop")


# -- network ACLs


def _acls(policy: Policy, chains: dict[str, Rules]) -> Rules:
    """Return the ACLs' rules for every packet, replies too, that leaves or enters a subnet."""
    jumps = []
    for subnet, acl in sorted(policy.acls.items()):
        links = [f'"{one.link}"' for one in policy.interfaces if one.subnet == subnet]
        if not links:
            continue
        inside = f"{{ {', '.join(links)} }}"
        for entries, peer, here, there in (
            (acl.egress, "daddr", "iifname", "oifname"),
            (acl.ingress, "saddr", "oifname", "iifname"),
        ):
            if not _allows_all(entries):
                chain = _add(chains, "acl", _acl_rules(entries, peer))
                jumps.append(f"{here} {inside} {there} != {inside} jump {chain}")
    return tuple(jumps)


def _allows_all(rules: Sequence[AclRule]) -> bool:
    first = min(rules, key=lambda rule: rule.number, default=None)
    return (
        first is not None
        and first.allow
        and first.network.prefixlen == 0
        and first.traffic.protocol == ANY_PROTOCOL
    )


def _acl_rules(rules: Sequence[AclRule], peer: str) -> Rules:
    lines = []
    for rule in sorted(rules, key=lambda entry: entry.number):
        verdict = "return" if rule.allow else "drop"
        words = (_addresses((rule.network,), peer), rule.traffic.match(), verdict)
        lines.append(" ".join(word for word in words if word))
    return (*lines, "drop")


# -- the router


def _forward(policy: Policy) -> Rules:
    return (
        *_internet_gateway(policy),
        "jump acl",
        "ct state established,related accept",
        "ct state invalid drop",
        "jump out",
        "jump in",
        "accept",
    )


def _internet_gateway(policy: Policy) -> Rules:
    """Return the rules of the internet gateway.

    It passes nothing of an interface without a public address; replies to what came in through it
    leave by it.
    """
    if not policy.internet:
        return ()
    inner = f" ip saddr != {{ {', '.join(map(str, sorted(policy.public)))} }}"
    return (
        f'oifname "{policy.internet}"{inner if policy.public else ""} drop',
        f'ct status dnat ct direction reply oifname != "{policy.internet}" drop',
    )


def _router_itself(policy: Policy) -> Rules:
    """Return the rules of the router's own addresses: only resolver and task endpoint, for
    interfaces.
    """
    if policy.resolver is None:
        return ()
    uplinks = ", ".join(f'"{link}"' for link in policy.uplinks)
    inside = f"iifname != {{ {uplinks} }} " if uplinks else ""
    return (
        f"{inside}ip daddr {policy.resolver} meta l4proto {{ tcp, udp }} th dport 53 accept",
        f"{inside}ip daddr {TASK_ENDPOINT} tcp dport 80 accept",
    )


def _addresses_outside(policy: Policy) -> dict[str, Rules]:
    """Return the address translation: public addresses for the internet, the router's for gateway
    endpoints.
    """
    leaving, coming = [], []
    if policy.endpoint:
        leaving.append(f'oifname "{policy.endpoint}" masquerade')
    if policy.internet and policy.public:
        pairs = sorted(policy.public.items())
        private = ", ".join(f"{inner} : {outer}" for inner, outer in pairs)
        public = ", ".join(f"{outer} : {inner}" for inner, outer in pairs)
        leaving.append(f'oifname "{policy.internet}" snat to ip saddr map {{ {private} }}')
        coming.append(f'iifname "{policy.internet}" dnat to ip daddr map {{ {public} }}')
    return {"leaving": tuple(leaving), "coming": tuple(coming)}
