"""AWS's own names: of load balancers, databases, interfaces and endpoints.

Those of load balancers and databases are in the public DNS, so every VPC resolves them, to public
addresses where they have some; an interface's private name, and a service's behind an endpoint with
private DNS, are in their VPC only. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

from drydock.region.addresses import host_names, public_names
from drydock.region.dataplane.dns.model import Rrset
from drydock.region.dataplane.dns.names import Labels, labels

TTL = 1
"""Seconds. AWS has 5 for a database and 60 for a load balancer; here a change shall show at once."""
LOOPBACK = "127.0.0.1"
_ALSO = "dualstack."
"""Optional prefix of a load balancer's name:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias-common.html
"""


def addresses(name: str, found: Iterable[IPv4Address | str]) -> Rrset:
    """Return an A record set of one of AWS's names."""
    return Rrset(labels(name), "A", TTL, tuple(str(one) for one in found))


def public_endpoints(region: str, account: str) -> list[Rrset]:
    """Return AWS's endpoints and the public registries, as the internet resolves them."""
    return [addresses(name, [one]) for name, one in public_names(region, account).items()]


def endpoints(ec2: Any, vpc_id: str) -> list[Rrset]:
    """Return the endpoint-specific names of a VPC's interface endpoints."""
    return [
        addresses(str(entry["dns_name"]), inside)
        for endpoint, inside in _interface_endpoints(ec2, vpc_id)
        for entry in endpoint.dns_entries or ()
    ]


def private_endpoints(ec2: Any, vpc_id: str, region: str, account: str) -> list[Rrset]:
    """Return the services' names that private DNS of interface endpoints overrides in a VPC.

    Private DNS needs enableDnsHostnames.
    """
    if not hostnames(ec2, vpc_id):
        return []
    return [
        addresses(name, inside)
        for endpoint, inside in _interface_endpoints(ec2, vpc_id)
        if str(endpoint.private_dns_enabled).lower() == "true"
        for name in host_names(service_of(endpoint), region, account)
    ]


def hostnames(ec2: Any, vpc_id: str) -> bool:
    """Return whether a VPC has enableDnsHostnames."""
    return str(ec2.vpcs[vpc_id].enable_dns_hostnames).lower() == "true"


def is_interface(endpoint: Any) -> bool:
    return str(endpoint.vpc_endpoint_type or "Gateway").lower() == "interface"


def service_of(endpoint: Any) -> str:
    """Return the service of an endpoint: `ecr.api` of `com.amazonaws.ap-southeast-2.ecr.api`."""
    return str(endpoint.service_name).split(".", maxsplit=3)[-1]


def _interface_endpoints(ec2: Any, vpc_id: str) -> Iterable[tuple[Any, Sequence[IPv4Address]]]:
    for endpoint in ec2.vpc_end_points.values():
        if endpoint.vpc_id != vpc_id or not is_interface(endpoint):
            continue
        inside = [
            address(ec2.enis[one]) for one in endpoint.network_interface_ids if one in ec2.enis
        ]
        if inside:
            yield endpoint, inside


def private_names(ec2: Any, vpc_id: str) -> list[Rrset]:
    """Return the name `ip-10-0-0-7.REGION.compute.internal` of each interface of a VPC."""
    return [
        addresses(str(eni.private_dns_name), [address(eni)])
        for eni in ec2.enis.values()
        if eni.vpc_id == vpc_id and eni.private_dns_name
    ]


def load_balancers(elb: Any, enis: Mapping[str, Any]) -> list[Rrset]:
    """Return the node addresses of each load balancer, under both of its names."""
    found = []
    for balancer in elb.load_balancers.values():
        outside = is_public(balancer)
        nodes = [enis[eni] for eni in balancer.enis.values() if eni in enis]
        there = [
            IPv4Address(str(node.public_ip)) if outside and node.public_ip else address(node)
            for node in nodes
        ]
        if there:
            found += [addresses(name, there) for name in names_of(balancer)]
    return found


