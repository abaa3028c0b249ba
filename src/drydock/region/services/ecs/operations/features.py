"""Refuse the options of ECS services that the local region does not support."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import TaskDefinition

if TYPE_CHECKING:
    from drydock.region.services.servicediscovery import CloudMapBackend

Json = dict[str, Any]


def check(
    params: Mapping[str, Any], cloud_map: CloudMapBackend, definition: TaskDefinition
) -> None:
    """Check a request of CreateService or UpdateService. Raises InvalidParameterException."""
    if missing := _missing(params):
        raise InvalidParameterException(f"The local region has no {missing}.")
    if params.get("schedulingStrategy") == "DAEMON":
        raise InvalidParameterException(
            "The daemon scheduling strategy is not supported for AWS Fargate tasks."
        )
    registries = params.get("serviceRegistries") or []
    if len(registries) > 1:
        raise InvalidParameterException("service registries can have at most 1 items.")
    for registry in registries:
        _check_registry(registry, cloud_map, definition)


def _missing(params: Mapping[str, Any]) -> str:
    kind = (params.get("deploymentController") or {}).get("type") or "ECS"
    if kind != "ECS":
        return f"deployment controller {kind}: use ECS, the rolling update"
    configuration = params.get("deploymentConfiguration") or {}
    strategy = configuration.get("strategy") or "ROLLING"
    if strategy != "ROLLING":
        return f"deployment strategy {strategy}: use ROLLING"
    if configuration.get("lifecycleHooks"):
        return "lifecycle hooks of deployments"
    if params.get("vpcLatticeConfigurations"):
        return "VPC Lattice"
    return ""


def _check_registry(registry: Json, cloud_map: CloudMapBackend, definition: TaskDefinition) -> None:
    """Check a service registry,
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRegistry.html
    """
    arn = str(registry.get("registryArn"))
    found = cloud_map.services.get(arn.rsplit("/", maxsplit=1)[-1])
    if found is None or found.arn != arn:
        raise InvalidParameterException(f"The service registry {arn} does not exist.")
    records = (found.dns_config or {}).get("DnsRecords") or ()
    name, port = registry.get("containerName"), registry.get("containerPort")
    if port is not None:
        definitions: list[Json] = definition.container_definitions
        containers = {one["name"]: one for one in definitions}
        ports = [
            one.get("containerPort") for one in containers.get(name, {}).get("portMappings", [])
        ]
        if port not in ports:
            raise InvalidParameterException(
                f"The container {name} did not have a container port {port} defined."
            )
    if any(one["Type"] == "SRV" for one in records) and not (port or registry.get("port")):
        raise InvalidParameterException(
            "When specifying a service registry with SRV records, either port or containerName and "
            "containerPort must be specified."
        )
