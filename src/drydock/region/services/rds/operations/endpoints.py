"""Custom endpoints of a cluster.

moto 5.2.5 has no cluster endpoints at all.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Endpoints.Custom.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from moto.moto_api._internal import mock_random
from moto.rds.exceptions import (
    DBInstanceNotFoundError,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)

from drydock.region.services.rds.operations.snapshots import SnapshotOperations
from drydock.region.services.rds.records import DBCluster

_TYPES = ("READER", "ANY")


@dataclass
class Endpoint:
    """A custom endpoint; its members are those named, or all except those excluded."""

    identifier: str
    cluster: str
    kind: str
    address: str
    arn: str
    static_members: list[str] = field(default_factory=list)
    excluded_members: list[str] = field(default_factory=list)
    resource_id: str = ""
    tags: list[dict[str, str]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        return {
            "DBClusterEndpointIdentifier": self.identifier,
            "DBClusterIdentifier": self.cluster,
            "DBClusterEndpointResourceIdentifier": self.resource_id,
            "DBClusterEndpointArn": self.arn,
            "Endpoint": self.address,
            "Status": "available",
            "EndpointType": "CUSTOM",
            "CustomEndpointType": self.kind,
            "StaticMembers": self.static_members,
            "ExcludedMembers": self.excluded_members,
        }

    def get_tags(self) -> list[dict[str, str]]:
        return self.tags

    def add_tags(self, tags: list[dict[str, str]]) -> list[dict[str, str]]:
        given = {one["Key"] for one in tags}
        self.tags = [*(one for one in self.tags if one["Key"] not in given), *tags]
        return self.tags

    def remove_tags(self, tag_keys: list[str]) -> None:
        self.tags = [one for one in self.tags if one["Key"] not in tag_keys]

    def serves(self, instance: str, *, writer: bool) -> bool:
        """Return whether the endpoint leads to a member of its cluster."""
        if self.kind == "READER" and writer:
            return False
        if self.static_members:
            return instance in self.static_members
        return instance not in self.excluded_members


class EndpointOperations(SnapshotOperations):
    """The custom endpoints' part of the RDS backend."""

    @property
    def custom_endpoints(self) -> dict[str, Endpoint]:
        """The custom endpoints by identifier; empty for a backend that was saved before they
        existed.
        """
        kept: dict[str, Endpoint] = self.__dict__.setdefault("_custom_endpoints", {})
        return kept

    def create_cluster_endpoint(
        self, cluster: str, identifier: str, kind: str, static: list[str], excluded: list[str]
    ) -> Endpoint:
        """CreateDBClusterEndpoint."""
        owner = self._cluster(cluster)
        identifier = identifier.lower()
        if identifier in self.custom_endpoints:
            raise RDSClientError(
                "DBClusterEndpointAlreadyExistsFault",
                f"DB cluster endpoint already exists: {identifier}",
            )
        self._check(owner, kind, static, excluded)
        arn = owner.arn.replace(":cluster:", ":cluster-endpoint:").rpartition(":")[0]
        made = Endpoint(
            identifier,
            owner.db_cluster_identifier,
            kind,
            f"{identifier}.cluster-custom-{owner.url_identifier}.{self.region_name}.rds.amazonaws.com",
            f"{arn}:{identifier}",
            list(static),
            list(excluded),
            f"cluster-endpoint-{mock_random.get_random_string(26).upper()}",
        )
        self.custom_endpoints[identifier] = made
        return made

    def modify_cluster_endpoint(
        self,
        identifier: str,
        kind: str | None,
        static: list[str] | None,
        excluded: list[str] | None,
    ) -> Endpoint:
        """ModifyDBClusterEndpoint."""
        found = self._endpoint(identifier)
        kind = kind or found.kind
        if static is not None or excluded is not None:
            self._check(self._cluster(found.cluster), kind, static or [], excluded or [])
            found.static_members, found.excluded_members = static or [], excluded or []
        found.kind = kind
        return found

    def delete_cluster_endpoint(self, identifier: str) -> Endpoint:
        """DeleteDBClusterEndpoint."""
        found = self._endpoint(identifier)
        del self.custom_endpoints[found.identifier]
        return found

    def describe_cluster_endpoints(
        self, cluster: str | None, identifier: str | None
    ) -> list[dict[str, Any]]:
        """DescribeDBClusterEndpoints: the built-in ones too."""
        listed: list[dict[str, Any]] = []
        owners = [self._cluster(cluster)] if cluster else list(self.clusters.values())
        if identifier is None:
            for owner in owners:
                for address, kind in (
                    (owner.endpoint, "WRITER"),
                    (owner.reader_endpoint, "READER"),
                ):
                    listed.append(
                        {
                            "DBClusterIdentifier": owner.db_cluster_identifier,
                            "Endpoint": address,
                            "Status": "available",
                            "EndpointType": kind,
                        }
                    )
        names = {owner.db_cluster_identifier for owner in owners}
        found = [self._endpoint(identifier)] if identifier else self.custom_endpoints.values()
        return [*listed, *(one.shown() for one in found if one.cluster in names)]

    def _find_resource(self, resource_type: str, resource_name: str) -> Any:
        if resource_type == "cluster-endpoint":
            return self.custom_endpoints.get(resource_name)
        return super()._find_resource(resource_type, resource_name)

    def purge_cluster(self, cluster: DBCluster) -> None:
        super().purge_cluster(cluster)
        for one in list(self.custom_endpoints.values()):
            if one.cluster == cluster.db_cluster_identifier:
                del self.custom_endpoints[one.identifier]

    def _endpoint(self, identifier: str) -> Endpoint:
        found = self.custom_endpoints.get(identifier.lower())
        if found is None:
            raise RDSClientError(
                "DBClusterEndpointNotFoundFault", f"DBClusterEndpoint {identifier} not found."
            )
        return found

    def _check(self, owner: Any, kind: str, static: list[str], excluded: list[str]) -> None:
        if kind not in _TYPES:
            raise InvalidParameterValue(f"Invalid endpoint type {kind}: READER or ANY.")
        if static and excluded:
            raise InvalidParameterCombination(
                "StaticMembers and ExcludedMembers cannot be specified together."
            )
        members = {member.db_instance_identifier for member in owner._members}
        for name in (*static, *excluded):
            if name not in members:
                raise DBInstanceNotFoundError(name)
