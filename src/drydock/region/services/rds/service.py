"""Replace moto's RDS backend by the region's."""

from __future__ import annotations

from moto.rds import urls as their_urls
from moto.rds.models import rds_backends

from drydock.region.services.kit import register
from drydock.region.services.rds import RdsBackend
from drydock.region.services.rds.operations.backend import RdsResponse
from drydock.region.services.rds.records import DBCluster, DBInstance, DBInstanceClustered

RECORDS = {"clusters": (DBCluster,), "databases": (DBInstance, DBInstanceClustered)}
_WAS_SERVING = {"available", "modifying", "rebooting", "backing-up"}


def forget_observations(backend: RdsBackend) -> None:
    """Reset what was observed: no server runs."""
    for instance in backend.databases.values():
        if instance.status in _WAS_SERVING:
            instance.status = "starting"


def install() -> None:
    """Make moto build our backend."""
    register.replace(rds_backends, RdsBackend, their_urls, RdsResponse)
