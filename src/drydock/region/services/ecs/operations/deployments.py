"""Deployments of a service: begin, complete, fail, roll back; and their history in the API.

moto 5.2.5 has none of ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions
and StopServiceDeployment. Messages are ECS's where its users' reports show them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow
from moto.ecs.exceptions import ECSException, InvalidParameterException
from moto.moto_api._internal import mock_random
from moto.servicediscovery.models import servicediscovery_backends

from drydock.region.services.ecs.operations import service_connect
from drydock.region.services.ecs.operations.describing import deployment_as_shown, revision_as_shown
from drydock.region.services.ecs.operations.tasks import TaskOperations
from drydock.region.services.ecs.records import Deployment, Service
from drydock.region.services.ecs.revisions import CARRIED, ServiceDeployment, ServiceRevision

if TYPE_CHECKING:
    from drydock.region.services.servicediscovery import CloudMapBackend

Json = dict[str, Any]
KEPT = 100
"""Service deployments and revisions that are kept of a service; ECS keeps those of 90 days."""


@dataclass(frozen=True)
class Failure:
    """Why a deployment fails, phrased for each place where ECS reports it."""

    who: str
    event: str
    reason: str


BREAKER = Failure(
    "ECS deployment circuit breaker",
    "tasks failed to start",
    "because the circuit breaker threshold was exceeded",
)
ALARM = Failure(
    "ECS deployment alarms", "alarm detected", "because a CloudWatch alarm is in ALARM state"
)
USER = Failure("ECS deployment", "stopped by the user", "because a user asked for it")
NO_CANDIDATE = "No rollback candidate was found to run the rollback."


class DeploymentOperations(TaskOperations):
    """The deployments' part of the ECS backend."""

    services: dict[str, Service]  # type: ignore[assignment]

    @property
    def cloud_map(self) -> CloudMapBackend:
        backend: Any = servicediscovery_backends[self.account_id][self.region_name]
        return backend  # type: ignore[no-any-return]

    def begin_deployment(self, service: Service) -> None:
        """Add a new PRIMARY deployment; the one before is ACTIVE until it has no tasks."""
        under_way = service.under_way
        if under_way is not None:
            under_way.move("STOPPED", "Service deployment was stopped by a newer one.")
        number = mock_random.randint(10**18, 10**19 - 1)
        revision = ServiceRevision(
            arn=self._arn("service-revision", service, str(number)),
            deployment_id=f"ecs-svc/{number}",
            settings={name: getattr(service, name) for name in CARRIED},
        )
        record = ServiceDeployment(
            arn=self._arn("service-deployment", service, secrets.token_urlsafe(16)[:21]),
            deployment_id=revision.deployment_id,
            target=revision.arn,
            sources=[
                one.arn
                for one in service.revisions
                if one.deployment_id in {other.id for other in service.deployments}
            ],
            configuration=service.deployment_configuration,
        )
        if (service.deployment_configuration.get("deploymentCircuitBreaker") or {}).get("enable"):
            record.breaker_status = "MONITORING"
        if self._alarms_to_watch(service):
            record.alarms_status = "MONITORING"
        service.revisions = [revision, *service.revisions][:KEPT]
        service.service_deployments = [record, *service.service_deployments][:KEPT]
        self._put_first(service, self._new_deployment(service, revision))

    def _new_deployment(self, service: Service, revision: ServiceRevision) -> Deployment:
        """Make a deployment, which knows the Service Connect endpoints that exist now."""
        made = _deployment(service, revision)
        found = service_connect.publish(
            service,
            self.describe_task_definition(made.task_definition),
            self.cloud_map,
            (
                (one, self.describe_task_definition(str(one.task_definition)))
                for one in self.services.values()
                if one.status == "ACTIVE"
            ),
        )
        made.service_connect_configuration = service.service_connect_configuration
        if found is not None:
            made.connect, made.service_connect_resources = found
        return made

    def _alarms_to_watch(self, service: Service) -> bool:
        """Return whether to watch alarms: ECS does not when one is in ALARM as a deployment begins."""
        alarms = service.deployment_configuration.get("alarms") or {}
        return bool(alarms.get("enable")) and not self.alarms_in_alarm(service)

    def alarms_in_alarm(self, service: Service) -> list[str]:
        """Return the names of the service's deployment alarms that are in ALARM."""
        alarms = service.deployment_configuration.get("alarms") or {}
        known: Any = cloudwatch_backends[self.account_id][self.region_name].alarms
        return [
            name
            for name in alarms.get("alarmNames") or []
            if name in known and known[name].state_value == "ALARM"
        ]

    def alarm_bake_time(self, service: Service) -> float:
        """Return the seconds of AWS's time for which alarms are watched after all tasks are
        healthy.
        """
        configuration = service.deployment_configuration
        if minutes := configuration.get("bakeTimeInMinutes"):
            return float(minutes) * 60
        names = (configuration.get("alarms") or {}).get("alarmNames") or []
        known: Any = cloudwatch_backends[self.account_id][self.region_name].alarms
        return float(
            max(
                (
                    (known[name].period or 60) * (known[name].evaluation_periods or 1)
                    for name in names
                    if name in known
                ),
                default=0,
            )
        )

    def complete_deployment(self, service: Service) -> None:
        """Mark the primary deployment as COMPLETED."""
        primary = service.primary
        if primary.rollout_state == "COMPLETED":
            return
        primary.rollout_state = "COMPLETED"
        primary.rollout_state_reason = f"ECS deployment {primary.id} completed."
        primary.updated_at = utcnow()
        under_way = service.under_way
        if under_way is not None:
            rolled_back = under_way.rollback is not None
            under_way.move("ROLLBACK_SUCCESSFUL" if rolled_back else "SUCCESSFUL")
        service.add_event(
            f"(service {service.name}) (deployment {primary.id}) deployment completed."
        )

    def fail_deployment(self, service: Service, why: Failure, *, rollback: bool) -> None:
        """Mark the primary deployment as FAILED; with `rollback` restore the last completed one."""
        primary, under_way = service.primary, service.under_way
        primary.rollout_state = "FAILED"
        primary.rollout_state_reason = f"{why.who}: {why.event}."
        primary.updated_at = utcnow()
        service.add_event(
            f"(service {service.name}) (deployment {primary.id}) deployment failed: {why.event}."
        )
        if under_way is None:
            return
        if under_way.rollback is not None:
            under_way.move("ROLLBACK_FAILED", f"Rollback failed {why.reason}.")
            return
        if not rollback:
            under_way.move("STOPPED", f"Service deployment failed {why.reason}.")
            return
        revision = service.last_completed
        if revision is None or revision.deployment_id == primary.id:
            under_way.move("ROLLBACK_FAILED", NO_CANDIDATE)
            return
        self._roll_back(service, under_way, revision, why)

    def _roll_back(
        self, service: Service, under_way: ServiceDeployment, to: ServiceRevision, why: Failure
    ) -> None:
        """Deploy the old revision under its old id, so that its running tasks are kept."""
        reason = f"Service deployment rolled back {why.reason}."
        under_way.move("ROLLBACK_IN_PROGRESS", reason)
        under_way.watched_from, under_way.healthy_since = utcnow(), None
        under_way.failure_count = 0
        under_way.rollback = {
            "reason": reason,
            "startedAt": under_way.watched_from,
            "serviceRevisionArn": to.arn,
        }
        for name, value in to.settings.items():
            setattr(service, name, value)
        before = next((one for one in service.deployments if one.id == to.deployment_id), None)
        target = before or self._new_deployment(service, to)
        target.rollout_state = "IN_PROGRESS"
        target.rollout_state_reason = f"{why.who}: rolling back to deploymentId {target.id}."
        target.failed_tasks = 0
        self._put_first(service, target)
        service.add_event(f"(service {service.name}) rolling back to deployment {target.id}.")

    def _put_first(self, service: Service, deployment: Deployment) -> None:
        for before in service.deployments:
            before.status = "ACTIVE"
        deployment.status = "PRIMARY"
        deployment.desired_count = service.desired_count
        deployment.updated_at = utcnow()
        others = [one for one in service.deployments if one is not deployment]
        service.deployments = [deployment, *others]

    def _arn(self, kind: str, service: Service, name: str) -> str:
        place = f"{self.partition}:ecs:{self.region_name}:{self.account_id}"
        return f"arn:{place}:{kind}/{service.cluster_name}/{service.name}/{name}"

    # -- what the API asks

    def list_service_deployments(self, service: Service, wanted: Iterable[str]) -> list[Json]:
        """List a service's deployments, newest first. `wanted`: statuses, none for all."""
        only = set(wanted)
        return [
            deployment_as_shown(service, one)
            for one in service.service_deployments
            if not only or one.status in only
        ]

    def describe_service_deployments(self, arns: list[str]) -> tuple[list[Json], list[Json]]:
        """Return the deployments that exist, and the others as failures."""
        if not arns:
            raise InvalidParameterException("serviceDeploymentArns can not be empty.")
        known = {
            one.arn: deployment_as_shown(service, one)
            for service in self.services.values()
            for one in service.service_deployments
            if one.arn in arns
        }
        return _found(arns, known)

    def describe_service_revisions(self, arns: list[str]) -> tuple[list[Json], list[Json]]:
        """Return the revisions that exist, and the others as failures."""
        if not arns:
            raise InvalidParameterException("serviceRevisionArns can not be empty.")
        known = {}
        for service in self.services.values():
            for one in service.revisions:
                if one.arn in arns:
                    definition = self.describe_task_definition(str(one.settings["task_definition"]))
                    images = definition.container_definitions
                    known[one.arn] = revision_as_shown(service, one, images)
        return _found(arns, known)

    def stop_service_deployment(self, arn: str, kind: str) -> str:
        """Run StopServiceDeployment: roll back, or (ABORT) stay as it is; return the ARN."""
        for service in self.services.values():
            for one in service.service_deployments:
                if one.arn != arn:
                    continue
                if not one.open or one.rollback is not None or service.status != "ACTIVE":
                    raise ECSException(
                        "ConflictException",
                        f"The service deployment is {one.status} and cannot be stopped.",
                    )
                self.fail_deployment(service, USER, rollback=kind == "ROLLBACK")
                return arn
        raise ECSException(
            "ServiceDeploymentNotFoundException", f"The service deployment {arn} was not found."
        )


def _found(arns: list[str], known: dict[str, Json]) -> tuple[list[Json], list[Json]]:
    missing = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]
    return [known[arn] for arn in arns if arn in known], missing


def _deployment(service: Service, revision: ServiceRevision) -> Deployment:
    settings = revision.settings
    version = settings["platform_version"]
    return Deployment(
        id=revision.deployment_id,
        task_definition=settings["task_definition"] or "",
        desired_count=service.desired_count,
        network_configuration=settings["network_configuration"],
        launch_type=settings["launch_type"],
        capacity_provider_strategy=settings["capacity_provider_strategy"],
        platform_version="1.4.0" if version == "LATEST" else version,
        platform_family=settings["platform_family"],
        rollout_state_reason=f"ECS deployment {revision.deployment_id} in progress.",
        load_balancers=list(settings["load_balancers"]),
        service_registries=list(settings["service_registries"]),
        volume_configurations=list(settings["volume_configurations"]),
        created_at=revision.created_at,
    )
