"""The region's network: a backbone, a router per VPC, a namespace with one veth per ENI.

    backbone ── transit veth ── router of a VPC ── veth ── ENI (address of the API)

Every packet between two ENIs, of one subnet too, passes the router: there the rules will stand.
The router answers for each subnet's gateway address (base + 1) and the VPC's resolver (base + 2).
https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from pyroute2 import IPRoute

from drydock.errors import NetworkFailed
from drydock.region.network.namespaces import Namespace, NetworkThread, link_index

log = logging.getLogger(__name__)

AWS_ENDPOINTS = IPv4Address("198.18.0.1")
"""Where the region's API answers inside: a public address on the backbone."""
_TRANSIT = IPv4Network("169.254.128.0/18")
"""Between routers and backbone. AWS keeps 169.254.0.0/16 for itself, so no VPC overlaps with it."""
_MTU = 9001

_ROUTER_RULES = """
table ip drydock {
    chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname "backbone" masquerade
    }
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


@dataclass
class _Router:
    spec: VpcSpec
    namespace: Namespace
    transit: IPv4Address
    gateways: set[IPv4Address] = field(default_factory=set)


class Fabric:
    """What there is of the network. Thread-safe; each method returns when the kernel has done it."""

    def __init__(self) -> None:
        self._thread = NetworkThread()
        self._lock = threading.RLock()
        self._routers: dict[str, _Router] = {}
        self._enis: dict[str, tuple[EniSpec, Namespace]] = {}
        self._free_transit = list(_TRANSIT.hosts())[1:1000]
        self._backbone = Namespace.of_this_thread()

    def start(self) -> None:
        """Bring up the backbone, which is the namespace that the daemon lives in."""

        def up() -> None:
            netlink = self._backbone.netlink
            netlink.link("set", index=link_index(netlink, "lo"), state="up")
            lo = link_index(netlink, "lo")
            netlink.addr("add", index=lo, address=str(AWS_ENDPOINTS), prefixlen=32)
            netlink.addr("add", index=lo, address=str(_TRANSIT[1]), prefixlen=32)
            self._backbone.sysctl("ipv4/ip_forward", "1")

        self._thread.run("the backbone", up)

    def close(self) -> None:
        self._thread.close()

    def listen_on_backbone(self, port: int) -> socket.socket:
        """A listening socket at AWS_ENDPOINTS."""
        return self._backbone.listen(AWS_ENDPOINTS, port)

    # -- what there is

    def vpcs(self) -> dict[str, VpcSpec]:
        with self._lock:
            return {key: router.spec for key, router in self._routers.items()}

    def enis(self) -> dict[str, EniSpec]:
        with self._lock:
            return {key: spec for key, (spec, _) in self._enis.items()}

    def namespace(self, eni_id: str) -> Namespace:
        """The namespace of an ENI. Raises NetworkFailed if there is none."""
        with self._lock:
            if eni_id not in self._enis:
                raise NetworkFailed(f"network interface {eni_id}", "it is not attached (yet)")
            return self._enis[eni_id][1]

    def router(self, vpc_id: str) -> Namespace:
        """The namespace of a VPC's router. Raises NetworkFailed if there is none."""
        with self._lock:
            if vpc_id not in self._routers:
                raise NetworkFailed(f"VPC {vpc_id}", "it has no router (yet)")
            return self._routers[vpc_id].namespace

    # -- changes

    def add_vpc(self, spec: VpcSpec) -> None:
        """Make a VPC's router and link it to the backbone. Raises NetworkFailed."""
        with self._lock:
            if spec.vpc_id in self._routers:
                return
            transit = self._free_transit.pop(0)
            self._routers[spec.vpc_id] = self._thread.run(
                f"the router of VPC {spec.vpc_id}", lambda: self._make_router(spec, transit)
            )
        log.info("vpc added", extra={"vpc": spec.vpc_id, "resolver": str(spec.resolver)})

    def remove_vpc(self, vpc_id: str) -> None:
        """Remove a VPC's router with all of its ENIs."""
        with self._lock:
            for spec in [spec for spec, _ in self._enis.values() if spec.vpc_id == vpc_id]:
                self.remove_eni(spec.eni_id)
            router = self._routers.pop(vpc_id, None)
            if router is None:
                return

            def remove() -> None:
                self._backbone.netlink.route("del", dst=f"{router.transit}/32", scope="link")
                router.namespace.close()

            self._thread.run(f"the router of VPC {vpc_id}", remove)
            self._free_transit.append(router.transit)

    def add_eni(self, spec: EniSpec) -> None:
        """Make an ENI's namespace and wire it to its router. Raises NetworkFailed."""
        with self._lock:
            if spec.eni_id in self._enis:
                return
            router = self._routers.get(spec.vpc_id)
            if router is None:
                raise NetworkFailed(f"network interface {spec.eni_id}", f"no VPC {spec.vpc_id}")
            namespace = self._thread.run(
                f"network interface {spec.eni_id}", lambda: _make_eni(router, spec)
            )
            self._enis[spec.eni_id] = (spec, namespace)

    def remove_eni(self, eni_id: str) -> None:
        """Unplug an ENI; its namespace goes when its last process has ended.

        The address leaves the router at once. The kernel removes the veth with the namespace:
        asking for that by name would make this thread wait 40 ms each time.
        """
        with self._lock:
            entry = self._enis.pop(eni_id, None)
            if entry is None:
                return
            spec, namespace = entry
            router = self._routers[spec.vpc_id]

            def remove() -> None:
                router.namespace.netlink.route("del", dst=f"{spec.address}/32", scope="link")
                namespace.close()

            self._thread.run(f"network interface {eni_id}", remove)

    def _make_router(self, spec: VpcSpec, transit: IPv4Address) -> _Router:
        namespace = Namespace.create()
        try:
            name = _short("v", spec.vpc_id)
            peer = {"ifname": "backbone", "net_ns_fd": namespace.descriptor, "mtu": _MTU}
            backbone = self._backbone.netlink
            backbone.link("add", ifname=name, kind="veth", mtu=_MTU, peer=peer)
            index = link_index(backbone, name)
            backbone.link("set", index=index, state="up")
            namespace.sysctl("ipv4/ip_forward", "1")
            namespace.sysctl("ipv6/conf/all/disable_ipv6", "1")
            router = namespace.netlink
            lo, up = link_index(router, "lo"), link_index(router, "backbone")
            router.link("set", index=lo, state="up")
            router.link("set", index=up, state="up")
            router.addr("add", index=up, address=str(transit), prefixlen=32)
            router.addr("add", index=lo, address=str(spec.resolver), prefixlen=32)
            router.route("add", dst=f"{_TRANSIT[1]}/32", oif=up, scope="link")
            router.route("add", dst="default", gateway=str(_TRANSIT[1]), oif=up)
            backbone.route("add", dst=f"{transit}/32", oif=index, scope="link")
            namespace.nft(_ROUTER_RULES)
        except BaseException:
            namespace.close()
            raise
        return _Router(spec, namespace, transit)


