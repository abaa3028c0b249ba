"""Our RDS backend and the operations whose parameters moto 5.2.5 drops on the way to it."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, PaginatedResult
from moto.rds import urls as their_urls
from moto.rds.models import rds_backends
from moto.rds.responses import RDSResponse as TheirResponse

from drydock.region.api.gaps import overlay
from drydock.region.api.gaps.rds import versions
from drydock.region.api.gaps.rds.instances import InstanceOperations


class RdsBackend(InstanceOperations):
    """RDS as it is asked for; the controller writes statuses and purges what was deleted."""

    @property
    def _url_module(self) -> Any:
        return overlay.urls(their_urls, RdsResponse)


class RdsResponse(TheirResponse):
    """RDS's operations on our backend."""

    @property
    def backend(self) -> RdsBackend:
        backend: Any = rds_backends[self.current_account][self.region]
        return backend  # type: ignore[no-any-return]

    def delete_db_cluster(self) -> ActionResult:
        cluster = self.backend.delete_db_cluster(
            self.params["DBClusterIdentifier"],
            self.params.get("FinalDBSnapshotIdentifier"),
            skip_snapshot=bool(self.params.get("SkipFinalSnapshot")),
        )
        return ActionResult({"DBCluster": cluster})

    def describe_db_engine_versions(self) -> ActionResult:
        found = versions.describe(
            self.params.get("Engine"),
            self.params.get("EngineVersion"),
            self.params.get("DBParameterGroupFamily"),
            bool(self.params.get("DefaultOnly")),
        )
        return PaginatedResult({"DBEngineVersions": found})
