"""Replace moto's Secrets Manager backend by the region's."""

from __future__ import annotations

from moto.secretsmanager import urls as their_urls
from moto.secretsmanager.models import secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse

from drydock.region.services.kit import register
from drydock.region.services.secretsmanager.operations import SecretsBackend


def install() -> None:
    """Make moto build our backend."""
    register.replace(secretsmanager_backends, SecretsBackend, their_urls, SecretsManagerResponse)
