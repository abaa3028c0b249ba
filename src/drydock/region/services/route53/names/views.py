"""The names that different clients can resolve: a VPC, the host, the internet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from drydock.region.api.store import Store
from drydock.region.dataplane.dns.model import Layer, Rrset, View, Zone
from drydock.region.dataplane.dns.names import Labels, labels, within
from drydock.region.services.route53.names import aws, hosted

_SOA = "ns-1.aws.internal. awsdns-hostmaster.amazon.com. 1 7200 900 60 1"
"""The SOA of AWS's own zones; negative answers are cached for one second."""
_OF_AWS = ("amazonaws.com", "ecr.aws", "docker.io")
_OF_VPCS = ("compute.internal", "ec2.internal")


@dataclass(frozen=True)
class Records:
    """The API's records that names come from, with region and account. Valid until they change."""

    ec2: Any
    elbv2: Any
    rds: Any
    route53: Any
    region: str
    account: str

    @classmethod
    def of(cls, store: Store) -> Records:
        """Return the current records; called under the store's lock."""
        ec2, elbv2 = store.backend("ec2"), store.backend("elbv2")
        rds, route53 = store.backend("rds"), store.backend("route53")
        return cls(ec2, elbv2, rds, route53, store.region, store.account_id)

    @cached_property
    def hosted(self) -> tuple[Zone, ...]:
        """The public hosted zones."""
        zones = self.route53.zones.values()
        return tuple(hosted.zone_of(zone) for zone in zones if not zone.private_zone)

    @cached_property
    def names(self) -> tuple[Rrset, ...]:
        """AWS's public names at public addresses."""
        return (
            *aws.public_endpoints(self.region, self.account),
            *aws.load_balancers(self.elbv2, self.ec2.enis),
            *aws.databases(self.rds, self.ec2.enis),
        )

    @cached_property
    def sick_checks(self) -> frozenset[str]:
        return hosted.sick_checks(self.route53.health_checks.values())

    @cached_property
    def sick_balancers(self) -> frozenset[Labels]:
        return aws.sick_balancers(self.elbv2)


def internet(records: Records) -> View:
    """Return what the internet resolves: public zones and AWS's public names, at public addresses."""
    return _view(records, (_public(records, records.names),))


def of_vpc(records: Records, vpc_id: str) -> View:
    """Return what a VPC's resolver resolves: its own names first, then the internet's.

    Private hosted zones need enableDnsHostnames:
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
    """
    ec2 = records.ec2
    taken = aws.private_endpoints(ec2, vpc_id, records.region, records.account)
    own = [
        *(_zone(one.name, [one]) for one in taken),
        *_zones(_OF_VPCS, aws.private_names(ec2, vpc_id)),
    ]
    if aws.hostnames(ec2, vpc_id):
        own += [
            hosted.zone_of(zone)
            for zone in records.route53.zones.values()
            if zone.private_zone and any(vpc["vpc_id"] == vpc_id for vpc in zone.vpcs)
        ]
    public = _public(records, (*records.names, *aws.endpoints(ec2, vpc_id)))
    return _view(records, (Layer(tuple(own)), public), recursive=True)


def of_host(records: Records) -> View:
    """Return what the host resolves: public zones, and load balancers and endpoints at its
    loopback.
    """
    found, nowhere = aws.load_balancers_on_host(records.elbv2)
    endpoints = aws.public_endpoints(records.region, records.account)
    found += [Rrset(one.name, "A", aws.TTL, (aws.LOOPBACK,)) for one in endpoints]
    return _view(records, (_public(records, found, nowhere),))


def _public(records: Records, names: Iterable[Rrset], nowhere: Iterable[Labels] = ()) -> Layer:
    return Layer((*records.hosted, *_zones(_OF_AWS, names, nowhere)), public=True)


def _view(records: Records, layers: tuple[Layer, ...], *, recursive: bool = False) -> View:
    return View(layers, records.region, records.sick_checks, records.sick_balancers, recursive)


def _zones(
    apexes: Sequence[str], names: Iterable[Rrset], nowhere: Iterable[Labels] = ()
) -> list[Zone]:
    """Return AWS's own names, each in the zone that it is below."""
    names, nowhere = list(names), list(nowhere)
    found = []
    for apex in (labels(one) for one in apexes):
        inside = [one for one in names if within(one.name, apex)]
        empty = [one for one in nowhere if within(one, apex)]
        found.append(_zone(apex, inside, empty))
    return found


def _zone(apex: Labels, rrsets: Iterable[Rrset], empty: Iterable[Labels] = ()) -> Zone:
    soa = Rrset(apex, "SOA", aws.TTL, (_SOA,))
    return Zone.of("", 0, apex, [soa, *rrsets], empty)
