"""Replace moto's Step Functions backend by the region's."""

from __future__ import annotations

from moto.stepfunctions import urls as their_urls
from moto.stepfunctions.models import stepfunctions_backends

from drydock.region.services.kit import register
from drydock.region.services.stepfunctions.operations import Responses, StepFunctionsBackend


def install() -> None:
    """Make moto build our backend."""
    register.replace(stepfunctions_backends, StepFunctionsBackend, their_urls, Responses)
