"""Each of AWS's rules with its negative: what passes, and what stops it when one thing is changed."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from drydock.errors import UsageError
from drydock.reach.model import (
    ICMP,
    TCP,
    UDP,
    Endpoint,
    InternetGateway,
    Peering,
    Route,
    Rule,
    Subnet,
    Traffic,
    Vpc,
)
from drydock.reach.network import Network
from drydock.reach.semantics import Verdict, reach

from .networks import (
    ANYWHERE,
    CLIENT,
    OPEN,
    OUTSIDE,
    PEERED,
    REFERENCE,
    acl,
    eni,
    entry,
    group,
    net,
    ping,
    route,
    rule,
    table,
    tcp,
)


def without(network: Network, part: str, key: str) -> Network:
    """The network without one thing, by its id."""
    kept = tuple(one for one in getattr(network, part) if key not in vars(one).values())
    assert len(kept) == len(getattr(network, part)) - 1
    return replace(network, **{part: kept})  # type: ignore[arg-type]


def with_one(network: Network, part: str, *new: Any) -> Network:
    """The network with things added, in the place of those with the same id."""
    ids = {next(iter(vars(one).values())) for one in new}
    kept = [one for one in getattr(network, part) if next(iter(vars(one).values())) not in ids]
    return replace(network, **{part: (*kept, *new)})  # type: ignore[arg-type]


def refused(verdict: Verdict, *words: str) -> None:
    assert not verdict.allowed, verdict
    for word in words:
        assert word in verdict.reason


@pytest.mark.parametrize(
    ("source", "destination", "port", "allowed"),
    [
        (CLIENT, "eni-lb", 80, True),
        (CLIENT, "eni-lb", 443, True),
        (CLIENT, "203.0.113.50", 443, True),
        (CLIENT, "eni-lb", 3000, False),
        (CLIENT, "eni-task", 3000, False),
        (CLIENT, "eni-hidden", 3000, False),
        (CLIENT, "eni-db", 5432, False),
        ("eni-lb", "eni-task", 3000, True),
        ("eni-lb", "eni-hidden", 3000, True),
        ("eni-lb", "eni-task", 22, False),
        ("eni-lb", "eni-db", 5432, False),
        ("eni-task", "eni-db", 5432, True),
        ("eni-hidden", "eni-db", 5432, True),
        ("eni-task", "eni-db", 22, False),
        ("eni-task", "eni-hidden", 3000, False),
        ("eni-task", OUTSIDE, 443, True),
        ("eni-hidden", OUTSIDE, 443, True),
        ("eni-lb", OUTSIDE, 443, False),
        ("eni-db", "eni-task", 3000, False),
        ("eni-db", OUTSIDE, 443, False),
    ],
)
def test_the_reference_stacks_three_groups(
    source: str, destination: str, port: int, allowed: bool
) -> None:
    assert tcp(REFERENCE, source, destination, port).allowed is allowed


def test_the_reason_names_the_rule_that_lets_it_pass_and_the_one_that_is_missing() -> None:
    passed = tcp(REFERENCE, "eni-task", "eni-db", 5432)
    assert passed.reason == "security group sg-db (db) lets tcp 5432 in from sg-task"
    assert passed.hops[0] == "eni-task (10.0.0.4)"
    assert passed.hops[-1] == "eni-db (10.0.128.4)"
    assert "rtb-public: 10.0.0.0/16 → local" in passed.hops
    lacking = tcp(REFERENCE, "eni-lb", "eni-db", 5432)
    assert lacking.reason == (
        "security group sg-lb (lb) has no egress rule for tcp 5432 to 10.0.128.4 (sg-db)"
    )
    lacking = tcp(REFERENCE, "eni-task", "eni-db", 22)
    assert lacking.reason == (
        "security group sg-db (db) has no ingress rule for tcp 22 from 10.0.0.4 (sg-task)"
    )


# -- security groups


def pair(into: list[Rule], out: list[Rule]) -> Network:
    """a sends to b, in one subnet."""
    return replace(
        REFERENCE,
        interfaces=(
            eni("a", "public", "10.0.0.4", "sg-a"),
            eni("b", "public", "10.0.0.5", "sg-b"),
        ),
        groups=(group("a", [], out), group("b", into, [])),
    )


@pytest.mark.parametrize(
    ("one", "protocol", "port", "allowed"),
    [
        (Traffic(), TCP, 80, True),
        (Traffic(), 50, 0, True),
        (Traffic(TCP, 80, 90), TCP, 80, True),
        (Traffic(TCP, 80, 90), TCP, 90, True),
        (Traffic(TCP, 80, 90), TCP, 91, False),
        (Traffic(TCP, 80, 90), TCP, 79, False),
        (Traffic(TCP, 80, 90), UDP, 80, False),
        (Traffic(TCP, 0, 65535), TCP, 1, True),
        (Traffic(TCP), TCP, 1, True),
        (Traffic(UDP, 53, 53), UDP, 53, True),
        (Traffic(ICMP), ICMP, 8, True),
        (Traffic(ICMP, 8), ICMP, 8, True),
        (Traffic(ICMP, 8, 0), ICMP, 8, True),
        (Traffic(ICMP, 8, 1), ICMP, 8, False),
        (Traffic(ICMP, 0), ICMP, 8, False),
        (Traffic(50), 50, 0, True),
        (Traffic(50, 1, 2), 50, 0, True),
        (Traffic(51), 50, 0, False),
    ],
)
def test_protocols_and_ports(one: Traffic, protocol: int, port: int, allowed: bool) -> None:
    network = pair([Rule(one, net(ANYWHERE))], [rule(ANYWHERE)])
    assert reach(network, "eni-a", "eni-b", protocol, port).allowed is allowed
    network = pair([rule(ANYWHERE)], [Rule(one, net(ANYWHERE))])
    assert reach(network, "eni-a", "eni-b", protocol, port).allowed is allowed


@pytest.mark.parametrize(
    ("into", "out", "allowed"),
    [
        (rule("10.0.0.4/32", 80), rule("10.0.0.5/32", 80), True),
        (rule("10.0.0.5/32", 80), rule("10.0.0.5/32", 80), False),
        (rule("10.0.0.4/32", 80), rule("10.0.0.4/32", 80), False),
        (rule("sg-a", 80), rule("sg-b", 80), True),
        (rule("sg-b", 80), rule("sg-b", 80), False),
        (rule("sg-a", 80), rule("sg-a", 80), False),
        (rule("sg-gone", 80), rule(ANYWHERE), False),
        (
            Rule(Traffic(), net("10.9.0.0/16", "10.0.0.0/28"), prefix_list="pl-1"),
            rule("sg-b"),
            True,
        ),
        (Rule(Traffic(), net("10.9.0.0/16"), prefix_list="pl-1"), rule("sg-b"), False),
        (Rule(Traffic(), (), prefix_list="pl-empty"), rule("sg-b"), False),
    ],
)
def test_peers_of_a_rule(into: Rule, out: Rule, allowed: bool) -> None:
    assert tcp(pair([into], [out]), "eni-a", "eni-b", 80).allowed is allowed


def test_both_directions_are_needed_and_replies_need_none() -> None:
    assert tcp(pair([rule(ANYWHERE)], [rule(ANYWHERE)]), "eni-a", "eni-b", 80).allowed
    refused(tcp(pair([], [rule(ANYWHERE)]), "eni-a", "eni-b", 80), "sg-b", "no ingress rule")
    refused(tcp(pair([rule(ANYWHERE)], []), "eni-a", "eni-b", 80), "sg-a", "no egress rule")
    # b may not send of its own accord.
    refused(tcp(pair([rule(ANYWHERE)], [rule(ANYWHERE)]), "eni-b", "eni-a", 80), "sg-b (b) has no")


def test_any_of_several_groups_is_enough_and_their_own_members_can_be_meant() -> None:
    network = replace(
        REFERENCE,
        interfaces=(
            eni("a", "public", "10.0.0.4", "sg-none", "sg-default"),
            eni("b", "public", "10.0.0.5", "sg-default"),
            eni("c", "public", "10.0.0.6", "sg-none"),
        ),
        groups=(
            group("none", [], []),
            group("default", [rule("sg-default")], [rule(ANYWHERE)]),
        ),
    )
    assert tcp(network, "eni-a", "eni-b", 80).allowed
    assert tcp(network, "eni-b", "eni-a", 80).allowed
    refused(tcp(network, "eni-b", "eni-c", 80), "sg-none (none) has no ingress rule")
    refused(tcp(network, "eni-c", "eni-b", 80), "sg-none (none) has no egress rule")
    two = with_one(network, "interfaces", eni("b", "public", "10.0.0.5", "sg-none", "sg-gone"))
    refused(tcp(two, "eni-a", "eni-b", 80), "security groups sg-none (none), sg-gone have no")


def test_an_interface_without_groups_passes_nothing_and_one_that_none_filters_everything() -> None:
    network = pair([rule(ANYWHERE)], [rule(ANYWHERE)])
    bare = with_one(network, "interfaces", eni("b", "public", "10.0.0.5"))
    refused(tcp(bare, "eni-a", "eni-b", 80), "eni-b has no security group")
    free = with_one(network, "interfaces", replace(eni("b", "public", "10.0.0.5"), groups=None))
    assert tcp(free, "eni-a", "eni-b", 80).allowed


# -- network ACLs


def edges(into: list[Any], out: list[Any], *, of: str = "database") -> Network:
    return with_one(REFERENCE, "acls", acl("x", into, out, of))


ALL = [entry(100, True)]


@pytest.mark.parametrize(
    ("into", "out", "reason"),
    [
        (ALL, ALL, ""),
        ([entry(100, True, ANYWHERE, 5432, 5432)], [entry(1, True, ANYWHERE, 1024, 65535)], ""),
        ([entry(90, False, "10.0.0.4/32"), *ALL], ALL, "by ingress entry 90"),
        ([entry(110, False, "10.0.0.4/32"), *ALL], ALL, ""),
        ([entry(90, False, "10.0.9.0/24"), *ALL], ALL, ""),
        ([entry(100, True, ANYWHERE, 80, 80)], ALL, "denies tcp 5432 from 10.0.0.4 by ingress"),
        ([], ALL, "by ingress entry *"),
        ([entry(32767, False)], ALL, "by ingress entry *"),
        (ALL, [], "denies the reply (tcp 32768-60999 to 10.0.0.4) by egress entry *"),
        (ALL, [entry(1, True, ANYWHERE, 5432, 5432)], "denies the reply"),
        (ALL, [entry(1, True, ANYWHERE, 32768, 60999)], ""),
        (ALL, [entry(1, True, ANYWHERE, 32769, 60999)], "denies the reply"),
        (ALL, [entry(1, True, ANYWHERE, 1024, 40000), entry(2, True, ANYWHERE, 40001, 65535)], ""),
        (ALL, [entry(1, False, ANYWHERE, 50000, 50000), *ALL], "by egress entry 1"),
        (
            ALL,
            [entry(1, True, ANYWHERE, 1024, 65535), entry(2, False, ANYWHERE, 50000, 50000)],
            "",
        ),
    ],
)
def test_acls_judge_what_enters_a_subnet_and_its_reply(
    into: list[Any], out: list[Any], reason: str
) -> None:
    verdict = tcp(edges(into, out), "eni-task", "eni-db", 5432)
    if reason:
        refused(verdict, "network ACL acl-x of subnet subnet-database", reason)
    else:
        assert verdict.allowed, verdict


def test_acls_judge_what_leaves_a_subnet_and_its_reply() -> None:
    out = edges(ALL, [entry(90, False, "10.0.128.0/24"), *ALL], of="public")
    refused(tcp(out, "eni-task", "eni-db", 5432), "subnet-public", "by egress entry 90")
    back = edges([entry(100, True, ANYWHERE, 80, 5000)], ALL, of="public")
    refused(tcp(back, "eni-task", "eni-db", 5432), "subnet-public", "denies the reply")


def test_inside_a_subnet_acls_judge_nothing() -> None:
    closed = edges([], [], of="public")
    assert tcp(closed, "eni-lb", "eni-task", 3000).allowed
    refused(tcp(closed, "eni-lb", "eni-hidden", 3000), "acl-x")


def test_clients_of_other_kinds_take_other_ports() -> None:
    high = [entry(100, True, ANYWHERE, 32768, 60999)]
    network = edges(ALL, high, of="public")
    refused(tcp(network, CLIENT, "eni-lb", 80), "denies the reply (tcp 1024-65535")
    assert reach(network, CLIENT, "eni-lb", TCP, 80, client_ports=(32768, 60999)).allowed


def test_without_an_own_acl_a_subnet_has_its_vpcs_default_one() -> None:
    assert tcp(REFERENCE, "eni-task", "eni-db", 5432).allowed
    closed = replace(REFERENCE, acls=(replace(OPEN, egress=()),))
    refused(tcp(closed, "eni-task", "eni-db", 5432), "acl-open of subnet subnet-public")
    assert tcp(replace(REFERENCE, acls=()), "eni-task", "eni-db", 5432).allowed


def test_icmp_needs_its_echo_back() -> None:
    network = with_one(REFERENCE, "groups", group("db", [rule(ANYWHERE)], []))
    assert ping(network, "eni-task", "eni-db").allowed
    only_tcp = [entry(100, True, ANYWHERE, 0, 65535)]
    network = with_one(network, "acls", acl("x", ALL, only_tcp, "database"))
    refused(ping(network, "eni-task", "eni-db"), "denies the reply (icmp type 0")
    # Not every message has an answer.
    assert reach(network, "eni-task", "eni-db", ICMP, 3).allowed


# -- route tables


def test_an_explicit_association_comes_before_the_main_table() -> None:
    assert tcp(REFERENCE, "eni-task", OUTSIDE, 443).allowed
    network = with_one(REFERENCE, "tables", table("public", subnets=("public",)))
    refused(
        tcp(network, "eni-task", OUTSIDE, 443),
        "route table rtb-public of subnet subnet-public has no route to 198.51.100.7",
    )
    main = with_one(
        without(REFERENCE, "tables", "rtb-public"),
        "tables",
        table("main", route(ANYWHERE, "igw-1"), main=True),
    )
    assert tcp(main, "eni-task", OUTSIDE, 443).allowed
    refused(tcp(without(REFERENCE, "tables", "rtb-public"), "eni-task", OUTSIDE, 443), "rtb-main")


@pytest.mark.parametrize(
    ("routes", "allowed"),
    [
        ([route(ANYWHERE, "igw-1")], True),
        ([route("198.51.100.0/24", "igw-1")], True),
        ([route("198.51.101.0/24", "igw-1")], False),
        ([route(ANYWHERE, "igw-1"), route("198.51.100.0/24", "pcx-1", blackhole=True)], False),
        ([route(ANYWHERE, "pcx-1", blackhole=True), route("198.51.100.0/24", "igw-1")], True),
        ([route("198.51.100.7/32", "igw-1"), route("198.51.100.0/24", "tgw-1")], True),
        ([route(ANYWHERE, "vgw-1", propagated=True), route(ANYWHERE, "igw-1")], True),
        ([Route(net(ANYWHERE), "nat-gone", prefix_list="pl-1"), route(ANYWHERE, "igw-1")], True),
        ([route(ANYWHERE, "tgw-1")], False),
    ],
)
def test_the_longest_prefix_wins_then_static_routes(routes: list[Route], allowed: bool) -> None:
    network = with_one(REFERENCE, "tables", table("public", *routes, subnets=("public",)))
    assert tcp(network, "eni-task", OUTSIDE, 443).allowed is allowed


def test_a_blackhole_and_what_is_not_looked_into_are_named() -> None:
    hole = table("public", route(ANYWHERE, "nat-9", blackhole=True), subnets=("public",))
    refused(
        tcp(with_one(REFERENCE, "tables", hole), "eni-task", OUTSIDE, 443),
        "rtb-public of subnet subnet-public: its route to 0.0.0.0/0 is a blackhole",
    )
    other = table("public", route(ANYWHERE, "tgw-9"), subnets=("public",))
    refused(tcp(with_one(REFERENCE, "tables", other), "eni-task", OUTSIDE, 443), "tgw-9")


def test_an_address_that_nobody_has() -> None:
    refused(tcp(REFERENCE, "eni-task", "10.0.0.77", 80), "no network interface of vpc-1")
    refused(tcp(REFERENCE, "eni-task", "10.0.128.77", 80), "no network interface of vpc-1")


# -- the internet gateway


def test_only_a_public_address_gets_out_and_in() -> None:
    hidden = with_one(
        REFERENCE, "interfaces", eni("task", "public", "10.0.0.4", "sg-task", service="ecs")
    )
    refused(
        tcp(hidden, "eni-task", OUTSIDE, 443),
        "network interface eni-task has no public address, so igw-1 drops it",
    )
    bare = with_one(REFERENCE, "interfaces", eni("lb", "public", "10.0.0.10", "sg-lb"))
    refused(tcp(bare, CLIENT, "eni-lb", 80), "eni-lb has no public address")


def test_a_gateway_has_to_be_attached() -> None:
    detached = replace(REFERENCE, internet_gateways=(InternetGateway("igw-1"),))
    refused(tcp(detached, "eni-task", OUTSIDE, 443), "igw-1 is not attached to vpc-1")
    refused(tcp(detached, CLIENT, "eni-lb", 80), "vpc-1 has no internet gateway")


def test_who_is_reached_from_the_internet_answers_the_same_way() -> None:
    for routes, words in (
        ([], "has no route back to 203.0.113.10"),
        ([route(ANYWHERE, "nat-1")], "to nat-1, not back through igw-1"),
        ([route(ANYWHERE, "igw-1", blackhole=True)], "is a blackhole"),
    ):
        network = with_one(REFERENCE, "tables", table("public", *routes, subnets=("public",)))
        refused(tcp(network, CLIENT, "eni-lb", 80), words)


def test_a_group_lets_in_some_of_the_internet_alone() -> None:
    office = with_one(REFERENCE, "groups", group("lb", [rule("203.0.113.0/28", 80)], []))
    assert tcp(office, CLIENT, "eni-lb", 80).allowed
    refused(
        tcp(office, OUTSIDE, "eni-lb", 80),
        "security group sg-lb (lb) has no ingress rule for tcp 80 from 198.51.100.7",
    )


def test_by_a_public_address_nobody_is_a_member_of_a_group() -> None:
    chain = replace(
        REFERENCE,
        groups=(
            group("lb", [rule("sg-task", 80)], []),
            group("task", [], [rule(ANYWHERE)]),
        ),
    )
    assert tcp(chain, "eni-task", "eni-lb", 80).allowed
    refused(
        tcp(chain, "eni-task", "203.0.113.50", 80), "no ingress rule for tcp 80 from 203.0.113.51"
    )
    public = with_one(chain, "groups", group("lb", [rule("203.0.113.51/32", 80)], []))
    assert tcp(public, "eni-task", "203.0.113.50", 80).allowed
    refused(tcp(public, "eni-task", "eni-lb", 80), "no ingress rule")


def test_private_addresses_do_not_pass_the_gateway() -> None:
    refused(tcp(REFERENCE, "eni-task", "192.168.7.7", 80), "is a private address")


# -- the NAT gateway


def test_nat_out_only_and_with_the_gateways_address() -> None:
    verdict = tcp(REFERENCE, "eni-hidden", OUTSIDE, 443)
    assert verdict.allowed
    assert "nat-1 → igw-1" in verdict.hops
    assert "the internet, as 203.0.113.99" in verdict.hops
    refused(tcp(REFERENCE, CLIENT, "eni-hidden", 3000), "has no public address")
    refused(tcp(REFERENCE, "eni-task", "203.0.113.99", 443), "lets no connection in")
    nat = eni("nat", "public", "10.0.0.99", public="203.0.113.99", service="nat")
    network = with_one(REFERENCE, "interfaces", replace(nat, groups=None))
    refused(tcp(network, CLIENT, "203.0.113.99", 443), "lets no connection in")
    refused(tcp(network, "eni-task", "eni-nat", 443), "lets no connection in")


def test_the_nat_gateway_itself_needs_a_way_out() -> None:
    nat = REFERENCE.nat_gateways[0]
    for changed, words in (
        (replace(nat, state="deleted"), "NAT gateway nat-1 is deleted"),
        (replace(nat, public=None), "nat-1 has no public address"),
        (
            replace(nat, subnet="subnet-database"),
            "stands in subnet subnet-database, whose route table rtb-database has no route to",
        ),
        (replace(nat, subnet="subnet-private"), "subnet-private, whose route table rtb-private"),
    ):
        network = replace(REFERENCE, nat_gateways=(changed,))
        refused(tcp(network, "eni-hidden", OUTSIDE, 443), words)
    refused(tcp(replace(REFERENCE, nat_gateways=()), "eni-hidden", OUTSIDE, 443), "nat-1, which is")
    refused(reach(REFERENCE, "eni-hidden", OUTSIDE, 50, 0), "takes tcp, udp and icmp alone")
    assert reach(REFERENCE, "eni-task", OUTSIDE, 50, 0).allowed


@pytest.mark.parametrize(
    ("subnet", "into", "out", "words"),
    [
        ("private", ALL, ALL, ""),
        (
            "private",
            [entry(1, True, ANYWHERE, 32768, 60999)],
            [entry(1, True, ANYWHERE, 443, 443)],
            "",
        ),
        ("private", [], ALL, "denies the reply (tcp 32768-60999 from 198.51.100.7)"),
        ("private", ALL, [], "denies tcp 443 to 198.51.100.7"),
        ("public", [entry(1, False, "10.0.64.0/24"), *ALL], ALL, "denies tcp 443 from 10.0.64.4"),
        (
            "public",
            ALL,
            [entry(1, False, "10.0.64.0/24"), *ALL],
            "reply (tcp 32768-60999 to 10.0.64.4)",
        ),
        ("public", ALL, [entry(1, False, "198.51.100.0/24"), *ALL], "tcp 443 to 198.51.100.7"),
        ("public", [entry(1, False, "198.51.100.0/24"), *ALL], ALL, "reply (tcp 1024-65535 from"),
    ],
)
def test_acls_on_the_way_through_nat(
    subnet: str, into: list[Any], out: list[Any], words: str
) -> None:
    verdict = tcp(edges(into, out, of=subnet), "eni-hidden", OUTSIDE, 443)
    if words:
        refused(verdict, f"of subnet subnet-{subnet}", words)
    else:
        assert verdict.allowed, verdict


# -- endpoints

S3 = net("192.0.2.0/25", "192.0.2.128/25")


def closed_network() -> Network:
    """The private subnet has no way to the internet."""
    return replace(
        with_one(REFERENCE, "tables", table("private", subnets=("private",))), services={"s3": S3}
    )


def test_a_gateway_endpoint_is_a_route_to_a_prefix_list() -> None:
    network = closed_network()
    refused(
        tcp(network, "eni-hidden", "s3", 443),
        "route table rtb-private of subnet subnet-private has no route to 192.0.2.0",
    )
    way = Route(S3, "vpce-s3", prefix_list="pl-s3")
    network = with_one(network, "tables", table("private", way, subnets=("private",)))
    refused(tcp(network, "eni-hidden", "s3", 443), "vpce-s3, which is gone")
    network = with_one(network, "endpoints", Endpoint("vpce-s3", "vpc-1", "s3", "Gateway"))
    assert tcp(network, "eni-hidden", "s3", 443).allowed
    refused(tcp(network, "eni-hidden", OUTSIDE, 443), "has no route to 198.51.100.7")
    refused(tcp(network, "eni-db", "s3", 443), "sg-db (db) has no egress rule")
    half = with_one(network, "groups", group("task", [], [rule("192.0.2.0/25", 443)]))
    refused(tcp(half, "eni-hidden", "s3", 443), "192.0.2.128")
    listed = group("task", [], [Rule(Traffic(TCP, 443, 443), S3, prefix_list="pl-s3")])
    assert tcp(with_one(network, "groups", listed), "eni-hidden", "s3", 443).allowed
    gone = with_one(
        network, "endpoints", Endpoint("vpce-s3", "vpc-1", "s3", "Gateway", state="deleted")
    )
    refused(tcp(gone, "eni-hidden", "s3", 443), "vpce-s3 is deleted")
    hole = replace(way, blackhole=True)
    network = with_one(network, "tables", table("private", hole, subnets=("private",)))
    refused(tcp(network, "eni-hidden", "s3", 443), "its route to pl-s3 is a blackhole")


def test_behind_a_nat_gateway_the_gateways_subnet_may_have_the_endpoint() -> None:
    way = Route(S3, "vpce-s3", prefix_list="pl-s3")
    network = replace(REFERENCE, services={"s3": S3}, internet_gateways=())
    refused(tcp(network, "eni-hidden", "s3", 443), "has no route to 192.0.2.0")
    network = with_one(network, "tables", table("public", way, subnets=("public",)))
    network = with_one(network, "endpoints", Endpoint("vpce-s3", "vpc-1", "s3", "Gateway"))
    assert tcp(network, "eni-hidden", "s3", 443).allowed
    refused(tcp(network, "eni-hidden", OUTSIDE, 443), "has no route to 198.51.100.7")


def test_without_an_endpoint_a_service_is_on_the_internet() -> None:
    assert tcp(REFERENCE, "eni-task", "logs", 443).allowed
    assert tcp(REFERENCE, "eni-hidden", "s3", 443).allowed
    refused(tcp(closed_network(), "eni-hidden", "logs", 443), "has no route to 198.51.100.1")


def with_logs(**changes: Any) -> Network:
    """An interface endpoint for logs in the private subnet, which has no way out."""
    network = closed_network()
    network = with_one(
        network, "interfaces", eni("vpce", "private", "10.0.64.9", "sg-vpce", service="vpce")
    )
    network = with_one(network, "groups", group("vpce", [rule("sg-task", 443)], []))
    endpoint = Endpoint("vpce-logs", "vpc-1", "logs", "Interface", ("eni-vpce",), True)
    return with_one(network, "endpoints", replace(endpoint, **changes))


def test_an_interface_endpoint_takes_the_services_name_over() -> None:
    assert tcp(with_logs(), "eni-hidden", "logs", 443).allowed
    assert "eni-vpce (10.0.64.9)" in tcp(with_logs(), "eni-hidden", "logs", 443).hops
    refused(tcp(with_logs(), "eni-hidden", "logs", 80), "sg-vpce (vpce) has no ingress rule")
    refused(tcp(with_logs(), "eni-hidden", "secretsmanager", 443), "has no route")
    for changes in ({"private_dns": False}, {"state": "pending"}, {"service": "ecr.api"}):
        refused(tcp(with_logs(**changes), "eni-hidden", "logs", 443), "no route to 198.51.100.1")
    # Its own address is there all the same.
    assert tcp(with_logs(private_dns=False), "eni-hidden", "eni-vpce", 443).allowed


def test_the_endpoints_own_groups_judge() -> None:
    strict = with_one(with_logs(), "groups", group("vpce", [rule("sg-lb", 443)], []))
    refused(
        tcp(strict, "eni-hidden", "logs", 443),
        "security group sg-vpce (vpce) has no ingress rule for tcp 443 from 10.0.64.4 (sg-task)",
    )
    refused(tcp(with_logs(interfaces=()), "eni-hidden", "logs", 443), "logs has no addresses")


def test_every_address_of_an_endpoint_has_to_be_reached() -> None:
    network = with_logs(interfaces=("eni-vpce", "eni-vpce2"))
    second = eni("vpce2", "database", "10.0.128.9", "sg-vpce", service="vpce")
    network = with_one(network, "interfaces", second)
    assert tcp(network, "eni-hidden", "logs", 443).allowed
    network = with_one(network, "acls", acl("x", [], [], "database"))
    refused(tcp(network, "eni-hidden", "logs", 443), "acl-x of subnet subnet-database")


def test_names_need_the_vpcs_dns_attributes() -> None:
    off = replace(with_logs(), vpcs=(Vpc("vpc-1", net("10.0.0.0/16"), False, True),))
    refused(tcp(off, "eni-hidden", "logs", 443), "enable_dns_support off")
    names = replace(with_logs(), vpcs=(Vpc("vpc-1", net("10.0.0.0/16"), True, False),))
    refused(tcp(names, "eni-hidden", "logs", 443), "no route to 198.51.100.1")


@pytest.mark.parametrize("address", ["10.0.0.2", "169.254.169.253"])
def test_the_resolver_is_never_filtered(address: str) -> None:
    shut = replace(with_one(REFERENCE, "groups", group("db", [], [])), acls=())
    assert reach(shut, "eni-db", address, UDP, 53).allowed
    assert tcp(shut, "eni-db", address, 53).allowed
    refused(tcp(shut, "eni-db", address, 80), "port 53 alone")
    off = replace(shut, vpcs=(Vpc("vpc-1", net("10.0.0.0/16"), False),))
    refused(reach(off, "eni-db", address, UDP, 53), "enable_dns_support off")


def test_a_tasks_credentials_and_metadata_are_never_filtered() -> None:
    assert tcp(REFERENCE, "eni-db", "169.254.170.2", 80).allowed
    assert not tcp(REFERENCE, "eni-db", "169.254.1.1", 80).allowed


# -- peering


def test_two_peered_vpcs_with_routes_both_ways() -> None:
    assert tcp(PEERED, "eni-1", "eni-2", 80).allowed
    assert tcp(PEERED, "eni-1", "10.1.0.4", 80).allowed
    refused(tcp(PEERED, "eni-1", "eni-2", 81), "sg-2 (2) has no ingress rule")
    refused(tcp(PEERED, "eni-2", "eni-1", 80), "sg-2 (2) has no egress rule")
    there = with_one(PEERED, "tables", table("1", main=True))
    refused(tcp(there, "eni-1", "eni-2", 80), "rtb-1 of subnet subnet-1 has no route to 10.1.0.4")
    back = with_one(PEERED, "tables", table("2", main=True, vpc="vpc-2", local="10.1.0.0/16"))
    refused(
        tcp(back, "eni-1", "eni-2", 80), "rtb-2 of subnet subnet-2 has no route back to 10.0.0.4"
    )
    pending = replace(PEERED, peerings=(Peering("pcx-1", "vpc-1", "vpc-2", active=False),))
    refused(tcp(pending, "eni-1", "eni-2", 80), "pcx-1 of vpc-1 is not active")
    refused(tcp(replace(PEERED, peerings=()), "eni-1", "eni-2", 80), "pcx-1")


def test_peering_goes_no_further() -> None:
    third = replace(
        PEERED,
        vpcs=(*PEERED.vpcs, Vpc("vpc-3", net("10.2.0.0/16"))),
        subnets=(*PEERED.subnets, Subnet("subnet-3", "vpc-3", IPv4Network("10.2.0.0/24"))),
        interfaces=(*PEERED.interfaces, eni("3", "3", "10.2.0.4", "sg-1", vpc="vpc-3")),
        peerings=(*PEERED.peerings, Peering("pcx-2", "vpc-2", "vpc-3")),
        tables=(
            table("1", route("10.0.0.0/8", "pcx-1"), main=True),
            PEERED.tables[1],
            table("3", main=True, vpc="vpc-3", local="10.2.0.0/16"),
        ),
    )
    refused(tcp(third, "eni-1", "eni-3", 80), "no network interface of vpc-2 has the address")


def test_two_vpcs_with_the_same_range_are_two_places() -> None:
    network = replace(
        PEERED,
        subnets=(PEERED.subnets[0], Subnet("subnet-2", "vpc-2", IPv4Network("10.0.0.0/24"))),
        interfaces=(
            eni("1", "1", "10.0.0.4", "sg-1"),
            eni("twin", "1", "10.0.0.5", "sg-1"),
            eni("2", "2", "10.0.0.5", "sg-2", vpc="vpc-2"),
        ),
        groups=(
            group("1", [rule(ANYWHERE)], [rule(ANYWHERE)]),
            group("2", [rule(ANYWHERE)], [rule(ANYWHERE)], vpc="vpc-2"),
        ),
        tables=(table("1", main=True), table("2", main=True, vpc="vpc-2")),
        peerings=(),
    )
    assert tcp(network, "eni-1", "eni-twin", 80).allowed
    assert tcp(network, "eni-1", "10.0.0.5", 80).hops[-1] == "eni-twin (10.0.0.5)"
    refused(tcp(network, "eni-1", "eni-2", 80), "in vpc-1 the address 10.0.0.5 is eni-twin's")


def test_a_private_address_is_not_found_through_a_gateway() -> None:
    network = replace(PEERED, internet_gateways=(InternetGateway("igw-1", "vpc-1"),))
    network = with_one(network, "tables", table("1", route(ANYWHERE, "igw-1"), main=True))
    refused(tcp(network, "eni-1", "eni-2", 80), "leads 10.1.0.4, a private address, to igw-1")


# -- the question itself


def test_an_interface_reaches_itself() -> None:
    assert tcp(REFERENCE, "eni-db", "eni-db", 80).allowed
    assert tcp(REFERENCE, "eni-db", "10.0.128.4", 80).allowed


@pytest.mark.parametrize(
    ("source", "destination"),
    [("eni-nobody", "eni-db"), ("eni-db", "eni-nobody"), (CLIENT, OUTSIDE), (CLIENT, "eni-x")],
)
def test_ends_that_are_not_there(source: str, destination: str) -> None:
    with pytest.raises(UsageError):
        tcp(REFERENCE, source, destination, 80)


def test_answers_are_quick() -> None:
    """A property test asks thousands of times."""
    import time

    began = time.perf_counter()
    for _ in range(200):
        tcp(REFERENCE, "eni-task", "eni-db", 5432)
        tcp(REFERENCE, "eni-hidden", OUTSIDE, 443)
    assert time.perf_counter() - began < 1.0
    assert IPv4Address("10.0.128.4") == REFERENCE.interface("eni-db").address
