"""RunTask, StartTask, StopTask, DescribeTasks, ListTasks: records only.

moto 5.2.5: RunTask answers 500 for a task definition with memory on the task alone, tasks advance
when they are described, ListTasks ignores `serviceName` and matches clusters by part of their name,
StopTask answers 500 for an unknown task.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ecs.exceptions import EcsClientException, ECSException, InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, TaskDefinition
from moto.moto_api._internal import mock_random

from drydock.region.services.ecs.operations import checks, sizes, volumes
from drydock.region.services.ecs.records import Attachment, Container, Deployment, Service, Task

if TYPE_CHECKING:
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface

    from drydock.region.services.ec2 import Ec2Backend

Json = dict[str, Any]
FARGATE_VERSION = "1.4.0"
"""The platform version LATEST of Linux tasks."""


class TaskOperations(EC2ContainerServiceBackend):
    """The tasks' part of the ECS backend."""

    tasks: dict[str, dict[str, Task]]  # type: ignore[assignment]
    """By cluster name, then by task ARN."""

    @property
    def ec2(self) -> Ec2Backend:
        backend: Any = ec2_backends[self.account_id][self.region_name]
        return backend  # type: ignore[no-any-return]

    def run_task_from(self, params: Mapping[str, Any]) -> list[Task]:
        """Run RunTask (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html)."""
        cluster = self._get_cluster(params.get("cluster") or "default")
        definition = checks.usable(self._task_definition(params["taskDefinition"]))
        strategy = params.get("capacityProviderStrategy")
        if not strategy and not params.get("launchType"):
            strategy = cluster.default_capacity_provider_strategy
        kind, provider = checks.launch(definition, params.get("launchType"), strategy)
        configuration = checks.network(self.ec2, definition, params.get("networkConfiguration"))
        count = int(params.get("count") or 1)
        if not 1 <= count <= 10:
            raise InvalidParameterException("Count must be between 1 and 10.")
        if kind != "FARGATE":
            raise InvalidParameterException("No Container Instances were found in your cluster.")
        overrides = checks.overrides(definition, params.get("overrides"))
        size = {"cpu": definition.cpu, "memory": definition.memory}
        if given := {key: overrides[key] for key in size if overrides.get(key)}:
            size |= given
            plain = sizes.fargate(str(size["cpu"]), str(size["memory"]))
            found = dict(zip(size, plain, strict=True))
            overrides |= {key: found[key] for key in given}
        tags = list(params.get("tags") or [])
        if params.get("propagateTags") == "TASK_DEFINITION":
            tags = _merged(definition.tags, tags)
        launched = params.get("volumeConfigurations") or []
        volumes.check(launched, definition)
        made = [
            self._new_task(
                definition,
                cluster_name=cluster.name,
                cluster_arn=cluster.arn,
                group=params.get("group") or f"family:{definition.family}",
                overrides=overrides,
                network_configuration=configuration,
                launch_type=kind,
                capacity_provider_name=provider,
                platform_version=params.get("platformVersion"),
                started_by=params.get("startedBy"),
                enable_execute_command=bool(params.get("enableExecuteCommand")),
                tags=tags,
            )
            for _ in range(count)
        ]
        for task in made:
            volumes.plan(task, launched, {"TASK_DEFINITION": definition.tags})
        return made

    def create_service_task(self, service: Service, deployment: Deployment) -> Task:
        """Make a PROVISIONING task of `deployment`, for the service's controller."""
        definition = self.describe_task_definition(deployment.task_definition)
        tags: list[dict[str, str]] = []
        if service.propagate_tags == "SERVICE":
            tags = list(service.tags)
        elif service.propagate_tags == "TASK_DEFINITION":
            tags = list(definition.tags)
        if service.enable_ecs_managed_tags:
            managed = {
                "aws:ecs:clusterName": service.cluster_name,
                "aws:ecs:serviceName": service.name,
            }
            tags = _merged(tags, [{"key": key, "value": value} for key, value in managed.items()])
        strategy = deployment.capacity_provider_strategy
        task = self._new_task(
            definition,
            cluster_name=service.cluster_name,
            cluster_arn=service.cluster_arn,
            group=f"service:{service.name}",
            service_name=service.name,
            overrides=checks.overrides(definition, None),
            network_configuration=deployment.network_configuration,
            launch_type=deployment.launch_type or "FARGATE",
            capacity_provider_name=strategy[0]["capacityProvider"] if strategy else None,
            platform_version=deployment.platform_version,
            started_by=deployment.id,
            enable_execute_command=service.enable_execute_command,
            tags=tags,
        )
        if (connect := deployment.connect) is not None:
            task.connect = connect
            task.attachments += [_connection(one) for one in connect.attachments]
        known = {"SERVICE": service.tags, "TASK_DEFINITION": definition.tags}
        volumes.plan(task, deployment.volume_configurations or [], known)
        return task

    def _new_task(self, definition: TaskDefinition, *, overrides: Json, **fields: Any) -> Task:
        identity = mock_random.uuid4().hex
        arn = f"arn:{self.partition}:ecs:{self.region_name}:{self.account_id}"
        task_arn = f"{arn}:task/{fields['cluster_name']}/{identity}"
        family = (definition.runtime_platform or {}).get("operatingSystemFamily", "LINUX")
        if fields["platform_version"] in {None, "", "LATEST"}:
            fields["platform_version"] = FARGATE_VERSION
        configuration = fields["network_configuration"]
        attachments = [Attachment(id=str(mock_random.uuid4()))] if configuration else []
        task = Task(
            id=identity,
            task_arn=task_arn,
            task_definition_arn=definition.arn,
            cpu=overrides.get("cpu") or definition.cpu,
            memory=overrides.get("memory") or definition.memory,
            containers=[
                _container(container, task_arn, arn, fields["cluster_name"], identity)
                for container in definition.container_definitions
            ],
            attachments=attachments,
            overrides=overrides,
            platform_family={"LINUX": "Linux"}.get(family, family),
            ephemeral_storage=overrides.get("ephemeralStorage")
            or definition.ephemeral_storage
            or {"sizeInGiB": 20},
            attributes=[{"name": "ecs.cpu-architecture", "value": _architecture(definition)}],
            **fields,
        )
        self.tasks.setdefault(task.cluster_name, {})[task_arn] = task
        return task

    def create_task_eni(self, task: Task, subnet_id: str) -> NetworkInterface:
        """Make the network interface of `task` in `subnet_id`, one of its configuration's subnets.

        Written into the task's attachment (ATTACHING) and containers too; idempotent. The
        controller sets `attachments[0].status` to ATTACHED once it really exists.
        """
        ec2 = self.ec2
        if task.eni_id is not None and task.eni_id in ec2.enis:
            return ec2.enis[task.eni_id]
        if task.network_configuration is None:
            raise InvalidParameterException(f"{task.task_arn} has no network configuration.")
        wanted = task.network_configuration["awsvpcConfiguration"]
        attachment = task.attachments[0]
        eni = ec2.create_managed_eni(
            subnet_id,
            group_ids=checks.groups_of(ec2, wanted),
            description=f"arn:{self.partition}:ecs:{self.region_name}:{self.account_id}:attachment/{attachment.id}",
            requester="ecs",
            public_ip=wanted["assignPublicIp"] == "ENABLED",
        )
        details = {
            "subnetId": subnet_id,
            "networkInterfaceId": eni.id,
            "macAddress": eni.mac_address,
            "privateDnsName": eni.private_dns_name,
            "privateIPv4Address": str(eni.private_ip_address),
        }
        attachment.details = [{"name": name, "value": value} for name, value in details.items()]
        attachment.status = "ATTACHING"
        task.availability_zone = eni.availability_zone
        for container in task.containers:
            container.network_interfaces = [
                {"attachmentId": attachment.id, "privateIpv4Address": eni.private_ip_address}
            ]
        return eni

    def create_task_volumes(self, task: Task) -> None:
        """Make a task's EBS volumes, in its interface's zone; idempotent. Raises EC2ClientError."""
        volumes.create(self.ec2, task)

    def delete_task_volumes(self, task: Task) -> None:
        """Delete a task's volumes that are not kept; idempotent. Nothing of the task may run."""
        volumes.release(self.ec2, task)

    def delete_task_eni(self, task: Task) -> None:
        """Delete the interface and mark the attachment DELETED. Idempotent."""
        eni_id = task.eni_id
        if eni_id is not None:
            self.ec2.delete_managed_eni(eni_id)
        for attachment in task.attachments:
            attachment.status = "DELETED"

    def purge_task(self, task: Task) -> None:
        """Forget a stopped task; ECS shows one for about an hour."""
        self.tasks.get(task.cluster_name, {}).pop(task.task_arn, None)

    def find_task(self, cluster: str, task: str) -> Task | None:
        """Find a task by ARN or id, in one cluster (its name or ARN)."""
        identity = task.rsplit("/", maxsplit=1)[-1]
        tasks = self.tasks.get(cluster.rsplit("/", maxsplit=1)[-1], {})
        return next((one for one in tasks.values() if one.id == identity), None)

    def tasks_of(self, service: Service) -> list[Task]:
        """Return every task record of a service, stopped ones too."""
        tasks = self.tasks.get(service.cluster_name, {}).values()
        return [one for one in tasks if one.service_name == service.name]

    def describe_tasks_and_failures(
        self, cluster: str, wanted: list[str]
    ) -> tuple[list[Task], list[Json]]:
        """Run DescribeTasks; a task that does not exist is a failure with reason MISSING."""
        if not wanted:
            raise InvalidParameterException("Tasks cannot be empty.")
        owner = self._get_cluster(cluster)
        found, failures = [], []
        for name in wanted:
            task = self.find_task(owner.name, name)
            if task is not None:
                found.append(task)
                continue
            arn = (
                f"arn:{self.partition}:ecs:{self.region_name}:{self.account_id}:task/{owner.name}/"
            )
            failures.append({"arn": arn + name.split("/")[-1], "reason": "MISSING"})
        return found, failures

    def list_tasks(  # type: ignore[override]
        self,
        cluster_str: str | None = None,
        container_instance: str | None = None,
        family: str | None = None,
        started_by: str | None = None,
        service_name: str | None = None,
        desiredStatus: str | None = None,  # noqa: N803  (moto's name)
        launch_type: str | None = None,
    ) -> list[Task]:
        """Run ListTasks; without a cluster return every task, as moto's other code expects."""
        if cluster_str:
            tasks = list(self.tasks.get(self._get_cluster(cluster_str).name, {}).values())
            if service_name:
                self._get_service(cluster_str, service_name)
        else:
            tasks = [task for ours in self.tasks.values() for task in ours.values()]
        name = service_name.split("/")[-1] if service_name else None

        def wanted(task: Task) -> bool:
            return (
                (not container_instance or task.container_instance_arn == container_instance)
                and (not family or _family(task) == family)
                and (not started_by or task.started_by == started_by)
                and (not name or task.service_name == name)
                and (not desiredStatus or task.desired_status == desiredStatus)
                and (not launch_type or task.launch_type == launch_type)
            )

        return [task for task in tasks if wanted(task)]

    def stop_task(self, cluster_str: str, task_str: str, reason: str | None) -> Task:  # type: ignore[override]
        """Run StopTask: set the desired status to STOPPED; the controller stops the task."""
        task = self.find_task(self._get_cluster(cluster_str).name, task_str)
        if task is None:
            raise InvalidParameterException("The referenced task was not found.")
        if task.desired_status != "STOPPED":
            task.desired_status = "STOPPED"
            task.stop_code = "UserInitiated"
            task.stopped_reason = reason or "Task stopped by user"
            task.stopping_at = utcnow()
            task.version += 1
        return task

    def _task_definition(self, name: str) -> TaskDefinition:
        try:
            return self.describe_task_definition(name)
        except ECSException as error:
            raise EcsClientException("TaskDefinition not found.") from error


