"""The router of one VPC: its links to the backbone, its interfaces, its rules and its routes.

    backbone ── igw, vpce ── router ── veth ── ENI (address of the API)

Every packet between two ENIs, of one subnet too, passes here. Its methods run on the network
thread. The router answers for each subnet's gateway address (base + 1), the VPC's resolver (base +
2) and the endpoint that ECS gives each task (169.254.170.2).
https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from drydock.region.addresses import GATEWAY, PEERING, TASK_ENDPOINT, TRANSIT
from drydock.region.dataplane.network import routing
from drydock.region.dataplane.network.filtering import Filter, compiled
from drydock.region.dataplane.network.loading import steps
from drydock.region.dataplane.network.namespaces import Namespace, link_index
from drydock.region.dataplane.network.routing import (
    Kernel,
    KernelRoute,
    KernelRule,
    Route,
    SubnetRoutes,
    Uplinks,
)
from drydock.region.dataplane.network.security import Policy

INTERNET, ENDPOINT = "igw", "vpce"
"""The two links to the backbone: with a public address, and to gateway endpoints."""
_MTU = 9001

_NAT_GATEWAY = """
table ip drydock {
    chain input { type filter hook input priority filter; policy drop; }
    chain forward { type filter hook forward priority filter; ct state invalid drop; }
    chain postrouting { type nat hook postrouting priority srcnat; masquerade; }
}
"""


@dataclass(frozen=True)
class VpcSpec:
    vpc_id: str
    cidrs: tuple[IPv4Network, ...]

    @property
    def resolver(self) -> IPv4Address:
        return self.cidrs[0][2]


@dataclass(frozen=True)
class EniSpec:
    eni_id: str
    vpc_id: str
    subnet: IPv4Network
    address: IPv4Address
    mac: str
    is_nat: bool = False
    """Whether it is a NAT gateway's: it passes packets on, under its own address."""


def link_name(resource_id: str, kind: str = "i") -> str:
    """Return a link's name (15 characters at most), derived from the id, so that it can be found
    again.
    """
    return kind + resource_id.rpartition("-")[2][-14:]


