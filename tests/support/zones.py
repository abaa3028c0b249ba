"""Shortcuts for hosted zones, for tests with a Route 53 client."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from typing import Any

from tests.support.waiting import eventually

_numbers = itertools.count(1)


def record(name: str, kind: str, *values: str, ttl: int = 60, **more: Any) -> dict[str, Any]:
    """Return a ResourceRecordSet."""
    found: dict[str, Any] = {"Name": name, "Type": kind, **more}
    if values:
        found |= {"TTL": ttl, "ResourceRecords": [{"Value": value} for value in values]}
    return found


def alias(
    name: str, zone_id: str, target: str, *, kind: str = "A", evaluate: bool = False, **more: Any
) -> dict[str, Any]:
    """Return a ResourceRecordSet that is an alias."""
    where = {"HostedZoneId": zone_id, "DNSName": target, "EvaluateTargetHealth": evaluate}
    return {"Name": name, "Type": kind, "AliasTarget": where, **more}


@dataclass
class HostedZone:
    """One hosted zone, with a client for it."""

    client: Any
    id: str
    name: str
    servers: list[str]

    @classmethod
    def create(cls, client: Any, name: str = "", **more: Any) -> HostedZone:
        """CreateHostedZone, with a unique name unless one is given."""
        name = name or f"z{next(_numbers)}-{uuid.uuid4().hex[:8]}.test"
        made = client.create_hosted_zone(Name=name, CallerReference=uuid.uuid4().hex, **more)
        zone = cls(
            client,
            made["HostedZone"]["Id"].rsplit("/", 1)[-1],
            name,
            made.get("DelegationSet", {}).get("NameServers", []),
        )
        zone.change_id = made["ChangeInfo"]["Id"]
        return zone

    change_id: str = ""
    """Id of the newest change."""

    def change(self, *changes: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        """ChangeResourceRecordSets with (action, record set) pairs; return its ChangeInfo."""
        batch = [{"Action": action, "ResourceRecordSet": said} for action, said in changes]
        info: dict[str, Any] = self.client.change_resource_record_sets(
            HostedZoneId=self.id, ChangeBatch={"Changes": batch}
        )["ChangeInfo"]
        self.change_id = info["Id"]
        return info

    def upsert(self, *records: dict[str, Any]) -> dict[str, Any]:
        return self.change(*(("UPSERT", one) for one in records))

    def wait_in_sync(self, seconds: float = 10) -> None:
        """Wait until GetChange returns INSYNC for the newest change."""
        eventually(
            lambda: self.client.get_change(Id=self.change_id)["ChangeInfo"]["Status"] == "INSYNC",
            f"change {self.change_id} of {self.name} is in sync",
            seconds,
            every=0.02,
        )

    def put(self, *records: dict[str, Any]) -> None:
        """UPSERT a record, and wait until the name servers have it."""
        self.upsert(*records)
        self.wait_in_sync()

    def records(self) -> list[tuple[str, str]]:
        """Return name and type of each record, in ListResourceRecordSets's order."""
        found = self.client.list_resource_record_sets(HostedZoneId=self.id)["ResourceRecordSets"]
        return [(one["Name"], one["Type"]) for one in found]

    def clear(self) -> None:
        """Delete the zone with all of its records."""
        found = self.client.list_resource_record_sets(HostedZoneId=self.id)["ResourceRecordSets"]
        own = (f"{self.name}.", {"NS", "SOA"})
        left = [
            ("DELETE", one) for one in found if one["Name"] != own[0] or one["Type"] not in own[1]
        ]
        if left:
            self.change(*left)
        self.client.delete_hosted_zone(Id=self.id)
