"""The controller of names: one key is a name server (a VPC's or the host's) or a hosted zone.

A pass computes all answers of a server, which has them at once. The versions that the servers have
are written back, so that a change of a hosted zone is INSYNC when it can really be resolved.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from drydock.region.dataplane.dns.model import View
from drydock.region.dataplane.dns.names import labels, readable
from drydock.region.dataplane.dns.reverse_lookup import leading_to
from drydock.region.services.kit.controller import DONE, Outcome, TerminalError
from drydock.region.services.kit.parts import Parts
from drydock.region.services.route53.names import aws, views
from drydock.region.services.route53.names.views import Records

HOST = "host"
"""The key of the server on the host's loopback."""
_ZONE = "/hostedzone/"
"""Prefix of the key of a hosted zone."""


class DnsController:
    """Keeps name servers up to date with the API's resources."""

    name = "dns"
    wakes_on = frozenset({"ec2", "elbv2", "rds", "route53"})
    resync = 30.0

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._resolvers = parts.resolvers
        self._lock = threading.Lock()
        self._read: tuple[int, Records] | None = None

    def all_keys(self) -> Iterable[str]:
        with self._store.locked():
            zones: Iterable[Any] = self._store.backend("route53").zones.values()
            public = [one.id for one in zones if not one.private_zone]
        return [HOST, *self._parts.fabric.vpcs(), *public]

    def reconcile(self, key: str) -> Outcome:
        with self._store.locked():
            records = self._records()
            if key.startswith(_ZONE):
                _check_found(records, key.removeprefix(_ZONE))
                return DONE
            if key == HOST:
                view = views.of_host(records)
            elif key in records.ec2.vpcs:
                view = views.of_vpc(records, key)
            else:
                return DONE
        if view != self._resolvers.view(key):
            self._resolvers.show(key, view)
        self._write_back()
        return DONE

    def close(self) -> None:
        """Do nothing: the controller runs nothing of its own."""

    def names(self) -> list[dict[str, str]]:
        """Return the names that lead to a load balancer on the host: load_balancer (ARN), name,
        host_name.
        """
        with self._store.locked():
            records = self._records()
            balancers: Iterable[Any] = records.elbv2.load_balancers.values()
            public = [one for one in balancers if aws.is_public(one)]
            targets = {
                labels(name): (one.arn, str(one.dns_name).lower())
                for one in public
                for name in aws.names_of(one)
            }
            leading = leading_to(views.of_host(records), targets)
        found = {(arn, name): name for arn, name in targets.values()}
        for target, names in leading.items():
            found |= {(targets[target][0], readable(name)): "" for name in names}
        return [
            {"load_balancer": arn, "name": name, "kind": "aws" if own else "zone"}
            for (arn, name), own in found.items()
        ]

    def _records(self) -> Records:
        """Return the records and names, cached while nothing changes. Called under the lock."""
        generation = self._store.generation
        with self._lock:
            if self._read is None or self._read[0] != generation:
                records = Records.of(self._store)
                self._read = (generation, records)
            return self._read[1]

    def _write_back(self) -> None:
        """Write back which version of each zone all of its servers have."""
        shown = self._resolvers.views()
        with self._store.locked():
            ec2, route53 = self._store.backend("ec2"), self._store.backend("route53")
            serving = {
                zone_id: version
                for view in shown.values()
                for zone_id, version in (view.versions if view else {}).items()
                if zone_id and zone_id not in route53.zones
            }
            for zone in route53.zones.values():
                have = [_version(shown[one], zone) for one in _servers(ec2, zone, shown)]
                serving[zone.resource_id] = min(have, default=zone.version)
            if serving != route53.serving:
                with self._store.changing("route53"):
                    route53.serving = serving


def _check_found(records: Records, zone_id: str) -> None:
    """Raise TerminalError for a public zone that cannot be found, because it is not delegated."""
    public = views.internet(records)
    zone = next((one for one in records.hosted if one.id == zone_id), None)
    if zone is None or (found := public.find(zone.apex)) is zone or found is None:
        return
    name, above = readable(zone.apex), readable(found.apex)
    if above == name:
        raise TerminalError(
            f"another hosted zone of the name {name} ({found.id}) is found instead of this one"
        )
    raise TerminalError(
        f"the hosted zone {name} is not found: {above} ({found.id or 'AWS'}) does not delegate to "
        f"it; give {above} an NS record {name} with {', '.join(sorted(zone.name_servers))}"
    )


def _servers(ec2: Any, zone: Any, shown: Iterable[str]) -> Iterable[str]:
    """Return the name servers that must have a zone."""
    if not zone.private_zone:
        return shown
    own = {vpc["vpc_id"] for vpc in zone.vpcs}
    return [key for key in shown if key in own and key in ec2.vpcs and aws.hostnames(ec2, key)]


def _version(view: View | None, zone: Any) -> int:
    return view.versions.get(zone.resource_id, 0) if view else 0
