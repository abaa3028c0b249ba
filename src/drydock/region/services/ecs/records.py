"""Tasks and services as ECS shows them: the desired state, and the state that controllers observed.

moto 5.2.5 starts a task as RUNNING, moves it along when it is described, and gives it a network
interface with a random address; a service's counts are the desired ones. Here a record changes only
when a request or a controller changes it. Attribute names are the API's in snake_case
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html, API_Service.html).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from drydock.region.services.ecs.connect import Connect
from drydock.region.services.ecs.revisions import ServiceDeployment, ServiceRevision

Json = dict[str, Any]
Tags = list[dict[str, str]]
AGENT = "ExecuteCommandAgent"
"""The managed agent that lets ExecuteCommand in."""


@dataclass(eq=False)
class Container:
    """One container of a task."""

    container_arn: str
    task_arn: str
    name: str
    image: str
    last_status: str = "PENDING"
    """PENDING, RUNNING, STOPPED."""
    health_status: str = "UNKNOWN"
    """UNKNOWN, HEALTHY, UNHEALTHY."""
    cpu: str = "0"
    memory: str | None = None
    memory_reservation: str | None = None
    exit_code: int | None = None
    reason: str | None = None
    runtime_id: str | None = None
    image_digest: str | None = None
    network_interfaces: list[Json] = field(default_factory=list)
    """[{"attachmentId", "privateIpv4Address"}], once the address is known."""
    network_bindings: list[Json] = field(default_factory=list)
    managed_agents: list[Json] | None = None
    """[{"name", "lastStatus", "lastStartedAt", "reason"}], where ExecuteCommand is enabled."""


@dataclass(eq=False)
class Attachment:
    """The network interface of a task, as the task shows it."""

    id: str
    type: str = "ElasticNetworkInterface"
    status: str = "PRECREATED"
    """PRECREATED, CREATED, ATTACHING, ATTACHED, DETACHING, DETACHED, DELETED, FAILED."""
    details: list[dict[str, str]] = field(default_factory=list)

    def detail(self, name: str) -> str | None:
        """Return the value of a detail: "subnetId", "networkInterfaceId", "privateIPv4Address"…"""
        return next((item["value"] for item in self.details if item["name"] == name), None)


@dataclass(frozen=True)
class LaunchVolume:
    """A volume that is made for a task when it starts."""

    name: str
    attachment_id: str
    settings: Json
    """API_TaskManagedEBSVolumeConfiguration.html."""
    tags: tuple[dict[str, str], ...]
    keep: bool
    """It stays when the task ends."""


@dataclass(eq=False)
class Task:
    """One task. `network_configuration` and `service_name` are ours; the API does not show them."""

    id: str
    task_arn: str
    cluster_arn: str
    cluster_name: str
    task_definition_arn: str
    group: str
    cpu: str | None
    memory: str | None
    containers: list[Container]
    attachments: list[Attachment]
    overrides: Json
    network_configuration: Json | None
    """{"awsvpcConfiguration": {"subnets", "securityGroups", "assignPublicIp"}}."""
    service_name: str | None = None
    launch_type: str | None = None
    capacity_provider_name: str | None = None
    platform_version: str | None = None
    platform_family: str | None = None
    started_by: str | None = None
    tags: Tags = field(default_factory=list)
    enable_execute_command: bool = False
    availability_zone: str | None = None
    container_instance_arn: str | None = None
    ephemeral_storage: Json | None = None
    desired_status: str = "RUNNING"
    """RUNNING or STOPPED; what is wanted."""
    last_status: str = "PROVISIONING"
    """PROVISIONING, PENDING, ACTIVATING, RUNNING, DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED."""
    health_status: str = "UNKNOWN"
    connectivity: str | None = None
    """CONNECTED or DISCONNECTED."""
    connectivity_at: datetime | None = None
    created_at: datetime = field(default_factory=utcnow)
    pull_started_at: datetime | None = None
    pull_stopped_at: datetime | None = None
    started_at: datetime | None = None
    stopping_at: datetime | None = None
    execution_stopped_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_code: str | None = None
    """TaskFailedToStart, EssentialContainerExited, UserInitiated, ServiceSchedulerInitiated…"""
    stopped_reason: str | None = None
    version: int = 1
    attributes: list[Json] = field(default_factory=list)
    inference_accelerators: list[Json] = field(default_factory=list)
    registered_in: list[tuple[str, int]] = field(default_factory=list)
    """ECS's registrations of it, by target group ARN and port; other clients' are left out."""
    proven_at: datetime | None = None
    """When its service first saw it healthy."""
    failed_health: bool = False
    """Whether its service stopped it because it was unhealthy."""
    failure_told: bool = False
    """Whether its service has an event about its failed start."""
    connect: Connect | None = None
    """Its deployment's Service Connect data; the API does not show it."""
    volumes: tuple[LaunchVolume, ...] = ()
    protected_until: datetime | None = None
    """Until then neither scaling in nor a deployment stops it."""

    @property
    def protected(self) -> bool:
        return self.protected_until is not None and self.protected_until > utcnow()

    @property
    def eni_id(self) -> str | None:
        """The network interface, once `create_task_eni` has made it."""
        return next((a.detail("networkInterfaceId") for a in self.attachments), None)

    @property
    def address(self) -> str | None:
        """The private IPv4 address, once there is an interface."""
        return next((a.detail("privateIPv4Address") for a in self.attachments), None)


