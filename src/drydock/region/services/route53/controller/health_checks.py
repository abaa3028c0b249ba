"""The controller of Route 53's health checks: one key is one health check's id.

Probes come from the internet of the region, so that routes, ACLs and security groups decide as on
AWS. One checker probes where AWS has about fifteen. Intervals are in region time, timeouts are not.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any

from drydock.region.dataplane.dns.answering import resolve
from drydock.region.dataplane.dns.names import labels
from drydock.region.dataplane.network.checking import Check, Result, check
from drydock.region.services.kit.controller import DONE, Outcome, Requeue
from drydock.region.services.kit.parts import Parts
from drydock.region.services.route53 import Observation
from drydock.region.services.route53.names import views
from drydock.region.services.route53.names.views import Records


@dataclass(frozen=True)
class Plan:
    """The settings of one health check, copied under the lock."""

    version: int
    interval: float
    """Seconds, in region time."""
    threshold: int
    check: Check | None
    """None if its name has no address."""
    healthy: bool = True
    """The state that was written last."""


@dataclass(frozen=True)
class Streak:
    """The results of the newest probes. `healthy` is the state that counts."""

    version: int
    due: float
    healthy: bool = True
    against: int = 0
    """Probes in a row with the other result."""

    def after(self, result: Result, plan: Plan, now: float) -> Streak:
        """Add a probe: the state changes once `threshold` probes in a row contradict it."""
        against = 0 if result.healthy == self.healthy else self.against + 1
        turned = against >= plan.threshold
        return Streak(
            plan.version,
            now + plan.interval,
            self.healthy != turned,
            0 if turned else against,
        )


class HealthCheckController:
    """Probes endpoints, and writes the results."""

    name = "route53"
    wakes_on = frozenset({"route53"})
    resync = 30.0

    def __init__(self, parts: Parts, clock: Callable[[], float] = time.monotonic) -> None:
        self._parts = parts
        self._store = parts.store
        self._clock = clock
        self._lock = threading.Lock()
        self._streaks: dict[str, Streak] = {}

    def all_keys(self) -> Iterable[str]:
        with self._store.locked():
            checks: Iterable[Any] = self._store.backend("route53").health_checks.values()
            wanted = {one.id for one in checks if one.probes}
        with self._lock:
            return wanted | set(self._streaks)

    def reconcile(self, key: str) -> Outcome:
        plan = self._read(key)
        if plan is None:
            with self._lock:
                self._streaks.pop(key, None)
            return DONE
        streak = self._streaks.get(key) or Streak(0, self._clock(), plan.healthy)
        if streak.version != plan.version:
            streak = replace(streak, version=plan.version, due=self._clock())
        if (early := streak.due - self._clock()) > 0:
            return Requeue(early)
        result = self._probe(plan)
        streak = streak.after(result, plan, self._clock())
        with self._lock:
            self._streaks[key] = streak
        self._write_back(key, streak, result)
        return Requeue(max(0.0, streak.due - self._clock()))

    def close(self) -> None:
        """Do nothing: the controller runs nothing of its own."""

    def _read(self, key: str) -> Plan | None:
        with self._store.locked():
            record: Any = self._store.backend("route53").health_checks.get(key)
            if record is None or not record.probes:
                return None
            address = self._address(record)
            kind = str(record.type_)
            wanted = (
                None
                if address is None
                else Check(
                    address,
                    record.target_port,
                    kind.split("_", maxsplit=1)[0].lower(),
                    path=record.resource_path or "/",
                    host=str(record.fqdn or ""),
                    search=str(record.search_string or ""),
                    sends_name=bool(record.enable_sni),
                    agent=f"Amazon-Route53-Health-Check-Service (ref {key}; report http://amzn.to/1vsZADi)",
                )
            )
            return Plan(
                record.health_check_version,
                self._parts.scaled(float(record.request_interval)),
                int(record.failure_threshold),
                wanted,
                record.observed is None or record.observed.healthy,
            )

    def _address(self, record: Any) -> IPv4Address | None:
        """Return the configured address, else one that the name has in the public DNS."""
        if record.ip_address:
            return IPv4Address(str(record.ip_address))
        view = views.internet(Records.of(self._store))
        answer = resolve(view, labels(str(record.fqdn)), "A")
        found = [one.value for one in answer.records if one.kind == "A"]
        return IPv4Address(random.choice(found)) if found else None  # noqa: S311

    def _probe(self, plan: Plan) -> Result:
        if plan.check is None:
            return Result(False, "Failure: DNS resolution failed: the name has no address")
        fabric, config = self._parts.fabric, self._parts.config
        return check(fabric.backbone, plan.check, config.region.client_address)

    def _write_back(self, key: str, streak: Streak, result: Result) -> None:
        now = datetime.now(UTC)
        with self._store.locked():
            record: Any = self._store.backend("route53").health_checks.get(key)
            if record is None:
                return
            before: Observation | None = record.observed
            seen = before or Observation(streak.healthy, "", now)
            seen = replace(seen, healthy=streak.healthy, words=result.words, checked_at=now)
            if not result.healthy:
                seen = replace(seen, last_failure=result.words, failed_at=now)
            record.observed = seen
            if before is None or before.healthy != seen.healthy:
                self._store.changed("route53")  # tells those who answer with it
