"""RDS's records of a database, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from drydock.region.services.rds.controller.members import InstanceView
from drydock.region.services.rds.controller.parameters import Parameter, Scope, Wanted
from drydock.region.services.rds.operations.classes import SERVERLESS


@dataclass(frozen=True)
class DatabaseView:
    """A cluster with its instances, or an instance on its own."""

    key: str
    is_cluster: bool
    identifier: str
    resource_id: str
    """Never reused, so that a database of the same name does not find the old one's files."""
    status: str
    major: int
    port: int
    user: str
    database: str
    subnets: tuple[tuple[str, str], ...]
    """Id and zone of each subnet of its group."""
    security_groups: tuple[str, ...]
    public: bool
    instances: tuple[InstanceView, ...]
    iam: bool
    """Whether logins by IAM are enabled."""
    keeps_backups: bool
    """Whether automated snapshots are taken and WAL is kept."""
    pause_after: float | None
    """Seconds (AWS's) without a client after which it pauses; None: it never does."""
    forces_tls: bool
    """Whether TLS is required where no group decides: RDS from 15 on, Aurora from 17 on."""
    failover_target: str
    """The instance that a requested failover goes to; empty: none."""
    upgrade_to: int | None
    """The major to upgrade to; None: it stays."""
    password: str = field(repr=False)


def record_of(rds: Any, view: DatabaseView) -> Any:
    """Return the API's record of a database; None: it is gone."""
    return (rds.clusters if view.is_cluster else rds.databases).get(view.identifier)


def cluster_of(instance: Any) -> Any:
    return getattr(instance, "db_cluster_identifier", None)


def instance_view(rds: Any, instance: Any) -> InstanceView:
    cluster = instance.cluster if cluster_of(instance) else None
    return InstanceView(
        identifier=instance.db_instance_identifier,
        arn=str(instance.db_instance_arn),
        resource_id=str(instance.dbi_resource_id),
        status=instance.status,
        eni_id=getattr(instance, "eni_id", None),
        zone=instance.availability_zone or "",
        is_writer=not cluster_of(instance) or bool(instance.is_cluster_writer),
        tier=int(getattr(instance, "promotion_tier", 1) or 0),
        instance_class=str(instance.db_instance_class or ""),
        names=endpoint_names(instance, cluster),
        wanted=groups_of(rds, instance, cluster),
    )


def pause_after(cluster: Any) -> float | None:
    """Return the seconds of idleness before a pause; None unless all instances are serverless with
    minimum 0.
    """
    scaling = cluster.serverless_v2_scaling_configuration or {}
    members = list(cluster._members)
    if not members or float(scaling.get("MinCapacity") or 0) > 0 or not scaling:
        return None
    if any(member.db_instance_class != SERVERLESS for member in members):
        return None
    return float(scaling.get("SecondsUntilAutoPause") or 300)


def endpoint_names(instance: Any, cluster: Any) -> tuple[str, ...]:
    own = str(instance.address).lower()
    if cluster is None:
        return (own,)
    custom = f"*.cluster-custom-{cluster.url_identifier}.{cluster.region}.rds.amazonaws.com"
    return own, str(cluster.endpoint), str(cluster.reader_endpoint), custom


def groups_of(rds: Any, instance: Any, cluster: Any) -> Wanted:
    """Return the parameters that an instance's and its cluster's groups set; default groups set
    none.
    """
    names: tuple[str, str] = (
        str(cluster.parameter_group if cluster is not None else ""),
        str(instance.db_parameter_group_name or ""),
    )
    groups: tuple[tuple[Scope, Any], ...] = (
        ("cluster", rds.db_cluster_parameter_groups.get(names[0])),
        ("instance", rds.db_parameter_groups.get(names[1])),
    )
    found = [
        Parameter(
            scope,
            str(name),
            str(one["ParameterValue"]),
            one.get("ApplyMethod", "immediate") == "immediate",
        )
        for scope, group in groups
        if group is not None
        for name, one in group.parameters.items()
        if "ParameterValue" in one
    ]
    return Wanted(names, tuple(found))


def upgrade_of(owner: Any) -> int | None:
    upgrade = getattr(owner, "upgrade", None)
    return major(upgrade.engine_version) if upgrade is not None else None


def major(version: str) -> int:
    return int(str(version).split(".", maxsplit=1)[0])
