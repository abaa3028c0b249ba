"""The deployment circuit breaker: the failure threshold and the count of failed tasks. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST, MOST = 3, 200


@dataclass(frozen=True)
class Trial:
    """The outcome of one task of the primary deployment; times in seconds since 1970."""

    proven: float | None = None
    """When it was first seen healthy."""
    failed: float | None = None
    """When it ended by itself, did not start, or was stopped for its health."""


def threshold(desired: int, breaker: Mapping[str, Any]) -> int:
    """Return how many failures end a deployment: half of the desired count, between 3 and 200.

    `breaker` is the configuration's deploymentCircuitBreaker; its thresholdConfiguration may say
    COUNT, BOUNDED_PERCENT or UNBOUNDED_PERCENT.
    """
    wanted = breaker.get("thresholdConfiguration") or {}
    kind, value = wanted.get("type") or "BOUNDED_PERCENT", int(wanted.get("value") or 50)
    if kind == "COUNT":
        return max(1, value)
    part = math.ceil(desired * value / 100)
    if kind == "UNBOUNDED_PERCENT":
        return max(1, part)
    return min(MOST, max(LEAST, part))


def failures(trials: Sequence[Trial], since: float, *, reset: bool = True) -> int:
    """Count tasks that failed since a time. With `reset` a healthy task clears those before it."""
    start = since
    if reset:
        start = max([since, *(one.proven for one in trials if one.proven is not None)])
    return sum(one.failed is not None and one.failed >= start for one in trials)