@dataclass(eq=False)
class Deployment:
    """One deployment of a service. A controller sets the counts and the rollout state."""

    id: str
    task_definition: str
    desired_count: int
    network_configuration: Json | None
    launch_type: str | None = None
    capacity_provider_strategy: list[Json] = field(default_factory=list)
    platform_version: str | None = None
    platform_family: str | None = None
    status: str = "PRIMARY"
    """PRIMARY, ACTIVE (an older one that still has tasks)."""
    pending_count: int = 0
    running_count: int = 0
    failed_tasks: int = 0
    rollout_state: str = "IN_PROGRESS"
    """IN_PROGRESS, COMPLETED, FAILED."""
    rollout_state_reason: str = ""
    load_balancers: list[Json] = field(default_factory=list)
    """The service's target groups when it began; the API does not show them."""
    service_registries: list[Json] = field(default_factory=list)
    """The service's registries when it began; the API does not show them."""
    service_connect_configuration: Json | None = None
    service_connect_resources: list[Json] | None = None
    """[{"discoveryName", "discoveryArn"}]"""
    connect: Connect | None = None
    """Its tasks' Service Connect data; the API does not show it."""
    volume_configurations: list[Json] | None = None
    impaired: bool = False
    """Starts are delayed because they keep failing, and an event says so."""
    created_at: datetime = field(default_factory=utcnow)
    updated_at: datetime = field(default_factory=utcnow)


@dataclass(eq=False)
class Service:
    """One service. A controller sets `running_count`, `pending_count` and `events`."""

    name: str
    arn: str
    cluster_name: str
    cluster_arn: str
    region_name: str
    task_definition: str | None
    desired_count: int
    status: str = "ACTIVE"
    """ACTIVE, DRAINING (deleted, has tasks still), INACTIVE."""
    running_count: int = 0
    pending_count: int = 0
    deployments: list[Deployment] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    """Newest first: {"id", "createdAt", "message"}."""
    load_balancers: list[Json] = field(default_factory=list)
    service_registries: list[Json] = field(default_factory=list)
    network_configuration: Json | None = None
    launch_type: str | None = None
    capacity_provider_strategy: list[Json] = field(default_factory=list)
    platform_version: str | None = None
    platform_family: str | None = None
    scheduling_strategy: str = "REPLICA"
    deployment_controller: Json = field(default_factory=lambda: {"type": "ECS"})
    deployment_configuration: Json = field(default_factory=dict)
    health_check_grace_period_seconds: int | None = None
    availability_zone_rebalancing: str = "DISABLED"
    enable_ecs_managed_tags: bool = False
    propagate_tags: str = "NONE"
    enable_execute_command: bool = False
    placement_constraints: list[Json] = field(default_factory=list)
    placement_strategy: list[Json] = field(default_factory=list)
    service_connect_configuration: Json | None = None
    discovery_services: tuple[str, ...] = ()
    """ARNs of the Cloud Map services that were made for Service Connect."""
    volume_configurations: list[Json] = field(default_factory=list)
    vpc_lattice_configurations: list[Json] = field(default_factory=list)
    role_arn: str | None = None
    created_by: str | None = None
    created_at: datetime = field(default_factory=utcnow)
    tags: Tags = field(default_factory=list)
    task_sets: list[Any] = field(default_factory=list)
    client_token: str | None = None
    revisions: list[ServiceRevision] = field(default_factory=list)
    """Newest first."""
    service_deployments: list[ServiceDeployment] = field(default_factory=list)
    """Newest first."""
    steady: bool = False
    """Nothing is left to do, and an event says so."""

    @property
    def physical_resource_id(self) -> str:
        return self.arn

    @property
    def primary(self) -> Deployment:
        """The PRIMARY deployment."""
        return next(one for one in self.deployments if one.status == "PRIMARY")

    @property
    def under_way(self) -> ServiceDeployment | None:
        """The service deployment that is not over."""
        return next((one for one in self.service_deployments if one.open), None)

    @property
    def last_completed(self) -> ServiceRevision | None:
        """The revision that was deployed last, by a deployment or by a rollback."""
        over = [one for one in self.service_deployments if one.deployed and one.finished_at]
        newest = max(over, key=lambda one: one.finished_at or one.created_at, default=None)
        wanted = newest.deployed if newest else None
        return next((one for one in self.revisions if one.arn == wanted), None)

    @property
    def current_service_deployment(self) -> str | None:
        """The ARN of the service deployment that is under way."""
        return self.under_way.arn if self.under_way else None

    @property
    def current_service_revisions(self) -> list[Json]:
        """The revisions that have tasks, or are to have some, with their counts."""
        ids = {one.id: one for one in self.deployments}
        return [
            {
                "arn": one.arn,
                "requestedTaskCount": ids[one.deployment_id].desired_count,
                "runningTaskCount": ids[one.deployment_id].running_count,
                "pendingTaskCount": ids[one.deployment_id].pending_count,
            }
            for one in self.revisions
            if one.deployment_id in ids
        ]

    def add_event(self, message: str) -> None:
        """Put `message` first in the events; ECS keeps the newest hundred."""
        event = {"id": str(mock_random.uuid4()), "createdAt": utcnow(), "message": message}
        self.events = [event, *self.events][:100]
