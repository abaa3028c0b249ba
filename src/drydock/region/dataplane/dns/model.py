"""Zones, and the views of them that different clients have. Plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from drydock.region.dataplane.dns.names import Labels, labels, within

Policy: TypeAlias = Literal["simple", "weighted", "failover", "latency", "multivalue"]


@dataclass(frozen=True)
class Alias:
    """An alias: another name's records of the same type, given as one's own."""

    target: Labels
    inside: bool
    """Whether the target is in the same zone; otherwise it is one of AWS's names."""
    evaluates: bool = False
    """Whether the record is only as healthy as its target."""


@dataclass(frozen=True)
class Rrset:
    """A resource record set: one of several of its name and type where `identifier` is given."""

    name: Labels
    kind: str
    """A, AAAA, CNAME …"""
    ttl: int = 300
    values: tuple[str, ...] = ()
    """The values as Route 53 writes them."""
    alias: Alias | None = None
    identifier: str = ""
    policy: Policy = "simple"
    weight: int = 0
    primary: bool = False
    region: str = ""
    check: str = ""
    """The id of its health check."""


Sets: TypeAlias = "Mapping[Labels, Mapping[str, tuple[Rrset, ...]]]"


@dataclass(frozen=True)
class Zone:
    """A zone at one version."""

    id: str
    version: int
    apex: Labels
    sets: Sets = field(repr=False)
    empty: frozenset[Labels] = frozenset()
    """Names that exist although they have no records."""
    servers: frozenset[str] = frozenset()
    """Its name servers, in lower case; those of its NS records if they are not given."""

    @classmethod
    def of(
        cls,
        zone_id: str,
        version: int,
        apex: str | Labels,
        rrsets: Iterable[Rrset],
        empty: Iterable[Labels] = (),
        servers: Iterable[str] = (),
    ) -> Zone:
        """Return a zone of record sets in any order."""
        sets: dict[Labels, dict[str, tuple[Rrset, ...]]] = {}
        for one in rrsets:
            kinds = sets.setdefault(one.name, {})
            kinds[one.kind] = (*kinds.get(one.kind, ()), one)
        top = labels(apex) if isinstance(apex, str) else apex
        named = frozenset(one.lower().rstrip(".") for one in servers)
        return cls(zone_id, version, top, sets, frozenset(empty), named)

    @cached_property
    def names(self) -> frozenset[Labels]:
        """Return every existing name, those between a name and the apex too (RFC 4592, 2.2.2)."""
        depth = len(self.apex)
        return frozenset(
            name[start:]
            for name in (*self.sets, *self.empty, self.apex)
            for start in range(len(name) - depth + 1)
        )

    @cached_property
    def name_servers(self) -> frozenset[str]:
        """Return the name servers of the zone."""
        return self.servers or self._named(self.apex)

    def delegates(self, child: Zone) -> bool:
        """Return whether the zone delegates to one below it: an NS record with one of the child's
        servers.
        """
        return bool(self._named(child.apex) & child.name_servers)

    def _named(self, name: Labels) -> frozenset[str]:
        found = self.sets.get(name, {}).get("NS", ())
        return frozenset(value.lower().rstrip(".") for one in found for value in one.values)


@dataclass(frozen=True)
class Layer:
    """Zones that are searched together."""

    zones: tuple[Zone, ...]
    public: bool = False
    """Found from the top by delegation; otherwise the zone with the longest name is used."""

    @cached_property
    def _by_apex(self) -> dict[Labels, list[Zone]]:
        found: dict[Labels, list[Zone]] = {}
        for zone in self.zones:
            found.setdefault(zone.apex, []).append(zone)
        return found

    def find(self, name: Labels) -> Zone | None:
        """Return the zone that answers for a name.

        A public zone below another one that does not delegate to it is not found, as on AWS.
        """
        found: Zone | None = None
        for start in range(len(name) - 1, -1, -1):
            for zone in self._by_apex.get(name[start:], ()):
                if found is None or not self.public or found.delegates(zone):
                    found = zone
                    break
        return found


@dataclass(frozen=True)
class View:
    """All that a client can resolve. The first layer that has a zone for a name answers."""

    layers: tuple[Layer, ...] = ()
    region: str = ""
    """The client's region, for latency."""
    sick_checks: frozenset[str] = frozenset()
    """Health checks that fail."""
    sick_names: frozenset[Labels] = frozenset()
    """AWS's names (of load balancers) with nothing healthy behind them."""
    recursive: bool = False
    """Whether it is a resolver, for which a missing name does not exist; otherwise a name server."""

    def find(self, name: Labels) -> Zone | None:
        for layer in self.layers:
            if (zone := layer.find(name)) is not None:
                return zone
        return None

    @cached_property
    def versions(self) -> dict[str, int]:
        """Return the version of each zone, by zone id."""
        return {zone.id: zone.version for layer in self.layers for zone in layer.zones}


def rrset(name: str, kind: str, *values: str, ttl: int = 300, **more: object) -> Rrset:
    """Return a record set by its written name."""
    return Rrset(labels(name), kind, ttl, values, **more)  # type: ignore[arg-type]


__all__ = ["Alias", "Layer", "Policy", "Rrset", "Sets", "View", "Zone", "rrset", "within"]