class Router:
    """The router of one VPC.

    `slot` is a small number of its own, which determines its transit addresses.
    """

    def __init__(self, spec: VpcSpec, backbone: Namespace, slot: int) -> None:
        self.spec = spec
        self.slot = slot
        self.namespace = Namespace.create()
        self._backbone = backbone
        self._gateways: set[IPv4Address] = set()
        self._tables: dict[str, int] = {}
        self._kernel = Kernel()
        self._filter = Filter()
        self._public: frozenset[IPv4Address] = frozenset()
        self._peers: dict[str, IPv4Address] = {}
        try:
            self._set_up()
        except BaseException:
            self.namespace.close()
            raise

    def _set_up(self) -> None:
        for name, value in {
            "ipv4/ip_forward": "1",
            # the host's settings are copied into a new namespace; a NAT gateway's packets have
            # sources that no route leads back to
            "ipv4/conf/all/rp_filter": "0",
            "ipv4/conf/default/rp_filter": "0",
            "ipv4/conf/all/send_redirects": "0",
            "ipv4/conf/default/send_redirects": "0",
            # no second look at the routes for each packet, whether its source is an address of the
            # router's: no program that answers there gets it
            "ipv4/conf/all/accept_local": "1",
            "ipv6/conf/all/disable_ipv6": "1",
        }.items():
            self.namespace.sysctl(name, value)
        netlink = self.namespace.netlink
        lo = link_index(netlink, "lo")
        netlink.link("set", index=lo, state="up")
        for address in (self.spec.resolver, TASK_ENDPOINT):
            netlink.addr("add", index=lo, address=str(address), prefixlen=32)
        for number, link in enumerate((INTERNET, ENDPOINT)):
            self._connect(link, TRANSIT[2 + 2 * self.slot + number])
        # until a policy is set, nothing passes
        self.set_policy(Policy())

    def _connect(self, link: str, transit: IPv4Address) -> None:
        outside = link_name(self.spec.vpc_id, link[0])
        peer = {"ifname": link, "net_ns_fd": self.namespace.descriptor, "mtu": _MTU}
        backbone = self._backbone.netlink
        backbone.link("add", ifname=outside, kind="veth", mtu=_MTU, peer=peer)
        index = link_index(backbone, outside)
        backbone.link("set", index=index, state="up")
        backbone.route("add", dst=f"{transit}/32", oif=index, scope="link")
        netlink = self.namespace.netlink
        inside = link_index(netlink, link)
        netlink.link("set", index=inside, state="up")
        netlink.addr("add", index=inside, address=str(transit), prefixlen=32)

    def close(self) -> None:
        """Close its namespace, and with it the links and the backbone's routes to it."""
        try:
            self._set_public(frozenset())
        finally:
            self.namespace.close()

    # -- interfaces

    def add_eni(self, spec: EniSpec) -> Namespace:
        """Return a new namespace with one veth to the router."""
        gateway = spec.subnet[1]
        namespace = Namespace.create()
        try:
            netlink = self.namespace.netlink
            if gateway not in self._gateways:
                lo = link_index(netlink, "lo")
                netlink.addr("add", index=lo, address=str(gateway), prefixlen=32)
                self._gateways.add(gateway)
            name = link_name(spec.eni_id)
            inside = namespace.descriptor
            peer = {"ifname": "eth0", "net_ns_fd": inside, "address": spec.mac, "mtu": _MTU}
            netlink.link("add", ifname=name, kind="veth", mtu=_MTU, peer=peer)
            index = link_index(netlink, name)
            netlink.link("set", index=index, state="up")
            netlink.route("replace", dst=f"{spec.address}/32", oif=index, scope="link")
            namespace.sysctl("ipv6/conf/all/disable_ipv6", "1")
            # tasks may bind 80, as root in a container may
            namespace.sysctl("ipv4/ip_unprivileged_port_start", "0")
            namespace.configure(_inside_eni(spec, gateway))
            if spec.is_nat:
                namespace.sysctl("ipv4/ip_forward", "1")
                namespace.sysctl("ipv4/conf/all/rp_filter", "0")
                namespace.sysctl("ipv4/conf/eth0/rp_filter", "0")
                namespace.sysctl("ipv4/conf/all/send_redirects", "0")
                namespace.sysctl("ipv4/conf/eth0/send_redirects", "0")
                namespace.nft(_NAT_GATEWAY)
        except BaseException:
            namespace.close()
            raise
        return namespace

    def listen_for(self, spec: EniSpec, port: int) -> socket.socket:
        """Return a listening socket at the task endpoint's address, for what comes from one
        interface.

        It is here and not in the interface's namespace, where a program may want the same port.
        """
        return self.namespace.listen(TASK_ENDPOINT, port, link=link_name(spec.eni_id))

    def remove_eni(self, spec: EniSpec) -> None:
        """Remove an interface's address at once.

        The kernel removes the veth with the namespace: removing it by name would make the network
        thread wait 40 ms each time.
        """
        self.block(link_name(spec.eni_id))
        self.namespace.netlink.route("del", dst=f"{spec.address}/32", scope="link")

    # -- peering

    @property
    def peers(self) -> frozenset[str]:
        """The links to peered VPCs' routers."""
        return frozenset(self._peers)

    def connect(self, link: str, other: Router) -> None:
        """Connect two routers by a link that has the same name in both."""
        peer = {"ifname": link, "net_ns_fd": other.namespace.descriptor, "mtu": _MTU}
        self.namespace.netlink.link("add", ifname=link, kind="veth", mtu=_MTU, peer=peer)
        for router, there in ((self, other), (other, self)):
            netlink = router.namespace.netlink
            index = link_index(netlink, link)
            netlink.link("set", index=index, state="up")
            own = str(PEERING[1 + router.slot])
            netlink.addr("add", index=index, address=own, prefixlen=32)
            router._peers[link] = PEERING[1 + there.slot]

    def disconnect(self, link: str) -> None:
        """Remove a link to a peered VPC's router, at this end and so at both."""
        if self._peers.pop(link, None) is not None:
            found = self.namespace.netlink.link_lookup(ifname=link)
            for index in found:
                self.namespace.netlink.link("del", index=index)

    # -- rules and routes

    def set_policy(self, policy: Policy) -> bool:
        """Put a policy in force, all at once; return whether it differs from the former one.

        Raises NetworkFailed with nft's message; what was in force before then stays in force.
        """
        uplinks = (INTERNET, ENDPOINT, *sorted(self._peers))
        whole = replace(
            policy,
            uplinks=uplinks,
            internet=INTERNET,
            endpoint=ENDPOINT,
            resolver=self.spec.resolver,
        )
        changes = steps(self._filter, compiled(whole))
        for step in changes:
            self.namespace.nft(step.commands)
            self._filter = step.after
        self._set_public(frozenset(policy.public.values()))
        return bool(changes)

    def _set_public(self, addresses: frozenset[IPv4Address]) -> None:
        """Set the backbone's routes to the public addresses of the VPC."""
        if addresses == self._public:
            return
        backbone = self._backbone.netlink
        index = link_index(backbone, link_name(self.spec.vpc_id, INTERNET[0]))
        via = str(TRANSIT[2 + 2 * self.slot])
        for address in self._public - addresses:
            try:
                backbone.route("del", dst=f"{address}/32", oif=index)
            except NetlinkError as error:
                if error.code != errno.ESRCH:  # another VPC has it now, and its route
                    raise
        for address in addresses - self._public:
            backbone.route("replace", dst=f"{address}/32", oif=index, gateway=via)
        self._public = addresses

    def set_routes(self, subnets: Sequence[SubnetRoutes]) -> None:
        """Apply the subnets' route tables to the kernel, by their differences."""
        subnets = [
            replace(one, routes=tuple(self._to_peer(route) for route in one.routes))
            for one in subnets
        ]
        for subnet in subnets:
            used = set(self._tables.values())
            free = next(n for n in range(routing.FIRST_TABLE, 1 << 16) if n not in used)
            self._tables.setdefault(subnet.subnet, free)
        wanted = routing.kernel(
            self.spec.cidrs, subnets, self._tables, Uplinks(INTERNET, ENDPOINT, GATEWAY)
        )
        step = routing.change(self._kernel, wanted)
        netlink = self.namespace.netlink
        for route in step.add_routes:
            netlink.route("replace", **_route_words(netlink, route))
        for rule in step.add_rules:
            netlink.rule("add", **_rule_words(rule))
        for rule in step.remove_rules:
            netlink.rule("del", **_rule_words(rule))
        for route in step.remove_routes:
            netlink.route("del", **_route_words(netlink, route))
        self._kernel = wanted

    def block(self, link: str) -> None:
        """Replace the routes over a link that is about to go by blackholes.

        The kernel would drop them with the link, and a wider route would take their packets.
        """
        routes = self._kernel.routes
        for route in [one for one in routes if one.link == link]:
            nowhere = KernelRoute(route.table, route.destination)
            netlink = self.namespace.netlink
            netlink.route("replace", **_route_words(netlink, nowhere))
            routes = routes - {route} | {nowhere}
        self._kernel = replace(self._kernel, routes=routes)

    def _to_peer(self, route: Route) -> Route:
        """Return a route to a peered VPC by its router's address, or a blackhole while there is
        none.
        """
        if route.kind != "peering":
            return route
        via = self._peers.get(route.hop)
        return replace(route, via=via) if via else Route(route.destination, "blackhole")


