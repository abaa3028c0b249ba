"""Route tables as plain data, and the kernel's rules and routes for them. Pure.

A packet from a subnet is routed by that subnet's table. The VPC's own ranges are always local;
packets without a route are dropped, as by AWS:
https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["internet", "nat", "endpoint", "peering", "blackhole"]

MAIN = 254
LOCAL_PRIORITY = 100
SUBNET_PRIORITY = 200
LAST_PRIORITY = 30_000
NOTHING = 999
"""A table with only a blackhole."""
FIRST_TABLE = 1000


@dataclass(frozen=True)
class Route:
    """One route of a table. `hop`: the link of a NAT gateway's interface, or of a peer's router."""

    destination: IPv4Network
    kind: Kind
    hop: str = ""
    via: IPv4Address | None = None


@dataclass(frozen=True)
class SubnetRoutes:
    """A subnet and the routes of the table that it is associated with."""

    subnet: str
    cidr: IPv4Network
    routes: tuple[Route, ...]


@dataclass(frozen=True, order=True)
class KernelRoute:
    """`ip route add [blackhole] DESTINATION [via VIA] [dev LINK] table TABLE`."""

    table: int
    destination: IPv4Network
    link: str = ""
    via: IPv4Address | None = None

    @property
    def blackhole(self) -> bool:
        return not self.link


@dataclass(frozen=True, order=True)
class KernelRule:
    """`ip rule add [from SOURCE] [to DESTINATION] lookup TABLE priority PRIORITY`."""

    priority: int
    table: int
    source: IPv4Network | None = None
    destination: IPv4Network | None = None


@dataclass(frozen=True)
class Kernel:
    """The rules and routes of a router, except its interfaces' own routes."""

    rules: frozenset[KernelRule] = frozenset()
    routes: frozenset[KernelRoute] = frozenset()


@dataclass(frozen=True)
class Uplinks:
    """The links that lead out of a router, and the address at their other end."""

    internet: str
    endpoint: str
    gateway: IPv4Address


def kernel(
    cidrs: Iterable[IPv4Network],
    subnets: Sequence[SubnetRoutes],
    tables: Mapping[str, int],
    uplinks: Uplinks,
) -> Kernel:
    """Return the kernel's rules and routes for these subnets. `tables`: each subnet's kernel table."""
    rules = {KernelRule(LAST_PRIORITY, NOTHING)}
    routes = {KernelRoute(NOTHING, IPv4Network("0.0.0.0/0"))}
    for cidr in cidrs:
        rules.add(KernelRule(LOCAL_PRIORITY, MAIN, destination=cidr))
        routes.add(KernelRoute(MAIN, cidr))  # an address that nobody has
    for subnet in subnets:
        table = tables[subnet.subnet]
        rules.add(KernelRule(SUBNET_PRIORITY, table, source=subnet.cidr))
        routes |= {_kernel_route(table, route, uplinks) for route in subnet.routes}
    return Kernel(frozenset(rules), frozenset(routes))


def _kernel_route(table: int, route: Route, uplinks: Uplinks) -> KernelRoute:
    if route.kind == "internet":
        return KernelRoute(table, route.destination, uplinks.internet, uplinks.gateway)
    if route.kind == "endpoint":
        return KernelRoute(table, route.destination, uplinks.endpoint, uplinks.gateway)
    if route.kind in ("nat", "peering"):
        return KernelRoute(table, route.destination, route.hop, route.via)
    return KernelRoute(table, route.destination)


@dataclass(frozen=True)
class Change:
    """A change of the kernel's state: additions first, so that no packet meets a gap."""

    add_routes: tuple[KernelRoute, ...]
    add_rules: tuple[KernelRule, ...]
    remove_rules: tuple[KernelRule, ...]
    remove_routes: tuple[KernelRoute, ...]


def change(present: Kernel, wanted: Kernel) -> Change:
    """Return the change.

    A route to the same destination replaces the present one without a removal.
    """
    replaced = {(route.table, route.destination) for route in wanted.routes}
    gone = [
        route
        for route in present.routes - wanted.routes
        if (route.table, route.destination) not in replaced
    ]
    return Change(
        tuple(sorted(wanted.routes - present.routes, key=_order)),
        tuple(sorted(wanted.rules - present.rules, key=_rule_order)),
        tuple(sorted(present.rules - wanted.rules, key=_rule_order)),
        tuple(sorted(gone, key=_order)),
    )


def _order(route: KernelRoute) -> tuple[int, int, int]:
    return route.table, int(route.destination.network_address), route.destination.prefixlen


def _rule_order(rule: KernelRule) -> tuple[int, int, str]:
    return rule.priority, rule.table, f"{rule.source} {rule.destination}"
