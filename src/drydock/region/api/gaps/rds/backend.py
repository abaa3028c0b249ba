"""Our RDS backend and the operations whose parameters moto 5.2.5 drops on the way to it."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds import urls as their_urls
from moto.rds.models import rds_backends
from moto.rds.responses import RDSResponse as TheirResponse

from drydock.region.api.gaps import overlay
from drydock.region.api.gaps.rds import versions
from drydock.region.api.gaps.rds.records import plain
from drydock.region.api.gaps.rds.snapshots import SnapshotOperations


class RdsBackend(SnapshotOperations):
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

    def describe_db_parameters(self) -> ActionResult:
        return self._parameters("DBParameterGroupName", cluster=False)

    def describe_db_cluster_parameters(self) -> ActionResult:
        return self._parameters("DBClusterParameterGroupName", cluster=True)

    def reset_db_parameter_group(self) -> ActionResult:
        return self._reset("DBParameterGroupName", cluster=False)

    def reset_db_cluster_parameter_group(self) -> ActionResult:
        return self._reset("DBClusterParameterGroupName", cluster=True)

    def _parameters(self, key: str, *, cluster: bool) -> ActionResult:
        found = self.backend.describe_parameters(
            self.params[key], self.params.get("Source"), cluster=cluster
        )
        return self._page("Parameters", found)

    def _page(self, key: str, found: list[Any]) -> ActionResult:
        """A part of a list; moto 5.2.5's own paging fails for what has more than a hundred."""
        start, size = int(self.params.get("Marker") or 0), int(self.params.get("MaxRecords") or 100)
        more = {"Marker": str(start + size)} if start + size < len(found) else {}
        return ActionResult({key: found[start : start + size], **more})

    def _reset(self, key: str, *, cluster: bool) -> ActionResult:
        self.backend.reset_parameters(
            self.params[key],
            [plain(one)["ParameterName"] for one in self.params.get("Parameters") or []],
            all_of_them=bool(self.params.get("ResetAllParameters")),
            cluster=cluster,
        )
        return ActionResult({key: self.params[key]})

    def describe_db_engine_versions(self) -> ActionResult:
        found = versions.describe(
            self.params.get("Engine"),
            self.params.get("EngineVersion"),
            self.params.get("DBParameterGroupFamily"),
            bool(self.params.get("DefaultOnly")),
        )
        return self._page("DBEngineVersions", found)
