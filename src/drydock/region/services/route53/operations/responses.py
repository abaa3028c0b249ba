"""The Route 53 operations on our backend; moto 5.2.5 makes up every ChangeInfo."""

from __future__ import annotations

import random
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.rds.models import rds_backends
from moto.route53.exceptions import NoSuchHostedZone
from moto.route53.models import FakeZone
from moto.route53.responses import Route53 as TheirResponses

from drydock.region.dataplane.dns.names import labels
from drydock.region.services.route53.names import views
from drydock.region.services.route53.names.views import Records
from drydock.region.services.route53.operations.authorizations import AuthorizationResponses
from drydock.region.services.route53.operations.check_responses import CheckResponses
from drydock.region.services.route53.operations.errors import invalid_input
from drydock.region.services.route53.operations.paging import page

_MOST_ZONES = 100
_MOST_RECORDS = 300


class Route53Responses(AuthorizationResponses, CheckResponses, TheirResponses):
    """Requests and responses of the operations."""

    @property
    def _ours(self) -> Any:
        return self.backend

    def create_hosted_zone(self) -> ActionResult:
        zone = self._ours.create_hosted_zone(
            self._get_param("Name"),
            private_zone=self._get_bool_param("HostedZoneConfig.PrivateZone", False),
            caller_reference=self._get_param("CallerReference"),
            vpcid=self._get_param("VPC.VPCId"),
            vpcregion=self._get_param("VPC.VPCRegion"),
            comment=self._get_param("HostedZoneConfig.Comment"),
            delegation_set_id=self._get_param("DelegationSetId"),
        )
        return ActionResult(
            {
                **_described(zone),
                "VPC": _vpcs(zone)[0] if zone.private_zone else None,
                "ChangeInfo": self._ours.note_change(zone.resource_id, zone.version),
                "Location": f"https://route53.amazonaws.com/2013-04-01/hostedzone/{zone.resource_id}",
            }
        )

    def get_hosted_zone(self) -> ActionResult:
        zone = self._ours.get_hosted_zone(self._get_param("Id"))
        more = {"VPCs": _vpcs(zone)} if zone.private_zone else {}
        return ActionResult({**_described(zone), **more})

    def delete_hosted_zone(self) -> ActionResult:
        zone = self._ours.delete_hosted_zone(self._get_param("Id"))
        return ActionResult({"ChangeInfo": self._ours.note_change(zone.resource_id, zone.version)})

    def list_hosted_zones(self) -> ActionResult:
        most = self._get_int_param("MaxItems", _MOST_ZONES)
        marker = self._get_param("Marker")
        wanted = self._get_param("DelegationSetId")
        private = self._get_param("HostedZoneType") == "PrivateHostedZone"
        found = [
            zone
            for zone in self._ours.zones.values()
            if (not wanted or zone.delegation_set.id == wanted.rsplit("/", 1)[-1])
            and (not private or zone.private_zone)
        ]
        ids = [zone.resource_id for zone in found]
        return ActionResult(page("HostedZones", found, ids, marker, most))

    def list_hosted_zones_by_name(self) -> ActionResult:
        most = self._get_int_param("MaxItems", _MOST_ZONES)
        asked, zone_id = self._get_param("DNSName"), self._get_param("HostedZoneId")
        name, found = self._ours.zones_by_name(asked, zone_id or "")
        rest = found[most:]
        return ActionResult(
            {
                "DNSName": name,
                "HostedZoneId": zone_id,
                "HostedZones": found[:most],
                "IsTruncated": bool(rest),
                "NextDNSName": rest[0].name if rest else None,
                "NextHostedZoneId": rest[0].resource_id if rest else None,
                "MaxItems": most,
            }
        )

    def associate_vpc_with_hosted_zone(self) -> ActionResult:
        zone = self._ours.associate_vpc_with_hosted_zone(
            self._get_param("HostedZoneId"),
            self._get_param("VPC.VPCId"),
            self._get_param("VPC.VPCRegion"),
        )
        return self._changed(zone, self._get_param("Comment"))

    def disassociate_vpc_from_hosted_zone(self) -> ActionResult:
        zone = self._ours.disassociate_vpc_from_hosted_zone(
            self._get_param("HostedZoneId"), self._get_param("VPC.VPCId")
        )
        return self._changed(zone, self._get_param("Comment"))

    def change_resource_record_sets(self) -> ActionResult:
        zone_id = self._get_param("HostedZoneId")
        self._ours.change_resource_record_sets(zone_id, self._get_param("ChangeBatch.Changes"))
        zone = self._ours.get_hosted_zone(zone_id)
        return self._changed(zone, self._get_param("ChangeBatch.Comment"))

    def _changed(self, zone: Any, comment: str | None) -> ActionResult:
        info = self._ours.note_change(zone.resource_id, zone.version, comment or "")
        return ActionResult({"ChangeInfo": info})

    def get_change(self) -> ActionResult:
        return ActionResult({"ChangeInfo": self._ours.get_change(self._get_param("Id"))})

    def list_resource_record_sets(self) -> ActionResult:
        name, kind = self._get_param("StartRecordName"), self._get_param("StartRecordType")
        identifier = self._get_param("StartRecordIdentifier")
        if (kind and not name) or (identifier and not kind):
            raise invalid_input("The input is not valid")
        most = min(self._get_int_param("MaxItems", _MOST_RECORDS), _MOST_RECORDS)
        found, after = self._ours.records_from(
            self._get_param("HostedZoneId"), kind, name, most, identifier
        )
        return ActionResult(
            {
                "ResourceRecordSets": found,
                "IsTruncated": after is not None,
                "NextRecordName": after.name if after else None,
                "NextRecordType": after.type if after else None,
                "NextRecordIdentifier": after.set_identifier if after else None,
                "MaxItems": most,
            }
        )

    def test_dns_answer(self) -> ActionResult:
        """TestDNSAnswer: the answer of the zone's name servers, from the current records."""
        from drydock.region.dataplane.dns.answering import resolve  # noqa: PLC0415

        zone = self._ours.get_hosted_zone(self._get_param("HostedZoneId"))
        name, kind = self._get_param("RecordName"), self._get_param("RecordType")
        if zone.private_zone:
            raise NoSuchHostedZone(self._get_param("HostedZoneId"))
        account, region = self.current_account, self.region
        records = Records(
            ec2_backends[account][region],
            elbv2_backends[account][region],
            rds_backends[account][region],
            self._ours,
            region,
            account,
        )
        answer = resolve(views.internet(records), labels(name), kind, random.Random())  # noqa: S311
        return ActionResult(
            {
                "Nameserver": zone.delegation_set.name_servers[0],
                "RecordName": name,
                "RecordType": kind,
                "RecordData": [one.value for one in answer.records],
                "ResponseCode": answer.code,
                "Protocol": "UDP",
            }
        )


def _described(zone: FakeZone) -> dict[str, Any]:
    return {
        "HostedZone": zone,
        "DelegationSet": None if zone.private_zone else zone.delegation_set,
    }


def _vpcs(zone: FakeZone) -> list[dict[str, str]]:
    return [{"VPCRegion": one["vpc_region"], "VPCId": one["vpc_id"]} for one in zone.vpcs]
