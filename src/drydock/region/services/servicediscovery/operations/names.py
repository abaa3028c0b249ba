"""The record sets of a service's instances in its namespace's zone. Pure.

https://docs.aws.amazon.com/cloud-map/latest/api/API_DnsConfig.html and API_RegisterInstance.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drydock.region.dataplane.dns.names import canonical

IPV4, IPV6, PORT, CNAME = (
    "AWS_INSTANCE_IPV4",
    "AWS_INSTANCE_IPV6",
    "AWS_INSTANCE_PORT",
    "AWS_INSTANCE_CNAME",
)
NEEDS = {"A": (IPV4,), "AAAA": (IPV6,), "SRV": (PORT,), "CNAME": (CNAME,)}
"""The attributes that an instance must have for a type of record."""
_ADDRESSES = {"A": IPV4, "AAAA": IPV6}


@dataclass(frozen=True)
class Found:
    """A registered instance."""

    id: str
    attributes: Mapping[str, str]
    healthy: bool = True


def lacks(kinds: Iterable[str], attributes: Mapping[str, str]) -> str:
    """Return the first required attribute that an instance lacks; empty if it has all."""
    needed = [one for kind in kinds for one in NEEDS.get(kind, ())]
    if "SRV" in kinds and IPV4 not in attributes and IPV6 not in attributes:
        needed.append(IPV4)
    return next((one for one in needed if not attributes.get(one)), "")


def record_sets(
    service: str, namespace: str, dns: Mapping[str, Any] | None, instances: Sequence[Found]
) -> list[dict[str, Any]]:
    """Return the record sets for Route 53.

    Without a healthy instance all are included, as Route 53 does.
    """
    name = canonical(f"{service}.{namespace}")
    shown = [one for one in instances if one.healthy] or list(instances)
    weighted = (dns or {}).get("RoutingPolicy") == "WEIGHTED"
    found: list[dict[str, Any]] = []
    for record in (dns or {}).get("DnsRecords") or ():
        kind, ttl = str(record["Type"]), int(record["TTL"])
        for one in shown:
            shared = {"TTL": ttl, "SetIdentifier": one.id}
            shared |= {"Weight": 1} if weighted else {"MultiValueAnswer": True}
            if value := _value(kind, name, one):
                found.append({"Name": name, "Type": kind, "ResourceRecords": [value], **shared})
            if kind == "SRV":
                found += _addresses(f"{one.id}.{name}", one, ttl)
    return found


def _value(kind: str, name: str, one: Found) -> str:
    if kind == "SRV":
        port = one.attributes.get(PORT)
        return f"1 1 {port} {one.id}.{name}" if port else ""
    return one.attributes.get(_ADDRESSES.get(kind, CNAME), "")


def _addresses(name: str, one: Found, ttl: int) -> list[dict[str, Any]]:
    """Return the records of an instance's own name, which its SRV record leads to."""
    return [
        {"Name": canonical(name), "Type": kind, "TTL": ttl, "ResourceRecords": [value]}
        for kind, attribute in _ADDRESSES.items()
        if (value := one.attributes.get(attribute))
    ]
