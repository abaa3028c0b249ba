"""Group interfaces into tiers, with stand-ins for those that do not exist yet. Pure.

A service may place its next task in any of its subnets: a subnet without a task is checked as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from drydock.reach.facts import BalancerFacts, DatabaseFacts, Facts, ServiceFacts
from drydock.reach.model import Interface
from drydock.reach.network import Network

_PUBLIC_STAND_IN = IPv4Address("203.0.113.200")
"""The public address that a task or load balancer would get (RFC 5737, TEST-NET-3)."""


@dataclass(frozen=True)
class Tier:
    """Interfaces with the same role."""

    name: str
    interfaces: tuple[str, ...]
    ports: tuple[int, ...]
    """Ports that it listens on."""
    internet_facing: bool = False
    balancers: tuple[str, ...] = ()
    """The tiers that send it requests."""
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tiers:
    """All tiers of a region, or of a cluster."""

    internet: IPv4Address
    """The address that stands for the internet, as a client and as a server."""
    balancers: tuple[Tier, ...] = ()
    tasks: tuple[Tier, ...] = ()
    databases: tuple[Tier, ...] = ()


def arrange(network: Network, facts: Facts, internet: IPv4Address) -> tuple[Network, Tiers]:
    """Return the tiers, and the network extended by the stand-ins that they need."""
    stand_ins = _StandIns(network)
    names = {
        one.arn: _name("load balancer", one.name, len(facts.balancers)) for one in facts.balancers
    }
    balancers = tuple(
        Tier(
            names[one.arn],
            _balancer_interfaces(network, stand_ins, one),
            one.ports,
            one.internet_facing,
        )
        for one in facts.balancers
    )
    tasks = tuple(
        Tier(
            _name("tasks", one.name, len(facts.services)),
            _task_interfaces(network, stand_ins, one),
            one.ports,
            balancers=tuple(names[arn] for arn in one.balancers if arn in names),
            needs=one.needs,
        )
        for one in facts.services
    )
    databases = tuple(
        Tier(
            _name("database", one.name, len(facts.databases)),
            _database_interfaces(network, stand_ins, one),
            (one.port,),
        )
        for one in facts.databases
    )
    whole = replace(network, interfaces=(*network.interfaces, *stand_ins.made))
    return whole, Tiers(internet, balancers, tasks, databases)


def _name(kind: str, name: str, count: int) -> str:
    return kind if count == 1 else f"{kind} {name}"


class _StandIns:
    """Interfaces that a service would create, each with a free address of its subnet."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._used = {(one.subnet, one.address) for one in network.interfaces}
        self.made: list[Interface] = []

    def make(
        self, owner: str, subnet_id: str, groups: Collection[str], service: str, *, public: bool
    ) -> str:
        """Add a stand-in; return its id, which describes it."""
        subnet = self._network.subnet(subnet_id)
        address = subnet.network.broadcast_address - 1
        while (subnet_id, address) in self._used:
            address -= 1
        self._used.add((subnet_id, address))
        made = Interface(
            f"({owner} in {subnet_id})",
            subnet.vpc,
            subnet_id,
            address,
            _PUBLIC_STAND_IN + len(self.made) if public else None,
            tuple(groups) or self._default_group(subnet.vpc),
            service,
            planned=True,
        )
        self.made.append(made)
        return made.interface_id

    def _default_group(self, vpc: str) -> tuple[str, ...]:
        """Return the VPC's default group, which applies where no group is named."""
        return tuple(
            one.group_id for one in self._network.groups if (one.vpc, one.name) == (vpc, "default")
        )


def _task_interfaces(
    network: Network, stand_ins: _StandIns, service: ServiceFacts
) -> tuple[str, ...]:
    there = [one for one in service.interfaces if network.has_interface(one)]
    placed = {network.interface(one).subnet for one in there}
    planned = [
        stand_ins.make(
            f"a task of {service.name}", one, service.groups, "ecs", public=service.public
        )
        for one in service.subnets
        if one not in placed and network.has_subnet(one)
    ]
    return (*there, *planned)


def _balancer_interfaces(
    network: Network, stand_ins: _StandIns, balancer: BalancerFacts
) -> tuple[str, ...]:
    description = f"ELB {balancer.arn.split(':loadbalancer/')[-1]}"
    there = [one for one in network.interfaces if one.description == description]
    placed = {one.subnet for one in there}
    planned = [
        stand_ins.make(
            f"a node of {balancer.name}",
            one,
            balancer.groups,
            "elb",
            public=balancer.internet_facing,
        )
        for one in balancer.subnets
        if one not in placed and network.has_subnet(one)
    ]
    return (*_ids(there), *planned)


def _database_interfaces(
    network: Network, stand_ins: _StandIns, database: DatabaseFacts
) -> tuple[str, ...]:
    """Return a database's interfaces: RDS does not list them, so match by groups and subnets."""
    there = [
        one
        for one in network.interfaces
        if one.service == "rds"
        and one.subnet in database.subnets
        and set(one.groups or ()) == set(database.groups)
    ]
    if there:
        return tuple(_ids(there))
    return tuple(
        stand_ins.make(
            f"an instance of {database.name}",
            one,
            database.groups,
            "rds",
            public=database.public,
        )
        for one in database.subnets
        if network.has_subnet(one)
    )


def _ids(interfaces: Iterable[Interface]) -> Iterator[str]:
    return (one.interface_id for one in interfaces)
