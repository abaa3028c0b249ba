"""List operations with ECS's order and paging, which moto 5.2.5 lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.responses import ActionResult, BaseResponse
from moto.ecs.exceptions import InvalidParameterException

if TYPE_CHECKING:
    from drydock.region.services.ecs.operations.backend import EcsBackend

_SERVICES, _OTHERS, _MOST = 10, 100, 100


class ListResponses(BaseResponse):
    """Mixed into the responses of ECS."""

    @property
    def ecs_backend(self) -> EcsBackend:
        raise NotImplementedError

    def list_clusters(self) -> ActionResult:
        return self._page("clusterArns", self.ecs_backend.list_clusters())

    def list_services(self) -> ActionResult:
        found = self.ecs_backend.list_services(
            self._get_param("cluster", "default"),
            self._get_param("schedulingStrategy"),
            launch_type=self._get_param("launchType"),
        )
        return self._page("serviceArns", found, _SERVICES)

    def list_tasks(self) -> ActionResult:
        tasks = self.ecs_backend.list_tasks(
            cluster_str=self._get_param("cluster", "default"),
            container_instance=self._get_param("containerInstance"),
            family=self._get_param("family"),
            started_by=self._get_param("startedBy"),
            service_name=self._get_param("serviceName"),
            desiredStatus=self._get_param("desiredStatus", "RUNNING"),
            launch_type=self._get_param("launchType"),
        )
        return self._page("taskArns", [task.task_arn for task in tasks])

    def list_task_definitions(self) -> ActionResult:
        """List task definitions by family and revision; with `sort` DESC the newest first."""
        arns = self.ecs_backend.list_task_definitions(
            self._get_param("familyPrefix"), self._get_param("status", "ACTIVE")
        )
        ordered = sorted(arns, key=_revision, reverse=self._get_param("sort") == "DESC")
        return self._page("taskDefinitionArns", ordered)

    def list_task_definition_families(self) -> ActionResult:
        """List families with an active revision (ACTIVE), without one (INACTIVE), or ALL."""
        status, known = self._get_param("status", "ALL"), self.ecs_backend.task_definitions
        active = {
            family
            for family, revisions in known.items()
            if any(one.status == "ACTIVE" for one in revisions.values())
        }
        prefix = self._get_param("familyPrefix")
        families = [
            family
            for family in sorted(self.ecs_backend.list_task_definition_families(prefix))
            if status == "ALL" or (family in active) == (status == "ACTIVE")
        ]
        return self._page("families", families)

    def _page(self, name: str, found: list[str], usual: int = _OTHERS) -> ActionResult:
        start, size = str(self._get_param("nextToken") or "0"), self._get_param("maxResults")
        if not start.isdigit():
            raise InvalidParameterException("Invalid token.")
        if size is not None and not 1 <= int(size) <= _MOST:
            raise InvalidParameterException(f"maxResults must be between 1 and {_MOST}.")
        end = int(start) + int(size or usual)
        answer: dict[str, object] = {name: found[int(start) : end]}
        return ActionResult(answer | ({"nextToken": str(end)} if end < len(found) else {}))


def _revision(arn: str) -> tuple[str, int]:
    family, _, revision = arn.rsplit("/", maxsplit=1)[-1].rpartition(":")
    return family, int(revision)
