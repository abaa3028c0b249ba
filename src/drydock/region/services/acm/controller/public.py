"""Check the public DNS, from Route 53's records, for validation CNAMEs and CAA.

Pure except for `read_zones`. Private zones are not public: a validation record there proves
nothing, as on AWS. The zone of a name is the one with the longest name that it ends in; whether the
parent zone delegates to it is not checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

_ISSUERS = frozenset({"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"})
"""https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html"""


@dataclass(frozen=True)
class Record:
    """A DNS record, normalized for comparison: lower case, no dot at the end."""

    name: str
    kind: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Zone:
    """A hosted zone."""

    name: str
    private: bool
    records: tuple[Record, ...]


def read_zones(route53: Any) -> list[Zone]:
    """Return every hosted zone of moto's Route 53, with the relevant records.

    Under the store's lock.
    """
    return [
        Zone(
            _plain(zone.name),
            bool(zone.private_zone),
            tuple(
                Record(_plain(one.name), one.type, tuple(str(value) for value in one.records or ()))
                for one in zone.rrsets
                if one.type in ("CNAME", "CAA")
            ),
        )
        for zone in route53.zones.values()
    ]


def stands(zones: Sequence[Zone], name: str, value: str) -> bool:
    """Return whether the public DNS answers `name` with a CNAME to `value`."""
    return _plain(value) in _targets(_of(zones, name, private=False), name)


def why_not(zones: Sequence[Zone], name: str, value: str) -> str:
    """Return what is wrong with a missing validation record, for users."""
    name = _plain(name)
    found = _of(zones, name, private=False)
    wrong = _targets(found, name)
    if wrong:
        return f"the CNAME {name} points to {', '.join(sorted(wrong))} instead of {_plain(value)}"
    if _plain(value) in _targets(_of(zones, name, private=True), name):
        return f"the CNAME {name} stands in a private hosted zone, which ACM does not see"
    if not found:
        return f"no public hosted zone of the region is for {name}"
    return f"the public hosted zone {found[0].name} has no CNAME {name}"


def caa_allows(zones: Sequence[Zone], domain: str) -> bool:
    """Return whether Amazon may issue for `domain`: the nearest CAA records upwards decide (RFC
    8659).
    """
    wildcard = domain.startswith("*.")
    labels = _plain(domain.removeprefix("*.")).split(".")
    for start in range(len(labels)):
        name = ".".join(labels[start:])
        values = [
            value
            for zone in _of(zones, name, private=False)
            for record in zone.records
            if record.kind == "CAA" and record.name == name
            for value in record.values
        ]
        if values:
            return _allowed(values, wildcard=wildcard)
    return True


def _allowed(values: Iterable[str], *, wildcard: bool) -> bool:
    issuers: dict[str, set[str]] = {}
    for value in values:
        parts = value.split(maxsplit=2)
        if len(parts) == 3:
            issuer = parts[2].strip('"').split(";", 1)[0].strip().lower()
            issuers.setdefault(parts[1].lower(), set()).add(issuer)
    relevant = issuers.get("issuewild") if wildcard else None
    if relevant is None:
        relevant = issuers.get("issue")
    return relevant is None or bool(relevant & _ISSUERS)


def _of(zones: Sequence[Zone], name: str, *, private: bool) -> list[Zone]:
    """Return the zones of a name; all of several equal ones, as a registrar may point to any."""
    name = _plain(name)
    fitting = [
        zone
        for zone in zones
        if zone.private == private and (name == zone.name or name.endswith(f".{zone.name}"))
    ]
    longest = max((len(zone.name) for zone in fitting), default=0)
    return [zone for zone in fitting if len(zone.name) == longest]


def _targets(zones: Iterable[Zone], name: str) -> set[str]:
    name = _plain(name)
    return {
        _plain(value)
        for zone in zones
        for record in zone.records
        if record.kind == "CNAME" and record.name == name
        for value in record.values
    }


def _plain(name: str) -> str:
    return str(name).lower().rstrip(".")
