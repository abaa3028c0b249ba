"""The controller of VPCs: one key is one VPC, with its router, its interfaces and its resolver.

An interface of the API gets a namespace as soon as it exists and loses it when it is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from drydock.region.controllers.base import DONE, Outcome
from drydock.region.controllers.parts import Parts
from drydock.region.network.fabric import EniSpec, VpcSpec


@dataclass(frozen=True)
class NetworkPlan:
    """What one pass changes. Removals come first: an address may move to another interface."""

    remove_enis: tuple[str, ...] = ()
    add_enis: tuple[EniSpec, ...] = ()

    @property
    def empty(self) -> bool:
        return not self.remove_enis and not self.add_enis


def plan(desired: Mapping[str, EniSpec], present: Mapping[str, EniSpec]) -> NetworkPlan:
    """Which interfaces of a VPC have to go, and which have to come. Pure."""
    gone = [key for key, spec in present.items() if desired.get(key) != spec]
    new = [spec for key, spec in desired.items() if present.get(key) != spec]
    return NetworkPlan(tuple(gone), tuple(new))


class VpcController:
    """Makes namespaces what EC2's resources say."""

    name = "vpc"
    wakes_on = frozenset({"ec2"})
    resync = 30.0

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._fabric = parts.fabric
        self._resolvers = parts.resolvers
        self.on_change: Callable[[], None] = lambda: None
        """Set by the daemon: interfaces came or went; others may be waiting for that."""

    def all_keys(self) -> Iterable[str]:
        """VPCs with interfaces, and those that have a router. An empty VPC needs none."""
        with self._store.reading():
            used = {eni.vpc_id for eni in self._store.backend("ec2").enis.values()}
        return used | set(self._fabric.vpcs())

    def reconcile(self, key: str) -> Outcome:
        vpc, enis = self._read(key)
        if vpc is None:
            if key in self._fabric.vpcs():
                self._resolvers.remove(key)
                self._fabric.remove_vpc(key)
                self.on_change()
            return DONE
        if key not in self._fabric.vpcs():
            self._fabric.add_vpc(vpc)
            self._resolvers.add(key, self._fabric.router(key), vpc.resolver)
        present = {eni: spec for eni, spec in self._fabric.enis().items() if spec.vpc_id == key}
        steps = plan(enis, present)
        for eni in steps.remove_enis:
            self._fabric.remove_eni(eni)
        for spec in steps.add_enis:
            self._fabric.add_eni(spec)
        if not steps.empty:
            self.on_change()
        return DONE

    def close(self) -> None:
        """Namespaces go with the processes that hold them."""

    def _read(self, vpc_id: str) -> tuple[VpcSpec | None, dict[str, EniSpec]]:
        with self._store.reading():
            ec2 = self._store.backend("ec2")
            vpc = ec2.vpcs.get(vpc_id)
            if vpc is None:
                return None, {}
            blocks = [entry["cidr_block"] for entry in vpc.get_cidr_block_association_set()]
            spec = VpcSpec(vpc_id, tuple(IPv4Network(block) for block in blocks))
            enis = {
                eni.id: EniSpec(
                    eni.id,
                    vpc_id,
                    IPv4Network(eni.subnet.cidr_block),
                    IPv4Address(str(eni.private_ip_address)),
                    eni.mac_address,
                )
                for eni in ec2.enis.values()
                if eni.vpc_id == vpc_id
            }
        return spec, enis
