"""Choose among several record sets of one name and type: Route 53's routing policies and health.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy.html
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from drydock.region.dataplane.dns.model import Rrset, View, Zone
from drydock.region.dataplane.dns.names import Labels

MOST_VALUES = 8
"""The limit of values in a multivalue answer."""
_DEEPEST = 16


def choose(group: Sequence[Rrset], zone: Zone, view: View, rng: random.Random) -> list[Rrset]:
    """Return the record sets of a group that answer; several only of multivalue ones."""
    if len(group) == 1 and group[0].policy != "multivalue":
        return list(group)
    healthy = [one for one in group if is_healthy(one, zone, view)]
    policy = group[0].policy
    if policy == "failover":
        return [_failover(group, healthy)]
    if policy == "weighted":
        return [_weighted(group, healthy, rng)]
    candidates = healthy or list(group)  # all fail: better an answer that may work than none
    if policy == "latency":
        near = [one for one in candidates if one.region == view.region]
        return (near or sorted(candidates, key=lambda one: one.region))[:1]
    if policy == "multivalue":
        return rng.sample(candidates, min(MOST_VALUES, len(candidates)))
    return candidates[:1]


def is_healthy(one: Rrset, zone: Zone, view: View, depth: int = 0) -> bool:
    """Return whether a record set counts as healthy, also without a check or an evaluated alias."""
    if one.check and one.check in view.sick_checks:
        return False
    if one.alias is None or not one.alias.evaluates:
        return True
    if not one.alias.inside:
        return one.alias.target not in view.sick_names
    if depth >= _DEEPEST:
        return False
    targets = group_at(zone, one.alias.target, one.kind)
    return any(is_healthy(target, zone, view, depth + 1) for target in targets)


def group_at(zone: Zone, name: Labels, kind: str) -> tuple[Rrset, ...]:
    """Return the record sets of a type at a name as it is written in the zone."""
    return zone.sets.get(name, {}).get(kind, ())


def _failover(group: Sequence[Rrset], healthy: Sequence[Rrset]) -> Rrset:
    """Return the primary one, unless only the secondary one is healthy."""
    primary = next((one for one in group if one.primary), group[0])
    if primary in healthy:
        return primary
    return next((one for one in healthy if not one.primary), primary)


def _weighted(group: Sequence[Rrset], healthy: Sequence[Rrset], rng: random.Random) -> Rrset:
    """Draw by weight.

    Weight 0 answers if nothing heavier is healthy; if nothing is, all count as healthy.
    """
    for candidates in (
        [one for one in healthy if one.weight],
        healthy if any(one.weight for one in group) else (),
        [one for one in group if one.weight] if not healthy else (),
    ):
        if candidates:
            weights = [one.weight or 1 for one in candidates]
            return rng.choices(list(candidates), weights)[0]
    return rng.choice(list(healthy or group))
