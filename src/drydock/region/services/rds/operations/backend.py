"""The RDS backend, and the operations whose parameters moto 5.2.5 does not pass to it."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.models import rds_backends
from moto.rds.responses import RDSResponse as TheirResponse

from drydock.region.services.rds.operations import versions
from drydock.region.services.rds.operations.endpoints import EndpointOperations
from drydock.region.services.rds.records import plain


class RdsBackend(EndpointOperations):
    """The RDS backend of the API; the controller writes statuses and purges what was deleted."""


class RdsResponse(TheirResponse):
    """The RDS operations on our backend."""

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

    def create_db_cluster_endpoint(self) -> ActionResult:
        made = self.backend.create_cluster_endpoint(
            self.params["DBClusterIdentifier"],
            self.params["DBClusterEndpointIdentifier"],
            self.params["EndpointType"],
            list(self.params.get("StaticMembers") or []),
            list(self.params.get("ExcludedMembers") or []),
        )
        made.add_tags([plain(one) for one in self.params.get("Tags") or []])
        return ActionResult(made.shown())

    def modify_db_cluster_endpoint(self) -> ActionResult:
        changed = self.backend.modify_cluster_endpoint(
            self.params["DBClusterEndpointIdentifier"],
            self.params.get("EndpointType"),
            self.params.get("StaticMembers"),
            self.params.get("ExcludedMembers"),
        )
        return ActionResult(changed.shown())

    def delete_db_cluster_endpoint(self) -> ActionResult:
        gone = self.backend.delete_cluster_endpoint(self.params["DBClusterEndpointIdentifier"])
        return ActionResult({**gone.shown(), "Status": "deleting"})

    def describe_db_cluster_endpoints(self) -> ActionResult:
        found = self.backend.describe_cluster_endpoints(
            self.params.get("DBClusterIdentifier"), self.params.get("DBClusterEndpointIdentifier")
        )
        return self._page("DBClusterEndpoints", _filtered(found, self.params.get("Filters") or []))

    def describe_pending_maintenance_actions(self) -> ActionResult:
        """Answer with no actions: changes are made at once, and servers are not patched here."""
        return ActionResult({"PendingMaintenanceActions": []})

    def describe_certificates(self) -> ActionResult:
        wanted = self.params.get("CertificateIdentifier")
        found = versions.certificates(self.region)
        return ActionResult(
            {
                "Certificates": [
                    one for one in found if wanted in (None, one["CertificateIdentifier"])
                ]
            }
        )

    def describe_orderable_db_instance_options(self) -> ActionResult:
        found = versions.orderable(
            self.params["Engine"],
            self.params.get("EngineVersion"),
            self.params.get("DBInstanceClass"),
            self.region,
        )
        return self._page("OrderableDBInstanceOptions", found)

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
        """Return one page of a list; moto 5.2.5's own paging fails for more than a hundred entries."""
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


_FILTERS = {
    "db-cluster-endpoint-type": "EndpointType",
    "db-cluster-endpoint-custom-type": "CustomEndpointType",
    "db-cluster-endpoint-id": "DBClusterEndpointIdentifier",
    "db-cluster-endpoint-status": "Status",
}


def _filtered(found: list[dict[str, Any]], filters: list[Any]) -> list[dict[str, Any]]:
    """Apply DescribeDBClusterEndpoints' filters, which ignore case on AWS."""
    for one in map(plain, filters):
        key = _FILTERS.get(one["Name"], one["Name"])
        values = {str(value).lower() for value in one["Values"]}
        found = [entry for entry in found if str(entry.get(key, "")).lower() in values]
    return found