def load_balancers_on_host(elb: Any) -> tuple[list[Rrset], list[Labels]]:
    """Return the load balancers' names for clients on the host, and the names without an answer
    there.
    """
    balancers = list(elb.load_balancers.values())
    return (
        [
            addresses(name, [LOOPBACK])
            for one in balancers
            if is_public(one)
            for name in names_of(one)
        ],
        [labels(name) for one in balancers if not is_public(one) for name in names_of(one)],
    )


def is_public(balancer: Any) -> bool:
    return bool(balancer.scheme == "internet-facing")


def names_of(balancer: Any) -> tuple[str, str]:
    """Return the dns_name, and its dual-stack form."""
    name = str(balancer.dns_name).lower()
    return name, f"{_ALSO}{name}"


def databases(rds: Any, enis: Mapping[str, Any]) -> list[Rrset]:
    """Return the names of databases: instances' are addresses, a cluster's leads to its writer.

    The reader endpoint leads to every available reader, or to the writer if there is none.
    """
    found: dict[str, Rrset] = {}
    groups: dict[str, list[Rrset]] = {}
    for instance in rds.databases.values():
        eni = enis.get(getattr(instance, "eni_id", None) or "")
        if eni is not None:
            name = str(instance.address).lower()
            found[name] = addresses(name, [address(eni)])
    for cluster in rds.clusters.values():
        writer, readers = "", list[str]()
        for member in cluster._members:
            name = str(member.address).lower()
            if name in found and member.is_cluster_writer:
                writer = name
            elif name in found and member.status == "available":
                readers.extend(found[name].values)
        if writer:
            found[str(cluster.endpoint)] = _same_as(str(cluster.endpoint), writer)
        if readers or writer:
            name = str(cluster.reader_endpoint)
            groups[name] = one_of(name, readers) if readers else [_same_as(name, writer)]
    for endpoint in rds.custom_endpoints.values():
        groups[endpoint.address] = one_of(endpoint.address, _led_to(rds, endpoint, found))
    return [*found.values(), *(one for group in groups.values() for one in group)]


def _led_to(rds: Any, endpoint: Any, found: Mapping[str, Rrset]) -> list[str]:
    """Return the addresses of a custom endpoint's available members."""
    cluster = rds.clusters.get(endpoint.cluster)
    return [
        value
        for member in (cluster._members if cluster is not None else ())
        if member.status == "available" and str(member.address).lower() in found
        if endpoint.serves(member.db_instance_identifier, writer=bool(member.is_cluster_writer))
        for value in found[str(member.address).lower()].values
    ]


def one_of(name: str, values: Iterable[str]) -> list[Rrset]:
    """Return record sets of a name that answer with one address at a time.

    Many clients sort several addresses and always take the first.
    """
    return [
        replace(addresses(name, [one]), identifier=one, policy="weighted", weight=1)
        for one in values
    ]


def _same_as(name: str, other: str) -> Rrset:
    return Rrset(labels(name), "CNAME", TTL, (f"{other}.",))


def sick_balancers(elb: Any) -> frozenset[Labels]:
    """Return the names of load balancers with a target group that has no healthy target.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias-common.html#rrsets-values-alias-common-evaluate-target-health
    """
    healthy: dict[str, list[bool]] = {}
    for group in elb.target_groups.values():
        well = any(group.health_of(key).state == "healthy" for key in group.registered)
        for arn in group.load_balancer_arns:
            healthy.setdefault(arn, []).append(well)
    return frozenset(
        labels(name)
        for arn, balancer in elb.load_balancers.items()
        if not all(healthy.get(arn, ()))
        for name in names_of(balancer)
    )


def address(eni: Any) -> IPv4Address:
    """Return the private address of an interface."""
    return IPv4Address(str(eni.private_ip_address))
