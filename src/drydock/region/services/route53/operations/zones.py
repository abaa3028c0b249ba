"""Hosted zones: public and private ones, their VPCs and their name servers.

moto 5.2.5 gives every zone the same four name servers, makes a zone private only if two parameters
say so, supports one VPC only, and lists zones by exact name.
"""

from __future__ import annotations

import random
from typing import Any

from moto.ec2.models import ec2_backends
from moto.route53.exceptions import (
    HostedZoneNotEmpty,
    LastVPCAssociation,
    NoSuchHostedZone,
    PublicZoneVPCAssociation,
)
from moto.route53.models import DelegationSet, FakeZone

from drydock.region.dataplane.dns.names import canonical, labels
from drydock.region.services.route53.operations.changes import ChangeOperations, new_id
from drydock.region.services.route53.operations.errors import Refused, invalid_input

_ENDS = ("com", "net", "org", "co.uk")
_PER_END = 512
_PRIVATE = (
    "ns-1536.awsdns-00.co.uk",
    "ns-0.awsdns-00.com",
    "ns-1024.awsdns-00.org",
    "ns-512.awsdns-00.net",
)
"""The name servers of every private zone:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
"""
_OWN = frozenset({"NS", "SOA"})


class HostedZone(FakeZone):
    """A zone. `version` grows with every change of its records or VPCs."""

    version: int = 1
    authorized: list[dict[str, str]] = []  # noqa: RUF012  (never changed in place)
    rr_changes: Any
    linked: str = ""
    """The ARN of the Cloud Map namespace that it belongs to; empty: none."""

    def check_free(self) -> None:
        """Raise InvalidInput if another service manages the zone."""
        if self.linked:
            raise invalid_input(
                f"The resource hostedzone/{self.resource_id} can only be managed through AWS Cloud "
                f"Map ({self.linked})"
            )

    def changed(self) -> int:
        """Count a change; return the new version."""
        self.version += 1
        self.rr_changes = []  # moto's journal of all that ever was; nothing here reads it
        return self.version