def _make_eni(router: _Router, spec: EniSpec) -> Namespace:
    gateway = spec.subnet[1]
    namespace = Namespace.create()
    try:
        netlink = router.namespace.netlink
        if gateway not in router.gateways:
            lo = link_index(netlink, "lo")
            netlink.addr("add", index=lo, address=str(gateway), prefixlen=32)
            router.gateways.add(gateway)
        name = _short("i", spec.eni_id)
        inside = namespace.descriptor
        peer = {"ifname": "eth0", "net_ns_fd": inside, "address": spec.mac, "mtu": _MTU}
        netlink.link("add", ifname=name, kind="veth", mtu=_MTU, peer=peer)
        index = link_index(netlink, name)
        netlink.link("set", index=index, state="up")
        netlink.route("add", dst=f"{spec.address}/32", oif=index, scope="link")
        namespace.sysctl("ipv6/conf/all/disable_ipv6", "1")
        # tasks may bind 80, as root in a container may
        namespace.sysctl("ipv4/ip_unprivileged_port_start", "0")
        namespace.configure(_inside_eni(spec, gateway))
    except BaseException:
        namespace.close()
        raise
    return namespace


def _inside_eni(spec: EniSpec, gateway: IPv4Address) -> Callable[[IPRoute], None]:
    def configure(netlink: IPRoute) -> None:
        eth0 = link_index(netlink, "eth0")
        netlink.link("set", index=link_index(netlink, "lo"), state="up")
        netlink.link("set", index=eth0, state="up")
        netlink.addr("add", index=eth0, address=str(spec.address), prefixlen=32)
        netlink.route("add", dst=f"{gateway}/32", oif=eth0, scope="link")
        netlink.route("add", dst="default", gateway=str(gateway), oif=eth0)

    return configure


def _short(kind: str, resource_id: str) -> str:
    """A link's name (15 characters at most), derived from the id, so that it can be found again."""
    return kind + resource_id.rpartition("-")[2][-14:]
