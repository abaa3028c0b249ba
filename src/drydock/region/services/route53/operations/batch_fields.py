"""Check which fields a change has, before anything else of a batch. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.route53.exceptions import InvalidActionValue
from moto.route53.models import RecordSet

from drydock.region.dataplane.dns.values import KINDS
from drydock.region.services.route53.names.hosted import policy_of
from drydock.region.services.route53.operations.errors import invalid_input

_FIELDS = {
    "weighted": "Weight",
    "latency": "Region",
    "failover": "Failover",
    "multivalue": "MultiValueAnswer",
    "simple": "",
}
_POLICIES = ("Weight", "Region", "Failover", "MultiValueAnswer")
_ABSENT = ("GeoLocation", "GeoProximityLocation", "CidrRoutingConfig", "TrafficPolicyInstanceId")
_LONGEST_TTL = 2**31 - 1
_HEAVIEST = 255


def check(change: Mapping[str, Any]) -> None:
    """Raise InvalidInput in Route 53's words, or in ours for what the region does not support."""
    action, said = str(change["Action"]), change["ResourceRecordSet"]
    if action not in ("CREATE", "UPSERT", "DELETE"):
        raise InvalidActionValue(action)
    where = (
        f"in Change with [Action={action}, Name={said['Name']}, Type={said['Type']}, "
        f"SetIdentifier={said.get('SetIdentifier') or 'null'}]"
    )
    for name in _ABSENT:
        if said.get(name) is not None:
            raise invalid_input(
                f"Drydock's local region does not have {name} (yet) {where}: use weighted, failover, "
                "latency or multivalue answers"
            )
    if said["Type"] not in KINDS:
        raise invalid_input(
            f"Drydock's local region does not answer records of type {said['Type']} (yet) {where}"
        )
    _check_content(said, where)
    _check_policy(said, where)


def policy(record: RecordSet) -> str:
    """Return the field that determines a record set's routing policy; empty: simple."""
    return _FIELDS[policy_of(record)]


def _check_content(said: Mapping[str, Any], where: str) -> None:
    alias, values, ttl = said.get("AliasTarget"), said.get("ResourceRecords"), said.get("TTL")
    expected = (
        "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], "
        "or TrafficPolicyInstanceId], but found"
    )
    if alias and (values or ttl is not None):
        raise invalid_input(f"{expected} more than one {where}")
    if not alias and (not values or ttl is None):
        raise invalid_input(f"{expected} none {where}")
    if ttl is not None and not 0 <= int(ttl) <= _LONGEST_TTL:
        raise invalid_input(f"Invalid request: TTL must be between 0 and {_LONGEST_TTL} {where}")


def _check_policy(said: Mapping[str, Any], where: str) -> None:
    found = [name for name in _POLICIES if _given(said.get(name))]
    if said.get("SetIdentifier"):
        if len(found) != 1:
            amount = "more than one" if found else "none"
            raise invalid_input(
                "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, "
                "MultiValueAnswer, GeoProximityLocation, or CidrRoutingConfig], but found "
                f"{amount} {where}"
            )
    elif found:
        raise invalid_input(f"Invalid request: Missing field 'SetIdentifier' {where}")
    if said.get("Failover") not in (None, "PRIMARY", "SECONDARY"):
        raise invalid_input(f"Invalid request: Failover is PRIMARY or SECONDARY {where}")
    if said.get("Weight") is not None and not 0 <= int(said["Weight"]) <= _HEAVIEST:
        raise invalid_input(f"Invalid request: Weight must be between 0 and {_HEAVIEST} {where}")
    if said.get("MultiValueAnswer") and said.get("AliasTarget"):
        raise invalid_input(f"Invalid request: Multivalue answers cannot be aliases {where}")


def _given(value: object) -> bool:
    """Return whether a field is given; a weight of 0 is."""
    return value is not None and value is not False and value != ""
