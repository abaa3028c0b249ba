"""The controller of names inside VPCs: one key is one VPC, one pass computes all that it resolves.

Names as AWS gives them. Those of load balancers and databases are in the public DNS, so every VPC
resolves them, to public addresses where they have some; an interface's private name, and a service's
behind an endpoint with private DNS, are their VPC's alone.
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address
from typing import Any

from drydock.region.addresses import host_names, public_names
from drydock.region.controllers.base import DONE, Outcome
from drydock.region.controllers.parts import Parts
from drydock.region.controllers.vpc_endpoints import is_interface, service_of
from drydock.region.network.dns import Name


class DnsController:
    """Keeps each VPC's resolver at what the API's resources say."""

    name = "dns"
    wakes_on = frozenset({"ec2", "elbv2", "rds"})
    resync = 30.0

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._fabric = parts.fabric
        self._resolvers = parts.resolvers
        self._region = parts.config.region

    def all_keys(self) -> Iterable[str]:
        return list(self._fabric.vpcs())

    def reconcile(self, key: str) -> Outcome:
        with self._store.reading():
            ec2 = self._store.backend("ec2")
            vpc = ec2.vpcs.get(key)
            if vpc is None:
                return DONE
            own = {one.id: one for one in ec2.enis.values() if one.vpc_id == key}
            hostnames = str(vpc.enable_dns_hostnames).lower() == "true"
            zone = {
                **self._endpoints(key, own, hostnames),
                **_private_names(own.values()),
                **self._load_balancers(ec2.enis),
                **self._databases(ec2.enis),
            }
        if zone != self._resolvers.zone(key):
            self._resolvers.set_zone(key, zone)
        return DONE

    def close(self) -> None:
        """It runs nothing of its own."""

    def _endpoints(self, vpc_id: str, enis: dict[str, Any], hostnames: bool) -> dict[str, Name]:
        """AWS's endpoints: public, unless an interface endpoint with private DNS stands for one.

        Private DNS needs enableDnsHostnames.
        """
        region, account = self._region.name, self._region.account_id
        zone = {name: Name((address,)) for name, address in public_names(region, account).items()}
        endpoints: Iterable[Any] = self._store.backend("ec2").vpc_end_points.values()
        for endpoint in endpoints:
            if endpoint.vpc_id != vpc_id or not is_interface(endpoint):
                continue
            inside = [_address(enis[one]) for one in endpoint.network_interface_ids if one in enis]
            names = [str(entry["dns_name"]) for entry in endpoint.dns_entries or ()]
            private = str(endpoint.private_dns_enabled).lower() == "true"
            if private and hostnames:
                names += host_names(service_of(endpoint), region, account)
            zone.update({name.lower(): Name(tuple(inside)) for name in names if inside})
        return zone

    def _load_balancers(self, enis: dict[str, Any]) -> dict[str, Name]:
        names = {}
        balancers: Iterable[Any] = self._store.backend("elbv2").load_balancers.values()
        for balancer in balancers:
            outside = balancer.scheme == "internet-facing"
            nodes = [enis[eni] for eni in balancer.enis.values() if eni in enis]
            addresses = [
                IPv4Address(str(node.public_ip)) if outside and node.public_ip else _address(node)
                for node in nodes
            ]
            if addresses:
                names[balancer.dns_name.lower()] = Name(tuple(addresses))
        return names

    def _databases(self, enis: dict[str, Any]) -> dict[str, Name]:
        """Instances' endpoints are addresses, a cluster's an alias of its writer's.

        The reader endpoint stands for every reader that is available, and for the writer without one.
        """
        names: dict[str, Name] = {}
        rds = self._store.backend("rds")
        instances: Iterable[Any] = rds.databases.values()
        for instance in instances:
            eni = enis.get(getattr(instance, "eni_id", None) or "")
            if eni is not None:
                names[str(instance.address).lower()] = Name((_address(eni),))
        clusters: Iterable[Any] = rds.clusters.values()
        for cluster in clusters:
            writer, readers = "", list[IPv4Address]()
            for member in cluster._members:
                name = str(member.address).lower()
                if name in names and member.is_cluster_writer:
                    writer = name
                elif name in names and member.status == "available":
                    readers.extend(names[name].addresses)
            if writer:
                names[str(cluster.endpoint).lower()] = Name(alias=writer)
            if readers or writer:
                reading = Name(tuple(readers)) if readers else Name(alias=writer)
                names[str(cluster.reader_endpoint).lower()] = reading
        return names


def _private_names(enis: Iterable[Any]) -> dict[str, Name]:
    return {
        str(eni.private_dns_name).lower(): Name((_address(eni),))
        for eni in enis
        if eni.private_dns_name
    }


def _address(eni: Any) -> IPv4Address:
    return IPv4Address(str(eni.private_ip_address))
