"""The controller of load balancers' metrics: it publishes HAProxy's counts to CloudWatch.

It does so every minute of region time, with wall-clock times. One key is one load balancer's ARN.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from drydock.errors import DrydockError
from drydock.region.dataplane.balancer.traffic import Traffic
from drydock.region.services.elbv2.controller import samples
from drydock.region.services.kit.controller import DONE, Outcome, Requeue
from drydock.region.services.kit.parts import Parts

log = logging.getLogger(__name__)


class MetricsController:
    """Measures every running load balancer."""

    name = "elbv2-metrics"
    wakes_on: frozenset[str] = frozenset()

    def __init__(self, parts: Parts, take: Callable[[str], Traffic | None]) -> None:
        """`take` returns a load balancer's traffic since it was called last."""
        self._store = parts.store
        self._take = take
        self._period = parts.minute
        self.resync = self._period
        self._next: dict[str, float] = {}
        self._owed: dict[str, Counter[int]] = {}

    def all_keys(self) -> Iterable[str]:
        with self._store.locked():
            elb: Any = self._store.backend("elbv2")
            return list(elb.load_balancers)

    def reconcile(self, key: str) -> Outcome:
        # of one that is gone, the pass that was due takes what went through last
        now = time.monotonic()
        if now >= self._next.get(key, 0.0):
            traffic = self._take(key)
            if traffic is None:
                self._next.pop(key, None)
                self._owed.pop(key, None)
                return DONE
            self._next[key] = now + self._period
            self._put(key, traffic)
        return Requeue(max(0.01, self._next[key] - time.monotonic()))

    def close(self) -> None:
        """Measure once more. The load balancers still run."""
        for key in self.all_keys():
            try:
                traffic = self._take(key)
            except DrydockError as error:
                log.warning("not measured", extra={"load_balancer": key, "why": str(error)})
                continue
            if traffic is not None:
                self._put(key, traffic)

    def _put(self, arn: str, traffic: Traffic) -> None:
        found = samples.of_balancer(arn, traffic, self._owed.setdefault(arn, Counter()))
        with self._store.locked():
            elb: Any = self._store.backend("elbv2")
            groups = [
                group for group in elb.target_groups.values() if arn in group.load_balancer_arns
            ]
            for group in groups:
                states = Counter(one.state for one in group.observed.values())
                found += samples.of_health(arn, group.arn, states)
                sent = traffic.groups.get(group.arn)
                if sent is not None:
                    found += samples.per_target(
                        arn, group.arn, sent.requests, len(group.registered)
                    )
            self._store.backend("cloudwatch").observe(found)
