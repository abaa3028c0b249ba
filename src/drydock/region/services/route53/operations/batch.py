"""Apply a change batch to a zone's records, or report everything that is wrong with it. Pure.

moto 5.2.5 applies the first changes of a batch that fails, and hardly checks any.
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from moto.route53.models import RecordSet

from drydock.region.dataplane.dns.names import Labels, canonical, labels, within
from drydock.region.dataplane.dns.values import problem
from drydock.region.services.route53.operations import batch_fields
from drydock.region.services.route53.operations.errors import InvalidChangeBatch

Key: TypeAlias = "tuple[str, str, str]"
"""Name, type and set identifier."""
Lookup = Callable[[str, Labels], str]
"""Hosted zone id and name of one of AWS's resources → the problem with them; empty: none."""

MOST_RECORDS = 1000
"""The limit of a batch; records of an UPSERT count twice."""
MOST_CHARACTERS = 32_000
MOST_VALUES = 400
_CHANGES = frozenset({"CREATE", "UPSERT"})


def apply(
    zone_name: str,
    zone_id: str,
    records: Sequence[RecordSet],
    changes: Sequence[Mapping[str, Any]],
    lookup: Lookup,
) -> list[RecordSet]:
    """Return the records after a batch.

    Raises InvalidChangeBatch or InvalidInput, in Route 53's words.
    """
    _check_size(changes)
    for change in changes:
        batch_fields.check(change)
    wanted = [(str(one["Action"]), _record(one["ResourceRecordSet"])) for one in changes]
    found = [words for action, record in wanted if action in _CHANGES for words in _values(record)]
    found += [
        f"RRSet with DNS name {record.name} is not permitted in zone {zone_name}"
        for _, record in wanted
        if not within(labels(record.name), labels(zone_name))
    ]
    after, missing = _simulate(records, wanted)
    changed = {key_of(record): record for action, record in wanted if action in _CHANGES}
    found += missing
    if not found:
        found += _conflicts(zone_name, after, changed)
        found += _aliases(zone_id, zone_name, after, changed.values(), lookup)
        found += _own_two(zone_name, after)
    if found:
        raise InvalidChangeBatch(found)
    return list(after.values())


def key_of(record: RecordSet) -> Key:
    return record.name, str(record.type), record.set_identifier or ""


def _check_size(changes: Sequence[Mapping[str, Any]]) -> None:
    records = characters = 0
    for change in changes:
        values = change["ResourceRecordSet"].get("ResourceRecords") or ()
        times = 2 if change["Action"] == "UPSERT" else 1
        records += times * len(values)
        characters += times * sum(len(str(one["Value"])) for one in values)
    if records > MOST_RECORDS or len(changes) > MOST_RECORDS:
        raise InvalidChangeBatch([f"Number of records limit of {MOST_RECORDS} exceeded."])
    if characters > MOST_CHARACTERS:
        raise InvalidChangeBatch([f"Number of characters limit of {MOST_CHARACTERS} exceeded."])


def _record(said: Mapping[str, Any]) -> RecordSet:
    """Return a record set as moto keeps it, with its names as Route 53 shows them."""
    try:
        fields = {**said, "Name": canonical(str(said["Name"]))}
        if alias := said.get("AliasTarget"):
            fields["AliasTarget"] = {**alias, "DNSName": canonical(str(alias["DNSName"]))}
    except ValueError as error:
        raise InvalidChangeBatch([f"FATAL problem: {error}"]) from None
    fields["ResourceRecords"] = [str(one["Value"]) for one in said.get("ResourceRecords") or ()]
    return RecordSet(fields)  # type: ignore[abstract]


def _simulate(
    records: Sequence[RecordSet], wanted: Iterable[tuple[str, RecordSet]]
) -> tuple[dict[Key, RecordSet], list[str]]:
    """Return the records after all changes, and the ones that cannot be created or deleted."""
    after = {key_of(one): one for one in records}
    found, seen = [], set()
    for action, record in wanted:
        key = key_of(record)
        present = after.get(key)
        if (action, key) in seen:
            found.append(
                "The request contains an invalid set of changes for a resource record set "
                f"'{record.type} {record.name}'"
            )
        elif action == "CREATE" and present is not None:
            found.append(
                f"Tried to create resource record set {_said(record)} but it already exists"
            )
        elif action == "DELETE" and present is None:
            found.append(
                f"Tried to delete resource record set {_said(record)} but it was not found"
            )
        elif action == "DELETE" and present is not None and not _same(present, record):
            found.append(
                f"Tried to delete resource record set {_said(record)} but the values provided do "
                "not match the current values"
            )
        elif action == "DELETE":
            del after[key]
        else:
            after[key] = record
        seen.add((action, key))
    return after, found


