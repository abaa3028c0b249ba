"""RDS: clusters, instances, subnet and parameter groups."""

from __future__ import annotations

from drydock.region.api import fast_import

fast_import.import_ec2()

from drydock.region.services.rds.operations.backend import RdsBackend  # noqa: E402
from drydock.region.services.rds.records import DBCluster, DBInstance, DBInstanceClustered  # noqa: E402

__all__ = ["DBCluster", "DBInstance", "DBInstanceClustered", "RdsBackend"]
