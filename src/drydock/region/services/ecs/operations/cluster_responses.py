"""Operations on clusters, settings, protection and namespaces that moto 5.2.5 does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.responses import ActionResult, BaseResponse
from moto.ecs.exceptions import ECSException

from drydock.region.services.ecs.operations import protection, service_connect

if TYPE_CHECKING:
    from drydock.region.services.ecs.operations.backend import EcsBackend


class ClusterResponses(BaseResponse):
    """Mixed into the responses of ECS."""

    @property
    def ecs_backend(self) -> EcsBackend:
        raise NotImplementedError

    def update_cluster_settings(self) -> ActionResult:
        cluster = self.ecs_backend.update_cluster_settings(
            self._get_param("cluster"), self._get_param("settings") or []
        )
        return ActionResult({"cluster": cluster})

    def put_account_setting(self) -> ActionResult:
        principal = self._get_param("principalArn") or self._root
        return self._put(principal)

    def put_account_setting_default(self) -> ActionResult:
        return self._put(None)

    def _put(self, principal: str | None) -> ActionResult:
        made = self.ecs_backend.put_setting(
            self._get_param("name"), self._get_param("value"), principal
        )
        return ActionResult({"setting": made})

    def delete_account_setting(self) -> ActionResult:
        gone = self.ecs_backend.delete_setting(
            self._get_param("name"), self._get_param("principalArn")
        )
        return ActionResult({"setting": gone})

    def list_account_settings(self) -> ActionResult:
        found = self.ecs_backend.settings_of(
            self._get_param("principalArn"),
            self._get_param("name"),
            self._get_param("value"),
            effective=bool(self._get_param("effectiveSettings")),
        )
        return ActionResult({"settings": found})

    def update_task_protection(self) -> ActionResult:
        tasks, failures = protection.update(self.ecs_backend, self._get_params())
        return ActionResult({"protectedTasks": tasks, "failures": failures})

    def get_task_protection(self) -> ActionResult:
        tasks, failures = protection.get(self.ecs_backend, self._get_params())
        return ActionResult({"protectedTasks": tasks, "failures": failures})

    def list_services_by_namespace(self) -> ActionResult:
        """Answer ListServicesByNamespace with the services of Service Connect, of all clusters."""
        backend = self.ecs_backend
        found = service_connect.in_namespace(
            self._get_param("namespace"), backend.services.values(), backend.cloud_map
        )
        return ActionResult({"serviceArns": found})

    def create_task_set(self) -> ActionResult:
        raise ECSException(
            "UnsupportedFeatureException",
            "The local region has no task sets: its services have the deployment controller ECS.",
        )

    @property
    def _root(self) -> str:
        return f"arn:aws:iam::{self.current_account}:root"