def _route_words(netlink: IPRoute, route: KernelRoute) -> Mapping[str, Any]:
    words: dict[str, Any] = {
        "family": socket.AF_INET,
        "dst": str(route.destination),
        "table": route.table,
    }
    if route.blackhole:
        return {**words, "type": "blackhole"}
    words["oif"] = link_index(netlink, route.link)
    if route.via is not None:
        # the address at the other end is on the link, though no subnet of it says so
        words["gateway"] = str(route.via)
        words["flags"] = ["onlink"]
    return words


def _rule_words(rule: KernelRule) -> Mapping[str, Any]:
    words: dict[str, Any] = {
        "family": socket.AF_INET,
        "table": rule.table,
        "priority": rule.priority,
    }
    if rule.source is not None:
        words["src"] = str(rule.source.network_address)
        words["src_len"] = rule.source.prefixlen
    if rule.destination is not None:
        words["dst"] = str(rule.destination.network_address)
        words["dst_len"] = rule.destination.prefixlen
    return words


def _inside_eni(spec: EniSpec, gateway: IPv4Address) -> Callable[[IPRoute], None]:
    def configure(netlink: IPRoute) -> None:
        eth0 = link_index(netlink, "eth0")
        netlink.link("set", index=link_index(netlink, "lo"), state="up")
        netlink.link("set", index=eth0, state="up")
        netlink.addr("add", index=eth0, address=str(spec.address), prefixlen=32)
        netlink.route("add", dst=f"{gateway}/32", oif=eth0, scope="link")
        netlink.route("add", dst="default", gateway=str(gateway), oif=eth0)

    return configure
