"""Records that are not of our classes, in services whose controllers need them to be: taken out and named.

A service of moto's that makes resources of another one (CloudFormation, in moto 5.2.5) would leave such
records; an older version of the region did.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from drydock.region.api.saved.units import items
from drydock.region.api.store import Store

log = logging.getLogger(__name__)


def take_out_strangers(store: Store) -> list[dict[str, str]]:
    """Remove them → what was removed, as `drydock status` shows problems. Under the store's lock."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    found: list[dict[str, str]] = []
    for service, attribute, classes in _ours():
        for key in _remove(getattr(store.backend(service), attribute), classes):
            resource = f"{service} {attribute} {key}"
            log.error("a foreign record is taken out", extra={"resource": resource})
            words = (
                "it is no record that the region can run (another service made it), so it is left out"
                "\n  Next: make it anew through its own service's API"
            )
            found.append({"resource": resource, "error": words, "since": since})
    return found


def _remove(records: Any, classes: tuple[type, ...], path: str = "") -> list[str]:
    removed: list[str] = []
    for key, value in items(records):
        where = f"{path}{key}"
        if type(value) is dict and isinstance(next(iter(value.values()), None), (dict, *classes)):
            removed += _remove(value, classes, f"{where}/")
        elif not isinstance(value, classes):
            records.pop(key)
            removed.append(where)
    return removed


def _ours() -> list[tuple[str, str, tuple[type, ...]]]:
    """Service, attribute of its backend, and the classes that records there are of."""
    from moto.ecs.models import Cluster  # noqa: PLC0415  (moto, slow)

    from drydock.region.api.gaps.ecs.records import Service, Task  # noqa: PLC0415
    from drydock.region.api.gaps.elbv2.balancers import LoadBalancer  # noqa: PLC0415
    from drydock.region.api.gaps.elbv2.targets import TargetGroup  # noqa: PLC0415
    from drydock.region.api.gaps.rds.records import (  # noqa: PLC0415
        DBCluster,
        DBInstance,
        DBInstanceClustered,
    )
    from drydock.region.api.gaps.route53.checks import HealthCheck  # noqa: PLC0415

    return [
        ("ecs", "clusters", (Cluster,)),
        ("ecs", "services", (Service,)),
        ("ecs", "tasks", (Task,)),
        ("elbv2", "load_balancers", (LoadBalancer,)),
        ("elbv2", "target_groups", (TargetGroup,)),
        ("rds", "clusters", (DBCluster,)),
        ("rds", "databases", (DBInstance, DBInstanceClustered)),
        ("route53", "health_checks", (HealthCheck,)),
    ]
