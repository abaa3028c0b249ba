"""ECS operations whose parameters moto 5.2.5 does not pass to its backend."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.ecs.models import ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse

from drydock.region.services.ecs.operations import execute
from drydock.region.services.ecs.operations.cluster_responses import ClusterResponses
from drydock.region.services.ecs.operations.deployment_responses import DeploymentResponses
from drydock.region.services.ecs.operations.describing import task_as_shown, timestamp
from drydock.region.services.ecs.operations.list_responses import ListResponses

if TYPE_CHECKING:
    from drydock.region.services.ecs.operations.backend import EcsBackend


class EcsResponse(
    ClusterResponses, DeploymentResponses, ListResponses, EC2ContainerServiceResponse
):
    """The ECS operations on our backend."""

    RESPONSE_KEY_PATH_TO_TRANSFORMER = dict(  # noqa: RUF012  (moto's way)
        EC2ContainerServiceResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER
    )

    @property
    def ecs_backend(self) -> EcsBackend:
        backend: Any = ecs_backends[self.current_account][self.region]
        return backend  # type: ignore[no-any-return]

    def register_task_definition(self) -> ActionResult:
        answer = super().register_task_definition()
        made: Any = answer.result
        made["taskDefinition"].enable_fault_injection = bool(
            self._get_param("enableFaultInjection")
        )
        return answer

    def run_task(self) -> ActionResult:
        return ActionResult(
            {"tasks": self.ecs_backend.run_task_from(self._get_params()), "failures": []}
        )

    def execute_command(self) -> ActionResult:
        return ActionResult(execute.open_session(self.ecs_backend, self._get_params()))

    def stop_task(self) -> ActionResult:
        task = self.ecs_backend.stop_task(
            self._get_param("cluster", "default"),
            self._get_param("task"),
            self._get_param("reason"),
        )
        return ActionResult({"task": task})

    def describe_tasks(self) -> str:  # type: ignore[override]
        tasks, failures = self.ecs_backend.describe_tasks_and_failures(
            self._get_param("cluster", "default"), self._get_param("tasks", [])
        )
        tags = "TAGS" in self._get_param("include", [])
        shown = [task_as_shown(task, tags=tags) for task in tasks]
        return json.dumps({"tasks": shown, "failures": failures}, default=timestamp)

    def create_service(self) -> ActionResult:
        return ActionResult({"service": self.ecs_backend.create_service_from(self._get_params())})

    def update_service(self) -> ActionResult:
        return ActionResult({"service": self.ecs_backend.update_service_from(self._get_params())})
