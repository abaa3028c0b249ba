"""Convert Route 53's hosted zones and health checks for the name servers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drydock.region.dataplane.dns.model import Alias, Policy, Rrset, Zone
from drydock.region.dataplane.dns.names import labels
from drydock.region.dataplane.dns.values import KINDS


def zone_of(zone: Any) -> Zone:
    """Return a zone from moto's hosted zone, at its current version."""
    rrsets = [rrset_of(one, zone.resource_id) for one in zone.rrsets if one.type in KINDS]
    servers = zone.delegation_set.name_servers
    return Zone.of(zone.resource_id, zone.version, str(zone.name), rrsets, servers=servers)


def rrset_of(record: Any, zone_id: str) -> Rrset:
    """Return one resource record set."""
    target = record.alias_target
    alias = None
    if target:
        inside = str(target["HostedZoneId"]).rsplit("/", maxsplit=1)[-1] == zone_id
        evaluates = bool(target.get("EvaluateTargetHealth"))
        alias = Alias(labels(str(target["DNSName"])), inside, evaluates)
    return Rrset(
        labels(str(record.name)),
        str(record.type),
        int(record.ttl or 0),
        tuple(record.records or ()),
        alias,
        identifier=record.set_identifier or "",
        policy=policy_of(record),
        weight=int(record.weight or 0),
        primary=record.failover == "PRIMARY",
        region=record.region or "",
        check=record.health_check_id or "",
    )


def policy_of(record: Any) -> Policy:
    """Return the routing policy of a record set."""
    if record.weight is not None:
        return "weighted"
    if record.failover:
        return "failover"
    if record.region:
        return "latency"
    return "multivalue" if record.multi_value_answer else "simple"


def sick_checks(checks: Iterable[Any]) -> frozenset[str]:
    """Return the ids of health checks that were observed to fail."""
    known = {check.id: check for check in checks}
    return frozenset(key for key, check in known.items() if not check.is_healthy(known))
