"""Replace moto's CloudWatch backend by the region's."""

from __future__ import annotations

from moto.cloudwatch import urls as their_urls
from moto.cloudwatch.models import cloudwatch_backends

from drydock.region.services.cloudwatch.operations.alarms import AlarmResponse
from drydock.region.services.cloudwatch.operations.backend import CloudWatchBackend
from drydock.region.services.kit import register


def install() -> None:
    """Make moto build our backend."""
    register.replace(cloudwatch_backends, CloudWatchBackend, their_urls, AlarmResponse)