def _connection(details: Iterable[tuple[str, str]]) -> Attachment:
    shown = [{"name": name, "value": value} for name, value in details]
    return Attachment(id=str(mock_random.uuid4()), type="Service Connect", details=shown)


def _container(definition: Json, task_arn: str, arn: str, cluster: str, task_id: str) -> Container:
    def text(key: str) -> str | None:
        return str(definition[key]) if definition.get(key) is not None else None

    return Container(
        container_arn=f"{arn}:container/{cluster}/{task_id}/{mock_random.uuid4()}",
        task_arn=task_arn,
        name=definition["name"],
        image=definition["image"],
        cpu=text("cpu") or "0",
        memory=text("memory"),
        memory_reservation=text("memoryReservation"),
    )


def _architecture(definition: TaskDefinition) -> str:
    wanted = (definition.runtime_platform or {}).get("cpuArchitecture", "X86_64")
    return {"X86_64": "x86_64", "ARM64": "arm64"}.get(wanted, wanted)


def _family(task: Task) -> str:
    return task.task_definition_arn.split("/")[-1].split(":")[0]


def _merged(old: list[dict[str, str]], new: list[dict[str, str]]) -> list[dict[str, str]]:
    by_key = {tag["key"]: tag for tag in [*old, *new]}
    return list(by_key.values())
