"""Answer a question from a view: zones, delegation, wildcards, CNAMEs and aliases.

RFC 1034 (4.3.2), RFC 2308 (negative answers), RFC 4592 (wildcards); aliases are Route 53's own:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from drydock.region.dataplane.dns.model import Rrset, View, Zone
from drydock.region.dataplane.dns.names import WILDCARD, Labels, labels
from drydock.region.dataplane.dns.routing import choose

Code: TypeAlias = Literal["NOERROR", "NXDOMAIN", "REFUSED", "SERVFAIL"]
ANY = "ANY"
_MOST_CNAMES = 16
_DEEPEST_ALIAS = 16
_ALIAS_TTL = 60
"""Seconds, where an alias's target has no TTL of its own."""


@dataclass(frozen=True)
class Record:
    """One resource record; `value` as Route 53 writes it."""

    owner: Labels
    kind: str
    ttl: int
    value: str


@dataclass
class Answer:
    """The content of a reply."""

    code: Code = "NOERROR"
    records: list[Record] = field(default_factory=list)
    authority: list[Record] = field(default_factory=list)
    additional: list[Record] = field(default_factory=list)
    authoritative: bool = True


def resolve(view: View, name: Labels, kind: str, rng: random.Random | None = None) -> Answer:
    """Return the answer to a question. CNAMEs are followed into every zone of the view."""
    answer, rng = Answer(), rng or random.Random()  # noqa: S311  (a share of the answers, no secret)
    for _ in range(_MOST_CNAMES):
        zone = view.find(name)
        if zone is None:
            _outside(view, answer)
            return answer
        if cut := _delegation(zone, name):
            _refer(zone, cut, view, answer)
            return answer
        target = _in_zone(zone, view, name, kind, answer, rng)
        if target is None:
            return answer
        name = target
    answer.code = "SERVFAIL"
    return answer


def node(zone: Zone, name: Labels) -> Labels | None:
    """Return where a name's records are in a zone: at itself, or at a wildcard. None: nowhere."""
    if name in zone.names:
        return name
    for start in range(1, len(name) - len(zone.apex) + 1):
        encloser = name[start:]
        if encloser in zone.names:
            wildcard = (WILDCARD, *encloser)
            return wildcard if wildcard in zone.names else None
    return None


def _outside(view: View, answer: Answer) -> None:
    """Finish an answer outside of the zones: a resolver answers NXDOMAIN, a name server what it
    has.
    """
    if view.recursive:
        answer.code = "NXDOMAIN"
    elif not answer.records:
        answer.code, answer.authoritative = "REFUSED", False


def _delegation(zone: Zone, name: Labels) -> Labels | None:
    """Return the topmost name, below the apex, that has NS records on the way to `name`."""
    for start in range(len(name) - len(zone.apex) - 1, -1, -1):
        if "NS" in zone.sets.get(name[start:], {}):
            return name[start:]
    return None


def _refer(zone: Zone, cut: Labels, view: View, answer: Answer) -> None:
    """Refer to name servers outside of this region, which a resolver cannot reach."""
    if view.recursive:
        answer.code = "SERVFAIL"
        return
    answer.authoritative = bool(answer.records)
    for one in zone.sets[cut]["NS"]:
        answer.authority += _records(one, cut)
        for value in one.values:
            for kind in ("A", "AAAA"):
                for glue in zone.sets.get(labels(value), {}).get(kind, ()):
                    answer.additional += _records(glue, glue.name)


def _in_zone(
    zone: Zone, view: View, name: Labels, kind: str, answer: Answer, rng: random.Random
) -> Labels | None:
    """Add a zone's records to an answer; return the name to continue with, if it is a CNAME."""
    place = node(zone, name)
    if place is None:
        answer.code = "NXDOMAIN"
        answer.authority += _negative(zone)
        return None
    kinds = zone.sets.get(place, {})
    if "CNAME" in kinds and kind not in ("CNAME", ANY):
        found = _answers(zone, view, place, "CNAME", name, rng)
        answer.records += found
        return labels(found[0].value) if found else None
    wanted = list(kinds) if kind == ANY else [kind]
    found = [record for one in wanted for record in _answers(zone, view, place, one, name, rng)]
    answer.records += found
    if not found:
        answer.authority += _negative(zone)
    return None


def _answers(
    zone: Zone,
    view: View,
    place: Labels,
    kind: str,
    owner: Labels,
    rng: random.Random,
    depth: int = 0,
) -> list[Record]:
    """Return the records of a type at a place of a zone, as `owner`'s."""
    group = zone.sets.get(place, {}).get(kind, ())
    if not group or depth > _DEEPEST_ALIAS:
        return []
    found: list[Record] = []
    for one in choose(group, zone, view, rng):
        if one.alias is None:
            found += _records(one, owner, rng)
        elif one.alias.inside:
            target = node(zone, one.alias.target)
            if target is not None:
                found += _answers(zone, view, target, kind, owner, rng, depth + 1)
        else:
            found += _of_aws(view, one.alias.target, kind, owner, rng)
    return found


def _of_aws(
    view: View, target: Labels, kind: str, owner: Labels, rng: random.Random
) -> list[Record]:
    zone = view.layers[-1].find(target) if view.layers else None
    if zone is None:
        return []
    return [
        record
        for one in zone.sets.get(target, {}).get(kind, ())
        for record in _records(replace(one, ttl=min(one.ttl, _ALIAS_TTL)), owner, rng)
    ]


def _records(one: Rrset, owner: Labels, rng: random.Random | None = None) -> list[Record]:
    """Return values in random order, as Route 53 does: clients that take the first are spread over
    them.
    """
    values = rng.sample(one.values, len(one.values)) if rng else one.values
    return [Record(owner, one.kind, one.ttl, value) for value in values]


def _negative(zone: Zone) -> Iterable[Record]:
    """Return the SOA record, cached as long as its last field says (RFC 2308, 3)."""
    for one in zone.sets.get(zone.apex, {}).get("SOA", ()):
        for value in one.values:
            yield Record(zone.apex, "SOA", min(one.ttl, int(value.split()[-1])), value)


__all__ = ["ANY", "Answer", "Record", "node", "resolve"]
