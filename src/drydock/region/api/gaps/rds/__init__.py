"""RDS: clusters, instances, subnet and parameter groups."""

from __future__ import annotations

from moto.rds.models import rds_backends

from drydock.region.api.gaps import overlay
from drydock.region.api.gaps.rds.backend import RdsBackend
from drydock.region.api.gaps.rds.records import DBCluster, DBInstance, DBInstanceClustered

__all__ = ["DBCluster", "DBInstance", "DBInstanceClustered", "RdsBackend", "install"]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(rds_backends, RdsBackend)
