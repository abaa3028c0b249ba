"""Find the names that may lead to others, regardless of routing policies and health checks."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from drydock.region.dataplane.dns.answering import node
from drydock.region.dataplane.dns.model import View
from drydock.region.dataplane.dns.names import WILDCARD, Labels, labels


def reached(view: View, name: Labels) -> set[Labels]:
    """Return a name and every name that its CNAMEs and aliases of addresses lead to."""
    seen: set[Labels] = set()
    left = [name]
    while left:
        one = left.pop()
        if one not in seen:
            seen.add(one)
            left += _next(view, one)
    return seen


def leading_to(view: View, targets: Collection[Labels]) -> dict[Labels, list[Labels]]:
    """Return the names of the view's hosted zones that lead to each target, wildcards left out."""
    found: dict[Labels, list[Labels]] = {target: [] for target in targets}
    for layer in view.layers:
        for zone in layer.zones:
            for name in zone.sets if zone.id else ():
                if WILDCARD in name or view.find(name) is not zone:
                    continue
                for target in reached(view, name) & set(targets):
                    found[target].append(name)
    return found


def _next(view: View, name: Labels) -> Iterable[Labels]:
    zone = view.find(name)
    place = node(zone, name) if zone is not None else None
    kinds = zone.sets.get(place, {}) if zone is not None and place is not None else {}
    for kind in ("A", "AAAA", "CNAME"):
        for one in kinds.get(kind, ()):
            if one.alias is not None:
                yield one.alias.target
            elif kind == "CNAME":
                yield from (labels(value) for value in one.values)