class ZoneOperations(ChangeOperations):
    """The zones' part of the Route 53 backend."""

    zones: dict[str, HostedZone]  # type: ignore[assignment]

    def create_hosted_zone(
        self,
        name: str,
        private_zone: bool,
        caller_reference: str | None = None,
        vpcid: str | None = None,
        vpcregion: str | None = None,
        comment: str | None = None,
        delegation_set_id: str | None = None,
        *,
        zone_id: str = "",
    ) -> HostedZone:
        """CreateHostedZone; private with a VPC. `zone_id`: the id to give it; empty: a new one."""
        name = _zone_name(name)
        known = [one for one in self.zones.values() if one.caller_reference == caller_reference]
        if caller_reference and known:
            raise Refused(
                "HostedZoneAlreadyExists",
                f"A hosted zone has already been created with the specified caller reference: {caller_reference}",
            )
        if vpcid:
            self._check_vpc(vpcid, vpcregion)
            self._check_overlap(name, vpcid, vpcregion)
        elif private_zone:
            raise invalid_input("A private hosted zone needs a VPC: VPC is missing.")
        delegation_set = self._delegation_set(name, delegation_set_id, private=bool(vpcid))
        zone = HostedZone(  # type: ignore[abstract]
            name,
            zone_id or new_id("Z"),
            bool(vpcid),
            str(caller_reference),
            comment,
            delegation_set,
        )
        zone.rr_changes = []
        servers = [f"{one}." for one in delegation_set.name_servers]
        soa = f"{servers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
        zone.add_rrset({"Name": name, "Type": "NS", "TTL": 172800, "ResourceRecords": servers})
        zone.add_rrset({"Name": name, "Type": "SOA", "TTL": 900, "ResourceRecords": [soa]})
        zone.add_vpc(vpcid, vpcregion)
        self.zones[zone.resource_id] = zone
        return zone

    def _delegation_set(self, name: str, set_id: str | None, *, private: bool) -> DelegationSet:
        if not set_id:
            servers = list(_PRIVATE) if private else name_servers()
            made = DelegationSet(f"DelSet_{name}", servers, None)
            made.id = ""
            return made
        if private:
            raise invalid_input("A private hosted zone cannot have a delegation set.")
        found = self.get_reusable_delegation_set(set_id.rsplit("/", maxsplit=1)[-1])
        if self._has_prev_conflicting_domain(name, found.id):
            raise Refused(
                "ConflictingDomainExists",
                f"Cannot create hosted zone with DelegationSetId {found.id} as the DNSName {name} "
                "conflicts with existing ones sharing the delegation set",
            )
        return found

    def create_reusable_delegation_set(
        self,
        caller_reference: str,
        delegation_set_id: str | None = None,
        hosted_zone_id: str | None = None,
    ) -> DelegationSet:
        """CreateReusableDelegationSet, of a zone or new."""
        if any(one.caller_reference == caller_reference for one in self.delegation_sets.values()):
            raise Refused(
                "DelegationSetAlreadyCreated",
                f"A delegation set with the caller reference {caller_reference} already exists.",
            )
        servers = name_servers()
        if hosted_zone_id:
            zone = self.get_hosted_zone(hosted_zone_id)
            servers = zone.delegation_set.name_servers  # type: ignore[union-attr]
        made = DelegationSet(caller_reference, servers, delegation_set_id or new_id("N"))
        self.delegation_sets[made.id] = made
        return made

    def delete_reusable_delegation_set(self, delegation_set_id: str) -> None:
        """DeleteReusableDelegationSet. Raises an error while a zone uses it."""
        found = self.get_reusable_delegation_set(delegation_set_id)
        if any(one.delegation_set is found for one in self.zones.values()):
            raise Refused(
                "DelegationSetInUse",
                f"The delegation set {delegation_set_id} is in use by hosted zones.",
            )
        del self.delegation_sets[delegation_set_id]

    def get_hosted_zone(self, id_: str) -> HostedZone:
        """GetHostedZone. Raises NoSuchHostedZone."""
        zone = self.zones.get(id_.rsplit("/", maxsplit=1)[-1])
        if zone is None:
            raise NoSuchHostedZone(id_)
        return zone

    def delete_hosted_zone(self, id_: str) -> HostedZone:
        """DeleteHostedZone. Raises HostedZoneNotEmpty while records are left besides its own two."""
        zone = self.get_hosted_zone(id_)
        zone.check_free()
        if any(one.type not in _OWN or one.name != zone.name for one in zone.rrsets):
            raise HostedZoneNotEmpty
        self.resource_tags.pop(zone.resource_id, None)
        for key, config in list(self.query_logging_configs.items()):
            if config.hosted_zone_id == zone.resource_id:
                del self.query_logging_configs[key]
        return self.zones.pop(zone.resource_id)

    def associate_vpc_with_hosted_zone(
        self, zone_id: str, vpcid: str, vpcregion: str
    ) -> HostedZone:
        """AssociateVPCWithHostedZone."""
        zone = self.get_hosted_zone(zone_id)
        if not zone.private_zone:
            raise PublicZoneVPCAssociation
        self._check_vpc(vpcid, vpcregion)
        self._check_overlap(zone.name, vpcid, vpcregion)
        zone.add_vpc(vpcid, vpcregion)
        zone.changed()
        return zone

    def disassociate_vpc_from_hosted_zone(self, zone_id: str, vpcid: str) -> HostedZone:
        """DisassociateVPCFromHostedZone."""
        zone = self.get_hosted_zone(zone_id)
        if not any(one["vpc_id"] == vpcid for one in zone.vpcs):
            raise Refused(
                "VPCAssociationNotFound",
                f"The VPC: {vpcid} is not associated with the hosted zone: {zone.resource_id}",
            )
        if len(zone.vpcs) == 1:
            raise LastVPCAssociation
        zone.delete_vpc(vpcid)
        zone.changed()
        return zone

    def _check_vpc(self, vpc_id: str, region: str | None) -> None:
        known = ec2_backends[self.account_id]
        if not region or region not in known or vpc_id not in known[region].vpcs:
            raise Refused(
                "InvalidVPCId",
                f"The VPC: {vpc_id} in region {region} that you provided is not authorized to make "
                "the association.",
            )

    def _check_overlap(self, name: str, vpc_id: str, region: str | None) -> None:
        for zone in self.zones.values():
            if zone.name == name and any(one["vpc_id"] == vpc_id for one in zone.vpcs):
                raise Refused(
                    "ConflictingDomainExists",
                    f"The VPC {vpc_id} in region {region} has already been associated with the "
                    f"hosted zone {zone.resource_id} with the same domain name.",
                )

    def zones_by_name(
        self, dnsname: str | None, zone_id: str = ""
    ) -> tuple[str | None, list[HostedZone]]:
        """ListHostedZonesByName from a name (and id) on, in the order of reversed labels."""
        found = sorted(self.zones.values(), key=_order)
        if dnsname is None:
            return None, found
        first = (labels(dnsname)[::-1], zone_id.rsplit("/", maxsplit=1)[-1])
        return canonical(dnsname), [one for one in found if _order(one) >= first]


def _order(zone: HostedZone) -> tuple[tuple[bytes, ...], str]:
    return labels(str(zone.name))[::-1], str(zone.resource_id)


def _zone_name(name: str) -> str:
    try:
        found = canonical(name)
    except ValueError as error:
        raise Refused("InvalidDomainName", f"Invalid domain name: FATAL problem: {error}") from None
    if found == ".":
        raise Refused("InvalidDomainName", "The domain name is empty.")
    return found


def name_servers() -> list[str]:
    """Return the four name servers of a delegation set, one under each of AWS's domains."""
    found = []
    for block, end in enumerate(_ENDS):
        place = random.randrange(_PER_END)  # noqa: S311  (a name, no secret)
        found.append(f"ns-{block * _PER_END + place}.awsdns-{place // 8:02d}.{end}")
    random.shuffle(found)
    return found
