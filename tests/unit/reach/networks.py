"""Networks for the tests, and short ways to write their parts."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from drydock.reach.model import (
    ICMP,
    TCP,
    Acl,
    AclEntry,
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
from drydock.reach.network import Network
from drydock.reach.semantics import Verdict, reach

ANYWHERE = "0.0.0.0/0"
CLIENT = "203.0.113.10"
OUTSIDE = "198.51.100.7"


def net(*blocks: str) -> tuple[IPv4Network, ...]:
    return tuple(IPv4Network(one) for one in blocks)


def rule(peer: str, port: int | None = None, last: int | None = None, protocol: int = TCP) -> Rule:
    """A rule about a group or a block; without a port about all traffic."""
    traffic = Traffic()
    if port is not None:
        traffic = Traffic(protocol, port, port if last is None else last)
    if peer.startswith("sg-"):
        return Rule(traffic, groups=(peer,))
    return Rule(traffic, net(peer))


def group(name: str, into: list[Rule], out: list[Rule], vpc: str = "vpc-1") -> SecurityGroup:
    return SecurityGroup(f"sg-{name}", vpc, name, tuple(into), tuple(out))


def eni(
    name: str, subnet: str, address: str, *groups: str, public: str = "", **more: Any
) -> Interface:
    vpc = more.pop("vpc", "vpc-1")
    at = IPv4Address(public) if public else None
    return Interface(
        f"eni-{name}", vpc, f"subnet-{subnet}", IPv4Address(address), at, groups, **more
    )


def route(block: str, target: str, **more: Any) -> Route:
    return Route(net(block), target, **more)


def table(name: str, *routes: Route, subnets: tuple[str, ...] = (), **more: Any) -> RouteTable:
    """With the local route, which every table has."""
    vpc = more.pop("vpc", "vpc-1")
    block = more.pop("local", "10.0.0.0/16")
    named = tuple(f"subnet-{one}" for one in subnets)
    return RouteTable(f"rtb-{name}", vpc, (route(block, "local"), *routes), named, **more)


def entry(
    number: int, allow: bool, block: str = ANYWHERE, first: int = -1, last: int = -1
) -> AclEntry:
    traffic = Traffic() if first == -1 else Traffic(TCP, first, last)
    return AclEntry(number, allow, traffic, IPv4Network(block))


def acl(name: str, into: list[AclEntry], out: list[AclEntry], *subnets: str) -> Acl:
    named = tuple(f"subnet-{one}" for one in subnets)
    return Acl(f"acl-{name}", "vpc-1", tuple(into), tuple(out), named)


OPEN = Acl("acl-open", "vpc-1", (entry(100, True),), (entry(100, True),), (), True)

REFERENCE = Network(
    vpcs=(Vpc("vpc-1", net("10.0.0.0/16"), True, True),),
    subnets=(
        Subnet("subnet-public", "vpc-1", IPv4Network("10.0.0.0/24"), "a"),
        Subnet("subnet-private", "vpc-1", IPv4Network("10.0.64.0/24"), "a"),
        Subnet("subnet-database", "vpc-1", IPv4Network("10.0.128.0/24"), "a"),
    ),
    interfaces=(
        eni("lb", "public", "10.0.0.10", "sg-lb", public="203.0.113.50", service="elb"),
        eni("task", "public", "10.0.0.4", "sg-task", public="203.0.113.51", service="ecs"),
        eni("hidden", "private", "10.0.64.4", "sg-task", service="ecs"),
        eni("db", "database", "10.0.128.4", "sg-db", service="rds"),
    ),
    groups=(
        group("lb", [rule(ANYWHERE, 80), rule(ANYWHERE, 443)], [rule("sg-task", 3000)]),
        group("task", [rule("sg-lb", 3000)], [rule(ANYWHERE)]),
        group("db", [rule("sg-task", 5432)], []),
    ),
    acls=(OPEN,),
    tables=(
        table("main", main=True),
        table("public", route(ANYWHERE, "igw-1"), subnets=("public",)),
        table("private", route(ANYWHERE, "nat-1"), subnets=("private",)),
        table("database", subnets=("database",)),
    ),
    internet_gateways=(InternetGateway("igw-1", "vpc-1"),),
    nat_gateways=(
        NatGateway(
            "nat-1",
            "vpc-1",
            "subnet-public",
            IPv4Address("10.0.0.99"),
            IPv4Address("203.0.113.99"),
        ),
    ),
)
"""The reference stack's three groups: tasks in a public subnet and, as in production, a private one."""

PEERED = Network(
    vpcs=(Vpc("vpc-1", net("10.0.0.0/16")), Vpc("vpc-2", net("10.1.0.0/16"))),
    subnets=(
        Subnet("subnet-1", "vpc-1", IPv4Network("10.0.0.0/24")),
        Subnet("subnet-2", "vpc-2", IPv4Network("10.1.0.0/24")),
    ),
    interfaces=(
        eni("1", "1", "10.0.0.4", "sg-1"),
        eni("2", "2", "10.1.0.4", "sg-2", vpc="vpc-2"),
    ),
    groups=(
        group("1", [], [rule(ANYWHERE)]),
        group("2", [rule("sg-1", 80)], [], vpc="vpc-2"),
    ),
    tables=(
        table("1", route("10.1.0.0/16", "pcx-1"), main=True),
        table("2", route("10.0.0.0/16", "pcx-1"), main=True, vpc="vpc-2", local="10.1.0.0/16"),
    ),
    peerings=(Peering("pcx-1", "vpc-1", "vpc-2"),),
)


def tcp(network: Network, source: str, destination: str, port: int) -> Verdict:
    return reach(network, source, destination, TCP, port)


def ping(network: Network, source: str, destination: str) -> Verdict:
    return reach(network, source, destination, ICMP, 8)
