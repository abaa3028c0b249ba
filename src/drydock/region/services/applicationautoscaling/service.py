"""Replace moto's Application Auto Scaling backend by the region's."""

from __future__ import annotations

from moto.applicationautoscaling import urls as their_urls
from moto.applicationautoscaling.models import applicationautoscaling_backends

from drydock.region.services.applicationautoscaling.operations.backend import AutoScalingBackend
from drydock.region.services.applicationautoscaling.operations.responses import AutoScalingResponse
from drydock.region.services.kit import register


def install() -> None:
    """Make moto build our backend."""
    register.replace(
        applicationautoscaling_backends, AutoScalingBackend, their_urls, AutoScalingResponse
    )
