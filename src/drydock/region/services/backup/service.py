"""Replace moto's AWS Backup backend by the region's."""

from __future__ import annotations

from moto.backup import urls as their_urls
from moto.backup.models import backup_backends

from drydock.region.services.backup.operations import POINTS, BackupBackend, Responses
from drydock.region.services.kit import register


def install() -> None:
    """Make moto build our backend."""
    register.replace(backup_backends, BackupBackend, their_urls, Responses, [POINTS])
