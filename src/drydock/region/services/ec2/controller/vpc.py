"""The controller of VPCs: one key is one VPC, with its router, its interfaces and its resolver.

An interface of the API gets a namespace as soon as it exists and loses it when it is deleted;
changes of security groups, ACLs and route tables are applied at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from drydock.region.dataplane.network.router import EniSpec, VpcSpec
from drydock.region.dataplane.network.routing import SubnetRoutes
from drydock.region.dataplane.network.security import Policy
from drydock.region.services.ec2.controller.policy import nat_interfaces, read_policy
from drydock.region.services.ec2.controller.routes import read_peers, read_public, read_routes
from drydock.region.services.kit.controller import DONE, Outcome, TerminalError
from drydock.region.services.kit.parts import Parts


@dataclass(frozen=True)
class NetworkPlan:
    """The changes of one pass. Removals come first: an address may move to another interface."""

    remove_enis: tuple[str, ...] = ()
    add_enis: tuple[EniSpec, ...] = ()

    @property
    def empty(self) -> bool:
        return not self.remove_enis and not self.add_enis


def plan(desired: Mapping[str, EniSpec], present: Mapping[str, EniSpec]) -> NetworkPlan:
    """Return which interfaces of a VPC to remove and which to add. Pure."""
    gone = [key for key, spec in present.items() if desired.get(key) != spec]
    new = [spec for key, spec in desired.items() if present.get(key) != spec]
    return NetworkPlan(tuple(gone), tuple(new))


@dataclass(frozen=True)
class VpcView:
    """The state of one VPC in EC2, copied under the lock."""

    spec: VpcSpec
    enis: dict[str, EniSpec]
    policy: Policy
    routes: list[SubnetRoutes]
    peers: dict[str, str]
    """Link's name → peered VPC."""
    resolves: bool
    """enableDnsSupport."""
    problems: tuple[str, ...]
    """Problems with invalid groups and ACLs, which stay as they were."""


class VpcController:
    """Makes namespaces, rules and routes match EC2's resources."""

    name = "vpc"
    wakes_on = frozenset({"ec2"})
    resync = 30.0

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._fabric = parts.fabric
        self._resolvers = parts.resolvers
        self._policies: dict[str, Policy] = {}
        """The policies in force, by VPC."""
        self.on_change: Callable[[], None] = lambda: None
        """Set by the daemon: interfaces came or went; others may be waiting for that."""
        self.wake_all: Callable[[], None] = lambda: None
        """Set by the daemon: look at every VPC again, the peers of this one among them."""

    def all_keys(self) -> Iterable[str]:
        """Return VPCs with interfaces, and those that have a router. An empty VPC needs none."""
        with self._store.locked():
            used = {eni.vpc_id for eni in self._store.backend("ec2").enis.values()}
        return used | set(self._fabric.vpcs())

    def reconcile(self, key: str) -> Outcome:
        view = self._read(key)
        if view is None:
            if key in self._fabric.vpcs():
                self._resolvers.remove(key)
                self._fabric.remove_vpc(key)
                self._policies.pop(key, None)
                self.on_change()
            return DONE
        self._fabric.add_vpc(view.spec)
        self._keep_resolver(key, view)
        present = {eni: spec for eni, spec in self._fabric.enis().items() if spec.vpc_id == key}
        steps = plan(view.enis, present)
        try:
            self._converge(key, view, steps)
        finally:  # what was made before a step failed is there: others may be waiting for it
            if not steps.empty:
                self.on_change()
        if view.problems:
            raise TerminalError("; ".join(view.problems))
        return DONE

    def close(self) -> None:
        """Do nothing: namespaces disappear with the processes that hold them."""

    def _converge(self, key: str, view: VpcView, steps: NetworkPlan) -> None:
        for eni in steps.remove_enis:
            self._fabric.remove_eni(eni)
        # Rules first: an interface is never visible without them. A route through a NAT gateway
        # needs the gateway's link, so that comes before the routes and everything else after.
        joined = self._fabric.set_peerings(key, view.peers)
        self._fabric.set_policy(key, view.policy)
        self._policies[key] = view.policy
        for spec in sorted(steps.add_enis, key=lambda one: not one.is_nat):
            if not spec.is_nat:
                break
            self._fabric.add_eni(spec)
        self._fabric.set_routes(key, view.routes)
        for spec in steps.add_enis:
            self._fabric.add_eni(spec)
        if joined:
            self.wake_all()

    def _keep_resolver(self, key: str, view: VpcView) -> None:
        answers = self._resolvers.answers(key)
        if view.resolves and not answers:
            self._resolvers.add(key, self._fabric.router(key), view.spec.resolver)
        elif answers and not view.resolves:
            self._resolvers.remove(key)

    def _read(self, vpc_id: str) -> VpcView | None:
        with self._store.locked():
            ec2 = self._store.backend("ec2")
            vpc = ec2.vpcs.get(vpc_id)
            if vpc is None:
                return None
            blocks = [entry["cidr_block"] for entry in vpc.get_cidr_block_association_set()]
            spec = VpcSpec(vpc_id, tuple(IPv4Network(block) for block in blocks))
            gateways = nat_interfaces(ec2, vpc_id)
            enis = {
                eni.id: EniSpec(
                    eni.id,
                    vpc_id,
                    IPv4Network(eni.subnet.cidr_block),
                    IPv4Address(str(eni.private_ip_address)),
                    eni.mac_address,
                    is_nat=eni.id in gateways,
                )
                for eni in ec2.enis.values()
                if eni.vpc_id == vpc_id
            }
            policy, problems = read_policy(ec2, vpc_id, self._policies.get(vpc_id, Policy()))
            policy = replace(policy, public=read_public(ec2, vpc_id))
            routes = read_routes(ec2, vpc_id)
            peers = read_peers(ec2, vpc_id)
            resolves = str(vpc.enable_dns_support).lower() != "false"
        return VpcView(spec, enis, policy, routes, peers, resolves, problems)
