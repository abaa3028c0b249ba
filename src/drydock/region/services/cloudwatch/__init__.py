"""CloudWatch: metrics, and alarms that are evaluated."""

from __future__ import annotations

from drydock.region.services.cloudwatch.operations.backend import (
    CloudWatchBackend,
    Dimensions,
    Sample,
)

__all__ = ["CloudWatchBackend", "Dimensions", "Sample"]
