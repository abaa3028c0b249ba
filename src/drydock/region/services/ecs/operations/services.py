"""Operations on services: CreateService, UpdateService, DeleteService and others; records only.

moto 5.2.5: CreateService forgets `enableExecuteCommand`, `healthCheckGracePeriodSeconds`,
`availabilityZoneRebalancing`, the capacity provider strategy and the deployment configuration;
UpdateService sets `runningCount` to the desired count and keeps the old deployment; DeleteService
goes to INACTIVE at once; ListServices matches clusters by part of their name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.core.utils import utcnow
from moto.ecs.exceptions import ECSException, InvalidParameterException, ServiceNotFoundException
from moto.ecs.models import Cluster, TaskDefinition
from moto.elbv2.models import elbv2_backends

from drydock.region.services.ecs.operations import checks, features, service_connect, volumes
from drydock.region.services.ecs.operations.deployments import DeploymentOperations
from drydock.region.services.ecs.records import Service

Json = dict[str, Any]

_PLAIN = {
    "serviceRegistries": "service_registries",
    "loadBalancers": "load_balancers",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    "availabilityZoneRebalancing": "availability_zone_rebalancing",
    "enableECSManagedTags": "enable_ecs_managed_tags",
    "enableExecuteCommand": "enable_execute_command",
    "propagateTags": "propagate_tags",
    "placementConstraints": "placement_constraints",
    "placementStrategy": "placement_strategy",
    "serviceConnectConfiguration": "service_connect_configuration",
    "volumeConfigurations": "volume_configurations",
    "vpcLatticeConfigurations": "vpc_lattice_configurations",
    "platformVersion": "platform_version",
    "capacityProviderStrategy": "capacity_provider_strategy",
}
"""Parameters that CreateService and UpdateService keep as they are given."""

_REDEPLOYING = (
    "platform_version",
    "capacity_provider_strategy",
    "network_configuration",
    "load_balancers",
    "service_registries",
    "service_connect_configuration",
    "volume_configurations",
    "task_definition",
)
"""Settings that start a new deployment when they change (API_UpdateService.html)."""


class ServiceOperations(DeploymentOperations):
    """The services' part of the ECS backend."""

    services: dict[str, Service]
    """By "cluster name:service name"."""

    def create_service_from(self, params: Mapping[str, Any]) -> Service:
        """Run CreateService
        (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html).
        """
        cluster = self._get_cluster(params.get("cluster") or "default")
        name = params["serviceName"]
        key = f"{cluster.name}:{name}"
        before = self.services.get(key)
        if before is not None and before.status == "DRAINING":
            raise InvalidParameterException("Unable to Start a service that is still Draining.")
        if before is not None and before.status == "ACTIVE":
            raise InvalidParameterException("Creation of service was not idempotent.")
        if not params.get("taskDefinition"):
            raise InvalidParameterException("TaskDefinition can not be blank.")
        definition = checks.usable(self._task_definition(params["taskDefinition"]))
        checks.enterable(definition, params.get("enableExecuteCommand"), "created")
        service = self._new_service(cluster, name, definition, params)
        self.services[key] = service
        return service

    def _new_service(
        self, cluster: Cluster, name: str, definition: TaskDefinition, params: Mapping[str, Any]
    ) -> Service:
        strategy = params.get("capacityProviderStrategy") or (
            None if params.get("launchType") else cluster.default_capacity_provider_strategy
        )
        kind, _ = checks.launch(definition, params.get("launchType"), strategy)
        configuration = checks.network(self.ec2, definition, params.get("networkConfiguration"))
        self._check_load_balancers(definition, params)
        features.check(params, self.cloud_map, definition)
        arn = f"arn:{self.partition}:ecs:{self.region_name}:{self.account_id}:service/{cluster.name}/{name}"
        connect = self._connect(params, arn, cluster, definition)
        volumes.check(params.get("volumeConfigurations") or [], definition)
        service = Service(
            name=name,
            arn=arn,
            cluster_name=cluster.name,
            cluster_arn=cluster.arn,
            region_name=self.region_name,
            task_definition=definition.arn,
            desired_count=int(params.get("desiredCount") or 0),
            network_configuration=configuration,
            launch_type=None if strategy else kind,
            scheduling_strategy=params.get("schedulingStrategy") or "REPLICA",
            deployment_controller=params.get("deploymentController") or {"type": "ECS"},
            role_arn=params.get("role") or self._service_role(params),
            created_by=f"arn:{self.partition}:iam::{self.account_id}:root",
            tags=list(params.get("tags") or []),
            client_token=params.get("clientToken"),
        )
        _keep(service, {**params, "serviceConnectConfiguration": connect})
        service.capacity_provider_strategy = list(strategy or [])
        service.deployment_configuration = _deployment_configuration({}, params)
        if kind == "FARGATE":
            service.platform_version = service.platform_version or "LATEST"
            service.platform_family = "Linux"
        if service.load_balancers and service.health_check_grace_period_seconds is None:
            service.health_check_grace_period_seconds = 0
        self.begin_deployment(service)
        return service

    def _check_load_balancers(self, definition: TaskDefinition, params: Mapping[str, Any]) -> None:
        wanted = params.get("loadBalancers") or []
        checks.load_balancers(elbv2_backends[self.account_id][self.region_name], definition, wanted)
        if params.get("healthCheckGracePeriodSeconds") is not None and not wanted:
            raise InvalidParameterException(
                "Health check grace period is only valid for services configured to use load balancers"
            )

    def _connect(
        self, params: Mapping[str, Any], arn: str, cluster: Cluster, definition: TaskDefinition
    ) -> Json | None:
        """Return the checked Service Connect configuration with its namespace; None: none is given."""
        given = params.get("serviceConnectConfiguration")
        if given is None:
            return None
        default, others = cluster.service_connect_defaults, self.services.values()
        return service_connect.check(given, arn, default, definition, self.cloud_map, others)

    def _service_role(self, params: Mapping[str, Any]) -> str | None:
        if not params.get("loadBalancers"):
            return None
        return (
            f"arn:{self.partition}:iam::{self.account_id}:role/aws-service-role/"
            "ecs.amazonaws.com/AWSServiceRoleForECS"
        )

    def update_service_from(self, params: Mapping[str, Any]) -> Service:
        """Run UpdateService
        (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html).
        """
        service = self._get_service(params.get("cluster") or "default", params["service"])
        if service.status != "ACTIVE":
            raise ECSException("ServiceNotActiveException", "Service was not ACTIVE.")
        name = params.get("taskDefinition") or service.task_definition
        definition = self._task_definition(str(name))
        if params.get("taskDefinition"):
            checks.usable(definition)
        entered = params.get("enableExecuteCommand", service.enable_execute_command)
        checks.enterable(definition, entered, "updated")
        before = {key: getattr(service, key) for key in _REDEPLOYING}
        connection = {
            "serviceConnectConfiguration": service.service_connect_configuration,
            **params,
        }
        cluster = self._get_cluster(service.cluster_name)
        connect = self._connect(connection, service.arn, cluster, definition)
        launched = params.get("volumeConfigurations")
        volumes.check(service.volume_configurations if launched is None else launched, definition)
        if params.get("networkConfiguration"):
            service.network_configuration = checks.network(
                self.ec2, definition, params["networkConfiguration"]
            )
        if params.get("loadBalancers"):
            self._check_load_balancers(definition, params)
        features.check(params, self.cloud_map, definition)
        service.task_definition = definition.arn
        _keep(service, {**params, "serviceConnectConfiguration": connect})
        if params.get("capacityProviderStrategy"):
            service.launch_type = None
        service.deployment_configuration = _deployment_configuration(
            service.deployment_configuration, params
        )
        if params.get("desiredCount") is not None:
            service.desired_count = int(params["desiredCount"])
        after = {key: getattr(service, key) for key in _REDEPLOYING}
        if before != after or params.get("forceNewDeployment"):
            self.begin_deployment(service)
        else:
            service.primary.desired_count = service.desired_count
            service.primary.updated_at = utcnow()
        return service

    def delete_service(self, cluster_name: str, service_name: str, force: bool) -> Service:  # type: ignore[override]
        """Run DeleteService: DRAINING with no tasks wanted; the controller sets INACTIVE when none
        is left.
        """
        service = self._get_service(cluster_name, service_name)
        if service.status == "INACTIVE":
            raise ServiceNotFoundException
        if service.desired_count > 0 and not force:
            raise InvalidParameterException(
                "The service cannot be stopped while it is scaled above 0."
            )
        service.status = "DRAINING"
        service.desired_count = 0
        if service.under_way is not None:
            service.under_way.move(
                "STOPPED", "Service deployment was stopped: its service is deleted."
            )
        for deployment in service.deployments:
            deployment.desired_count = 0
            deployment.updated_at = utcnow()
        return service

    def purge_service(self, service: Service) -> None:
        """Forget an INACTIVE service."""
        self.services.pop(f"{service.cluster_name}:{service.name}", None)

    def list_services(
        self,
        cluster_str: str,
        scheduling_strategy: Any = None,
        launch_type: str | None = None,
    ) -> list[str]:
        """Run ListServices: the ARNs of services that are ACTIVE or DRAINING."""
        cluster = self._get_cluster(cluster_str)
        return sorted(
            service.arn
            for service in self.services.values()
            if service.cluster_name == cluster.name
            and service.status != "INACTIVE"
            and scheduling_strategy in (None, service.scheduling_strategy)
            and launch_type in (None, service.launch_type)
        )

    def _get_service(self, cluster_str: str, service_str: str) -> Service:  # type: ignore[override]
        cluster = self._get_cluster(cluster_str)
        service = self.services.get(f"{cluster.name}:{service_str.rsplit('/', maxsplit=1)[-1]}")
        if service is None:
            raise ServiceNotFoundException
        return service


def _keep(service: Service, params: Mapping[str, Any]) -> None:
    for parameter, attribute in _PLAIN.items():
        if params.get(parameter) is not None:
            setattr(service, attribute, params[parameter])


def _deployment_configuration(before: Json, params: Mapping[str, Any]) -> Json:
    """Merge the given configuration over the former one over ECS's defaults for a rolling update."""
    given = params.get("deploymentConfiguration") or {}
    defaults: Json = {"maximumPercent": 200, "minimumHealthyPercent": 100}
    if (params.get("deploymentController") or {}).get("type", "ECS") == "ECS":
        defaults["deploymentCircuitBreaker"] = {"enable": False, "rollback": False}
        defaults["strategy"] = "ROLLING"
        defaults["bakeTimeInMinutes"] = 0
    return {**defaults, **before, **given}
