"""Replace moto's CloudWatch Logs backend by the region's."""

from __future__ import annotations

from moto.logs import urls as their_urls
from moto.logs.models import logs_backends

from drydock.region.services.kit import register
from drydock.region.services.logs.operations.backend import LogsBackend, Responses


def install() -> None:
    """Make moto build our backend."""
    register.replace(logs_backends, LogsBackend, their_urls, Responses)
