"""The ECS backend: clusters and task definitions; tasks and services are in their own modules."""

from __future__ import annotations

from typing import Any

from moto.core.utils import utcnow
from moto.ecs.exceptions import (
    ClusterNotFoundException,
    EcsClientException,
    ECSException,
    TaskDefinitionNotFoundException,
)
from moto.ecs.models import CapacityProviderFailure, Cluster, ClusterFailure, TaskDefinition

from drydock.region.services.ecs.operations import containers, service_connect, sizes
from drydock.region.services.ecs.operations.execute import ExecSession
from drydock.region.services.ecs.operations.services import ServiceOperations
from drydock.region.services.ecs.operations.settings import SettingOperations

Json = dict[str, Any]

_PENDING = frozenset({"PROVISIONING", "PENDING", "ACTIVATING"})


class EcsBackend(ServiceOperations, SettingOperations):
    """The ECS backend of the API; controllers write what they observe into its tasks and services."""

    exec_url: str = ""
    """Where a session of ExecuteCommand is opened; the data plane sets it while it serves there."""

    @property
    def exec_sessions(self) -> dict[str, ExecSession]:
        """The sessions that have not been opened yet, by token."""
        found: dict[str, ExecSession] = self.__dict__.setdefault("_exec_sessions", {})
        return found

    def create_cluster(
        self,
        cluster_name: str,
        tags: Any = None,
        cluster_settings: list[Json] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Cluster:
        """Run CreateCluster; moto 5.2.5 overwrites an existing cluster, ECS returns it."""
        before = self.clusters.get(cluster_name)
        if before is not None and before.status == "ACTIVE":
            return before
        cluster = super().create_cluster(cluster_name, tags, cluster_settings, *args, **kwargs)
        insights = [
            {"name": one["name"], "value": one["value"]}
            for one in self.settings_of(None, "containerInsights", None, effective=True)
        ]
        if not cluster_settings:
            cluster.settings = insights
        given = cluster.service_connect_defaults
        cluster.service_connect_defaults = service_connect.default_namespace(self.cloud_map, given)
        return cluster

    def update_cluster(
        self,
        cluster_name: str,
        cluster_settings: list[Json] | None,
        configuration: Json | None,
        service_connect_defaults: dict[str, str] | None,
    ) -> Cluster:
        """Run UpdateCluster; an empty namespace removes the default one."""
        cluster = super().update_cluster(cluster_name, cluster_settings, configuration, None)
        if service_connect_defaults is not None:
            cluster.service_connect_defaults = service_connect.default_namespace(
                self.cloud_map, service_connect_defaults
            )
        return cluster

    def update_cluster_settings(self, cluster: str, settings: list[Json]) -> Cluster:
        """Run UpdateClusterSettings, which moto 5.2.5 lacks; other settings are kept."""
        found = self._get_cluster(cluster)
        by_name = {one["name"]: one for one in [*found.settings, *settings]}
        found.settings = list(by_name.values())
        return found

    def _get_cluster(self, name: str) -> Cluster:
        cluster = super()._get_cluster(name)
        if cluster.status == "INACTIVE":
            error = ClusterNotFoundException()
            error.message = "The referenced cluster was inactive."
            raise error
        return cluster

    def list_clusters(self) -> list[str]:
        return [one.arn for one in self.clusters.values() if one.status != "INACTIVE"]

    def describe_clusters(
        self, cluster_names: list[str]
    ) -> tuple[list[Cluster], list[ClusterFailure]]:
        """Run DescribeClusters, with real counts, which moto 5.2.5 lacks."""
        clusters, failures = super().describe_clusters(cluster_names)
        for cluster in clusters:
            self._count(cluster)
        return clusters, failures

    def _count(self, cluster: Cluster) -> None:
        tasks = [task.last_status for task in self.tasks.get(cluster.name, {}).values()]
        cluster.running_tasks_count = tasks.count("RUNNING")
        cluster.pending_tasks_count = sum(status in _PENDING for status in tasks)
        cluster.active_services_count = len(self._services_in(cluster))

    def _services_in(self, cluster: Cluster) -> list[str]:
        return [
            one.name
            for one in self.services.values()
            if one.cluster_name == cluster.name and one.status != "INACTIVE"
        ]

    def delete_cluster(self, cluster_str: str) -> Cluster:
        """Run DeleteCluster; refuse it while there are services or tasks, which moto 5.2.5 does
        not.
        """
        cluster = self._get_cluster(cluster_str)
        if self._services_in(cluster):
            raise ECSException(
                "ClusterContainsServicesException",
                "The Cluster cannot be deleted while Services are active.",
            )
        tasks = self.tasks.get(cluster.name, {}).values()
        if any(task.last_status != "STOPPED" for task in tasks):
            raise ECSException(
                "ClusterContainsTasksException",
                "The Cluster cannot be deleted while Tasks are active.",
            )
        deleted = super().delete_cluster(cluster_str)
        self._count(deleted)
        return deleted

    def describe_capacity_providers(
        self, names: list[str] | None
    ) -> tuple[list[Any], list[CapacityProviderFailure]]:
        """Run DescribeCapacityProviders: Fargate's two as well, and all without names (moto 5.2.5:
        500).
        """
        built_in = [
            {
                "name": name,
                "capacityProviderArn": f"arn:{self.partition}:ecs:{self.region_name}:{self.account_id}:capacity-provider/{name}",
                "status": "ACTIVE",
            }
            for name in ("FARGATE", "FARGATE_SPOT")
        ]
        wanted = None if names is None else [name.split("/")[-1] for name in names]
        found = [one for one in built_in if wanted is None or one["name"] in wanted]
        known = {one["name"] for one in built_in}
        others = list(self.capacity_providers) if wanted is None else wanted
        more, failures = super().describe_capacity_providers(
            [name for name in others if name not in known]
        )
        return [*found, *more], failures

    def describe_task_definition(self, task_definition_str: str) -> TaskDefinition:
        """Return a task definition.

        A family alone means its newest active revision, unlike in moto 5.2.5.
        """
        name = task_definition_str.rsplit("/", maxsplit=1)[-1]
        if ":" in name:
            if not name.split(":")[1].isdigit():
                raise EcsClientException(f"Invalid revision number. Number: {name.split(':')[1]}")
            return super().describe_task_definition(task_definition_str)
        revisions = self.task_definitions.get(name, {})
        active = [number for number, one in revisions.items() if one.status == "ACTIVE"]
        if not active:
            raise TaskDefinitionNotFoundException
        return revisions[max(active)]

    def register_task_definition(self, family: str, *args: Any, **kwargs: Any) -> TaskDefinition:
        """Run RegisterTaskDefinition, with Fargate's rules and the fields that ECS fills in."""
        if (
            kwargs.get("requires_compatibilities")
            and "FARGATE" in kwargs["requires_compatibilities"]
        ):
            _check_fargate(kwargs, args[0] if args else kwargs["container_definitions"])
        memory = kwargs.get("memory")
        containers.check(
            args[0] if args else kwargs["container_definitions"],
            kwargs.get("volumes") or (),
            sizes.memory_mib(memory) if memory else None,
        )
        definition = super().register_task_definition(family, *args, **kwargs)
        definition.registered_at = utcnow()  # type: ignore[attr-defined]
        definition.registered_by = f"arn:{self.partition}:iam::{self.account_id}:root"  # type: ignore[attr-defined]
        mine: list[Json] = definition.container_definitions
        for container in mine:
            container.setdefault("systemControls", [])
            for mapping in container.get("portMappings", []):
                mapping.setdefault("protocol", "tcp")
                if definition.network_mode == "awsvpc":
                    mapping.setdefault("hostPort", mapping.get("containerPort"))
        return definition

    def deregister_task_definition(self, task_definition_str: str) -> TaskDefinition:
        definition = super().deregister_task_definition(task_definition_str)
        definition.deregistered_at = utcnow()  # type: ignore[attr-defined]
        return definition


def _check_fargate(fields: Json, definitions: list[Json]) -> None:
    """Check Fargate's rules; `cpu` and `memory` become CPU units and MiB. Raises ClientException."""
    if fields.get("network_mode") != "awsvpc":
        raise EcsClientException("Fargate only supports network mode 'awsvpc'.")
    for key in ("cpu", "memory"):
        if not fields.get(key):
            raise EcsClientException(f"Fargate requires that '{key}' be defined at the task level.")
    fields["cpu"], fields["memory"] = sizes.fargate(fields["cpu"], fields["memory"])
    drivers = {(one.get("logConfiguration") or {}).get("logDriver") for one in definitions}
    if "awslogs" in drivers and not fields.get("execution_role_arn"):
        raise EcsClientException(
            "Fargate requires task definition to have execution role ARN to support log driver awslogs."
        )
