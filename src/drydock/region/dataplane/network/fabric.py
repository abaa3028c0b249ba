"""The region's network: a backbone, a router per VPC, a namespace per ENI.

`router` configures a VPC's router; here are the objects, their thread and their locks.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address

from drydock.errors import NetworkFailed
from drydock.region.addresses import API, ENDPOINTS, GATEWAY
from drydock.region.dataplane.network.namespaces import Namespace, NetworkThread, link_index
from drydock.region.dataplane.network.redirecting import Places, ruleset
from drydock.region.dataplane.network.router import EniSpec, Router, VpcSpec
from drydock.region.dataplane.network.routing import SubnetRoutes
from drydock.region.dataplane.network.security import Policy

log = logging.getLogger(__name__)

_SLOTS = range(4000)


class Fabric:
    """The network's objects. Thread-safe; each method returns when the kernel has done it."""

    def __init__(self) -> None:
        self._thread = NetworkThread()
        self._lock = threading.RLock()
        self._routers: dict[str, Router] = {}
        self._enis: dict[str, tuple[EniSpec, Namespace]] = {}
        self.backbone = Namespace.of_this_thread()

    def start(self, client: IPv4Address) -> None:
        """Bring up the backbone, which is the namespace that the daemon lives in.

        `client` is the public address of clients on the host.
        """

        def up() -> None:
            netlink = self.backbone.netlink
            lo = link_index(netlink, "lo")
            netlink.link("set", index=lo, state="up")
            for address in (API, GATEWAY, client):
                netlink.addr("add", index=lo, address=str(address), prefixlen=32)
            netlink.route("add", dst=str(ENDPOINTS), oif=lo, type="local", scope="host", table=255)
            self.backbone.sysctl("ipv4/ip_forward", "1")

        self._thread.run("the backbone", up)

    def close(self) -> None:
        self._thread.close()

    def listen_on_backbone(self, port: int) -> socket.socket:
        """Return a listening socket at every address of AWS's endpoints."""
        return self.backbone.listen(IPv4Address(0), port)

    # -- reading

    def vpcs(self) -> dict[str, VpcSpec]:
        with self._lock:
            return {key: router.spec for key, router in self._routers.items()}

    def enis(self) -> dict[str, EniSpec]:
        """Return the existing interfaces, whose VPC's rules and routes are in force."""
        with self._lock:
            return {key: spec for key, (spec, _) in self._enis.items()}

    def namespace(self, eni_id: str) -> Namespace:
        """Return the namespace of an ENI. Raises NetworkFailed if there is none."""
        with self._lock:
            self._spec(eni_id)
            return self._enis[eni_id][1]

    def _spec(self, eni_id: str) -> EniSpec:
        if eni_id not in self._enis:
            raise NetworkFailed(f"network interface {eni_id}", "it is not attached (yet)")
        return self._enis[eni_id][0]

    def listen_for(self, eni_id: str, port: int) -> socket.socket:
        """Return a listening socket at the task endpoint's address that only one ENI's packets
        reach.

        Close it before the interface is removed. Raises NetworkFailed.
        """
        with self._lock:
            spec = self._spec(eni_id)
            router = self._routers[spec.vpc_id]
        return self._thread.run(
            f"the task endpoint of network interface {eni_id}",
            lambda: router.listen_for(spec, port),
        )

    def redirect(self, eni_id: str, places: Places) -> None:
        """Redirect an ENI's processes from other addresses to ports of its loopback.

        Raises NetworkFailed, ProgramMissing.
        """
        namespace = self.namespace(eni_id)
        rules = ruleset(places)
        self._thread.run(f"the redirects of {eni_id}", lambda: namespace.nft(rules))

    def router(self, vpc_id: str) -> Namespace:
        """Return the namespace of a VPC's router. Raises NetworkFailed if there is none."""
        return self._router(vpc_id).namespace

    def _router(self, vpc_id: str) -> Router:
        with self._lock:
            if vpc_id not in self._routers:
                raise NetworkFailed(f"VPC {vpc_id}", "it has no router (yet)")
            return self._routers[vpc_id]

    # -- changes

    def add_vpc(self, spec: VpcSpec) -> None:
        """Make a VPC's router; nothing passes it yet. Raises NetworkFailed."""
        with self._lock:
            if spec.vpc_id in self._routers:
                return
            used = {router.slot for router in self._routers.values()}
            slot = next(number for number in _SLOTS if number not in used)
            self._routers[spec.vpc_id] = self._thread.run(
                f"the router of VPC {spec.vpc_id}", lambda: Router(spec, self.backbone, slot)
            )
        log.info("vpc added", extra={"vpc": spec.vpc_id, "resolver": str(spec.resolver)})

    def remove_vpc(self, vpc_id: str) -> None:
        """Remove a VPC's router with all of its ENIs."""
        with self._lock:
            for spec in [spec for spec, _ in self._enis.values() if spec.vpc_id == vpc_id]:
                self.remove_eni(spec.eni_id)
            router = self._routers.pop(vpc_id, None)
            if router is not None:

                def remove() -> None:
                    for link in router.peers:
                        self._block(link)
                    router.close()

                self._thread.run(f"the router of VPC {vpc_id}", remove)

    def add_eni(self, spec: EniSpec) -> None:
        """Make an ENI's namespace and wire it to its router. Raises NetworkFailed."""
        with self._lock:
            if spec.eni_id in self._enis:
                return
            router = self._router(spec.vpc_id)
            namespace = self._thread.run(
                f"network interface {spec.eni_id}", lambda: router.add_eni(spec)
            )
            self._enis[spec.eni_id] = (spec, namespace)

    def remove_eni(self, eni_id: str) -> None:
        """Remove an ENI; its namespace goes when its last process has ended."""
        with self._lock:
            entry = self._enis.pop(eni_id, None)
            if entry is None:
                return
            spec, namespace = entry
            router = self._routers[spec.vpc_id]

            def remove() -> None:
                try:
                    router.remove_eni(spec)
                finally:
                    namespace.close()

            self._thread.run(f"network interface {eni_id}", remove)

    def set_peerings(self, vpc_id: str, peers: Mapping[str, str]) -> bool:
        """Connect a VPC's router with those of its peers; return whether a link came or went.

        `peers`: link's name → the other VPC. One without a router yet is connected when it has one.
        Raises NetworkFailed.
        """
        with self._lock:
            router = self._router(vpc_id)
            gone = router.peers - set(peers)
            new = {
                link: self._routers[other]
                for link, other in peers.items()
                if link not in router.peers and other in self._routers
            }

            def change() -> None:
                for link in gone:
                    self._block(link)
                    router.disconnect(link)
                for link, other in new.items():
                    router.connect(link, other)

            if gone or new:
                self._thread.run(f"the peerings of VPC {vpc_id}", change)
            return bool(gone or new)

    def _block(self, link: str) -> None:
        """Block routes over a link between two routers that is about to be removed."""
        for router in self._routers.values():
            if link in router.peers:
                router.block(link)

    def set_policy(self, vpc_id: str, policy: Policy) -> bool:
        """Put security groups and ACLs in force; return whether anything changed.

        Raises NetworkFailed.
        """
        router = self._router(vpc_id)
        return self._thread.run(f"the rules of VPC {vpc_id}", lambda: router.set_policy(policy))

    def set_routes(self, vpc_id: str, subnets: Sequence[SubnetRoutes]) -> None:
        """Put route tables in force. Raises NetworkFailed."""
        router = self._router(vpc_id)
        self._thread.run(f"the routes of VPC {vpc_id}", lambda: router.set_routes(subnets))
