"""From a policy to nftables' words."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from drydock.region.dataplane.network.filtering import compiled
from drydock.region.dataplane.network.security import (
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
    admits,
    crosses,
)

ANYWHERE = IPv4Network("0.0.0.0/0")
WEB = Traffic(TCP, 80, 80)
CLIENT = IPv4Address("203.0.113.10")
FIRST = Interface("i1", IPv4Address("10.0.0.4"), "subnet-1", ("sg-1",))
SECOND = Interface("i2", IPv4Address("10.0.0.5"), "subnet-1", ("sg-2",))


def policy(*ingress: SecurityRule, **more: object) -> Policy:
    """Two interfaces of a group each; the rules are the first group's."""
    groups = {"sg-1": SecurityGroup("sg-1", ingress), "sg-2": SecurityGroup("sg-2")}
    made = Policy(groups=groups, interfaces=(FIRST, SECOND), uplinks=("igw",), internet="igw")
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("traffic", "words"),
    [
        (Traffic(), ""),
        (Traffic(TCP), "meta l4proto 6"),
        (Traffic(TCP, 0, 65535), "meta l4proto 6"),
        (Traffic(UDP, 53, 53), "udp dport 53"),
        (Traffic(TCP, 80, 90), "tcp dport 80-90"),
        (Traffic(ICMP), "meta l4proto icmp"),
        (Traffic(ICMP, 8, -1), "icmp type 8"),
        (Traffic(ICMP, 3, 4), "icmp type 3 icmp code 4"),
        (Traffic(50), "meta l4proto 50"),
        (Traffic(50, 1, 2), "meta l4proto 50"),
    ],
)
def test_traffic(traffic: Traffic, words: str) -> None:
    assert traffic.match() == words


def test_without_a_rule_there_is_only_the_end() -> None:
    found = compiled(policy())
    assert set(found.chains.values()) == {("drop",)}
    assert found.base["in"][-1] == "drop"


def test_rules_of_networks_and_of_groups() -> None:
    rules = (
        SecurityRule(WEB, (IPv4Network("10.0.0.0/25"), IPv4Network("10.0.0.128/25"))),
        SecurityRule(Traffic(), (ANYWHERE, IPv4Network("10.0.0.0/8"))),
        SecurityRule(WEB, groups=("sg-2",)),
        SecurityRule(WEB, groups=("sg-2",)),
    )
    members = {"sg-2": (SECOND.address, SECOND.address)}
    found = compiled(policy(*rules, members=members))
    assert (
        "ip saddr { 10.0.0.0/24 } tcp dport 80 return",
        "return",
        "ip saddr @m_sg_2 tcp dport 80 return",
        "drop",
    ) in found.chains.values()
    assert found.members == {"m_sg_2": (SECOND.address,)}


def test_interfaces_with_the_same_rules_share_chains_however_their_groups_are_called() -> None:
    twin = Interface("i3", IPv4Address("10.0.0.6"), "subnet-1", ("sg-3",))
    rule = SecurityRule(WEB, (ANYWHERE,))
    groups = {one: SecurityGroup(one, (rule,)) for one in ("sg-1", "sg-3")}
    found = compiled(policy(groups=groups, interfaces=(FIRST, twin)))
    assert len(found.chains) == 2  # what they may get, what they may send
    other = replace(groups["sg-3"], ingress=())
    assert (
        len(compiled(policy(groups={**groups, "sg-3": other}, interfaces=(FIRST, twin))).chains)
        == 3
    )


def test_a_group_that_is_gone_lets_nothing_pass() -> None:
    found = compiled(policy(groups={}))
    assert set(found.chains.values()) == {("drop",)}


def test_what_no_group_filters_passes() -> None:
    found = compiled(policy(interfaces=(replace(FIRST, groups=None),)))
    assert found.base["in"][0] == 'oifname vmap { "i1" : return, "igw" : return }'


def test_an_acl_in_its_order_at_the_edge() -> None:
    deny = AclRule(90, False, WEB, IPv4Network("10.1.0.0/16"))
    allow = AclRule(100, True, Traffic(), ANYWHERE)
    found = compiled(policy(acls={"subnet-1": Acl((allow, deny), (allow,))}))
    [jump] = found.base["acl"]
    links = '{ "i1", "i2" }'
    assert jump.startswith(f"oifname {links} iifname != {links} jump acl_")
    rules = found.chains[jump.rpartition(" ")[2]]
    assert rules == ("ip saddr { 10.1.0.0/16 } tcp dport 80 drop", "return", "drop")


def test_one_that_allows_everything_costs_nothing() -> None:
    allow = AclRule(100, True, Traffic(), ANYWHERE)
    later = AclRule(200, False, WEB, ANYWHERE)
    assert compiled(policy(acls={"subnet-1": Acl((later, allow), (allow,))})).base["acl"] == ()
    assert len(compiled(policy(acls={"subnet-1": Acl((), ())})).base["acl"]) == 2


def test_public_addresses() -> None:
    found = compiled(policy(public={FIRST.address: IPv4Address("54.0.0.1")}))
    assert found.base["leaving"] == ('oifname "igw" snat to ip saddr map { 10.0.0.4 : 54.0.0.1 }',)
    assert found.base["coming"] == ('iifname "igw" dnat to ip daddr map { 54.0.0.1 : 10.0.0.4 }',)
    assert found.base["forward"][0] == 'oifname "igw" ip saddr != { 10.0.0.4 } drop'
    assert compiled(policy()).base["forward"][0] == 'oifname "igw" drop'


def test_whom_a_group_lets_in() -> None:
    group = SecurityGroup("sg-1", (SecurityRule(WEB, (IPv4Network("203.0.113.0/24"),)),))
    assert admits([group], CLIENT, TCP, 80)
    assert not admits([group], CLIENT, TCP, 81)
    assert not admits([group], CLIENT, UDP, 80)
    assert not admits([group], IPv4Address("198.51.100.1"), TCP, 80)
    assert not admits([], CLIENT, TCP, 80)


def test_whom_an_acl_lets_cross() -> None:
    deny = AclRule(1, False, WEB, IPv4Network("203.0.113.0/24"))
    allow = AclRule(2, True, Traffic(), ANYWHERE)
    assert not crosses((allow, deny), CLIENT, TCP, 80)
    assert crosses((allow, deny), CLIENT, TCP, 81)
    assert not crosses((deny,), CLIENT, TCP, 81)
