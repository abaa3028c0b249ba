"""Register the tasks of a service as instances of its Cloud Map service, with their health.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-discovery.html: a task that runs is
registered under its id; container health checks decide whether it is found, target groups do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from drydock.region.services.ecs.controller.definitions import checks_health
from drydock.region.services.ecs.operations import service_connect
from drydock.region.services.ecs.records import Service, Task
from drydock.region.services.kit.parts import Parts
from drydock.region.services.servicediscovery import CloudMapBackend

_CLUSTER, _SERVICE = "ECS_CLUSTER_NAME", "ECS_SERVICE_NAME"
_INITIAL = "AWS_INIT_HEALTH_STATUS"


class Discovery:
    """Keeps a service's Cloud Map instances up to date. Called under the store's lock."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store

    def converge(self, service: Service, tasks: Sequence[Task]) -> bool:
        """Register tasks, update their health and deregister them; return whether anything changed."""
        cloud_map = self._store.backend("servicediscovery")
        if not cloud_map.services:
            return False
        serving = [one for one in tasks if _serves(one)]
        wanted = {
            (_id(registry["registryArn"]), task.id): (registry, task)
            for task in serving
            for registry in _registries(service, task)
            if _id(registry["registryArn"]) in cloud_map.services
        }
        present = _instances(cloud_map, service)
        for place in present.keys() - wanted.keys():
            cloud_map.deregister_instance(*place)
        changed = present.keys() != wanted.keys()
        for place, (registry, task) in wanted.items():
            health = self._health(task)
            if place not in present:
                attributes = self._attributes(service, task, registry)
                cloud_map.register_instance(*place, task.id, {**attributes, _INITIAL: health})
            elif self._is_judged(cloud_map, place[0]) and present[place] != health:
                cloud_map.update_instance_custom_health_status(*place, health)
                changed = True
        if changed:
            self._store.changed("servicediscovery")
        return changed

    def tidy(self, service: Service) -> None:
        """Delete the Cloud Map services of deployments that are over."""
        service_connect.withdraw(service, self._store.backend("servicediscovery"))

    def _is_judged(self, cloud_map: CloudMapBackend, registry: str) -> bool:
        return cloud_map.services[registry].health_check_custom_config is not None

    def _health(self, task: Task) -> str:
        definition = self._store.backend("ecs").describe_task_definition(task.task_definition_arn)
        checked = checks_health(definition.container_definitions)
        return "HEALTHY" if not checked or task.health_status == "HEALTHY" else "UNHEALTHY"

    def _attributes(self, service: Service, task: Task, registry: dict[str, Any]) -> dict[str, str]:
        family = task.task_definition_arn.rsplit("/", 1)[-1].split(":")[0]
        found = {
            "AWS_INSTANCE_IPV4": str(task.address),
            "AVAILABILITY_ZONE": str(task.availability_zone),
            "REGION": service.region_name,
            _CLUSTER: service.cluster_name,
            _SERVICE: service.name,
            "ECS_TASK_DEFINITION_FAMILY": family,
        }
        port = registry.get("containerPort") or registry.get("port")
        return {**found, "AWS_INSTANCE_PORT": str(port)} if port else found


def _registries(service: Service, task: Task) -> list[dict[str, Any]]:
    """Return the registries of a task's deployment, and Service Connect's.

    The service's own registries are used when the deployment is no longer known.
    """
    own = next((one for one in service.deployments if one.id == task.started_by), None)
    found = service.service_registries if own is None else own.service_registries
    published = task.connect.published if task.connect is not None else ()
    return [*found, *({"registryArn": arn, "port": port} for arn, port in published)]


def _serves(task: Task) -> bool:
    return task.last_status == "RUNNING" and task.desired_status == "RUNNING" and bool(task.address)


def _id(arn: str) -> str:
    return arn.rsplit("/", maxsplit=1)[-1]


def _instances(cloud_map: CloudMapBackend, service: Service) -> dict[tuple[str, str], str]:
    """Return the instances that ECS registered for a service: (Cloud Map service, instance) →
    health.
    """
    registries: Iterable[Any] = cloud_map.services.values()
    own = {_CLUSTER: service.cluster_name, _SERVICE: service.name}
    return {
        (registry.id, one.instance_id): str(one.health_status)
        for registry in registries
        for one in registry.instances
        if own.items() <= one.attributes.items()
    }
