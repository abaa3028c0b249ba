"""Replace moto's S3 backend by the region's."""

from __future__ import annotations

from moto.s3 import models
from moto.s3.models import s3_backends

from drydock.region.services.kit import register
from drydock.region.services.s3.operations.backend import Backend
from drydock.region.services.s3.operations.objects import Object


def install() -> None:
    """Make moto build our backend and objects.

    Idempotent; moto names its objects' class in one place.
    """
    models.FakeKey = Object  # type: ignore[misc]
    register.replace(s3_backends, Backend)