def _said(record: RecordSet) -> str:
    more = f", set-identifier='{record.set_identifier}'" if record.set_identifier else ""
    return f"[name='{record.name}', type='{record.type}'{more}]"


def _same(one: RecordSet, other: RecordSet) -> bool:
    return _facts(one) == _facts(other)


def _facts(record: RecordSet) -> tuple[object, ...]:
    alias = record.alias_target or {}
    return (
        None if alias else int(record.ttl or 0),
        sorted(record.records),
        str(alias.get("HostedZoneId", "")),
        str(alias.get("DNSName", "")).removeprefix("dualstack."),
        bool(alias.get("EvaluateTargetHealth")),
        None if record.weight is None else int(record.weight),
        record.region or "",
        record.failover or "",
        bool(record.multi_value_answer),
        record.health_check_id or "",
    )


def _values(record: RecordSet) -> Iterable[str]:
    kind = str(record.type)
    for value in record.records:
        if words := problem(kind, value):
            yield f"Invalid Resource Record: 'FATAL problem: {words}'"
    for value in sorted({one for one in record.records if record.records.count(one) > 1}):
        yield f"Duplicate Resource Record: '{value}'"
    if len(record.records) > MOST_VALUES:
        yield f"Cannot have more than {MOST_VALUES} records in a RRSet."
    if kind in ("CNAME", "SOA") and len(record.records) > 1:
        yield f"RRSet of type {kind} with DNS name {record.name} must have exactly one value"


def _conflicts(
    zone_name: str, after: Mapping[Key, RecordSet], changed: Mapping[Key, RecordSet]
) -> Iterable[str]:
    """Yield records that conflict with others."""
    for record in changed.values():
        here = [one for one in after.values() if one.name == record.name]
        others = [one for one in here if key_of(one) != key_of(record)]
        kind, name = record.type, record.name
        if kind == "CNAME" and name == zone_name:
            yield f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone_name}"
        elif kind == "CNAME" and any(one.type != "CNAME" for one in others):
            yield (
                f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with "
                f"other records with the same DNS name in zone {zone_name}"
            )
        elif kind != "CNAME" and any(one.type == "CNAME" for one in others):
            yield (
                f"RRSet of type {kind} with DNS name {name} is not permitted because a conflicting "
                f"RRSet of type CNAME with the same DNS name already exists in zone {zone_name}"
            )
        yield from _policies(record, [one for one in others if one.type == kind])


def _policies(record: RecordSet, others: Iterable[RecordSet]) -> Iterable[str]:
    """Yield violations of routing policies: one policy per name and type, without duplicates."""
    where = f"RRSet with DNS name {record.name}, type {record.type}, SetIdentifier {record.set_identifier}"
    mine = batch_fields.policy(record)
    for other in others:
        theirs = batch_fields.policy(other)
        if mine != theirs:
            yield f"{where} cannot be created as other RRSets exist with the same name and type."
            return
        if mine == "Failover" and other.failover == record.failover:
            yield f"{where} cannot be created as another {other.failover} RRSet exists with the same name and type."
            return
        if mine == "Region" and other.region == record.region:
            yield f"{where} cannot be created as another RRSet for region {other.region} exists with the same name and type."
            return


def _aliases(
    zone_id: str,
    zone_name: str,
    after: Mapping[Key, RecordSet],
    changed: Iterable[RecordSet],
    lookup: Lookup,
) -> Iterable[str]:
    present = {(one.name, one.type) for one in after.values()}
    for record in changed:
        if not record.alias_target:
            continue
        target, there = record.alias_target["DNSName"], record.alias_target["HostedZoneId"]
        where = f"Tried to create an alias that targets {target}, type {record.type} in zone {there}, but"
        if there != zone_id:
            if words := lookup(there, labels(target)):
                yield f"{where} {words}"
        elif not within(labels(target), labels(zone_name)):
            yield f"{where} the alias target name does not lie within the target zone"
        elif target == record.name or (target, record.type) not in present:
            yield f"{where} that target was not found"


def _own_two(zone_name: str, after: Mapping[Key, RecordSet]) -> Iterable[str]:
    kinds = [one.type for one in after.values() if one.name == zone_name]
    if kinds.count("SOA") != 1 or sum(one.type == "SOA" for one in after.values()) != 1:
        yield "A HostedZone must contain exactly one SOA record."
    if "NS" not in kinds:
        yield "A HostedZone must contain at least one NS record for the zone itself."
