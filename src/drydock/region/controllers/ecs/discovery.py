"""Which tasks of a service are instances of its Cloud Map service, and whether they are healthy there.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-discovery.html: a task that runs is
registered under its id; container health checks decide whether it is found, target groups do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from drydock.region.api.gaps.ecs import service_connect
from drydock.region.api.gaps.ecs.records import Service, Task
from drydock.region.api.gaps.servicediscovery import CloudMapBackend
from drydock.region.controllers.ecs.definitions import checks_health
from drydock.region.controllers.parts import Parts

_CLUSTER, _SERVICE = "ECS_CLUSTER_NAME", "ECS_SERVICE_NAME"
_INITIAL = "AWS_INIT_HEALTH_STATUS"


class Discovery:
    """Called under the store's lock."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store

    def converge(self, service: Service, tasks: Sequence[Task]) -> bool:
        """Register, judge and deregister tasks → whether anything changed."""
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
        """Take back what was made in Cloud Map for deployments that are over."""
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
    """Those of a task's own deployment, or the service's, if that is forgotten; and Service Connect's."""
    own = next((one for one in service.deployments if one.id == task.started_by), None)
    found = service.service_registries if own is None else own.service_registries
    published = task.connect.published if task.connect is not None else ()
    return [*found, *({"registryArn": arn, "port": port} for arn, port in published)]


def _serves(task: Task) -> bool:
    return task.last_status == "RUNNING" and task.desired_status == "RUNNING" and bool(task.address)


def _id(arn: str) -> str:
    return arn.rsplit("/", maxsplit=1)[-1]


def _instances(cloud_map: CloudMapBackend, service: Service) -> dict[tuple[str, str], str]:
    """What ECS registered for a service: Cloud Map service and instance → its health there."""
    registries: Iterable[Any] = cloud_map.services.values()
    own = {_CLUSTER: service.cluster_name, _SERVICE: service.name}
    return {
        (registry.id, one.instance_id): str(one.health_status)
        for registry in registries
        for one in registry.instances
        if own.items() <= one.attributes.items()
    }
