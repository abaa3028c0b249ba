"""Replace moto's Firehose backend by the region's."""

from __future__ import annotations

from moto.firehose import urls as their_urls
from moto.firehose.models import firehose_backends

from drydock.region.services.firehose.operations import FirehoseBackend
from drydock.region.services.kit import register


def install() -> None:
    """Make moto build our backend."""
    register.replace(firehose_backends, FirehoseBackend, their_urls)
