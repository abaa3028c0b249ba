"""RDS: clusters, instances, subnet and parameter groups."""

from __future__ import annotations

from drydock.region.api.gaps import quickly

quickly.import_ec2()

from moto.rds.models import rds_backends  # noqa: E402

from drydock.region.api.gaps import overlay  # noqa: E402
from drydock.region.api.gaps.rds.backend import RdsBackend  # noqa: E402
from drydock.region.api.gaps.rds.records import DBCluster, DBInstance, DBInstanceClustered  # noqa: E402

__all__ = ["DBCluster", "DBInstance", "DBInstanceClustered", "RdsBackend", "install"]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(rds_backends, RdsBackend)
