"""The operations on service deployments and revisions, which moto 5.2.5 does not have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult, BaseResponse
from moto.ecs.exceptions import InvalidParameterException

if TYPE_CHECKING:
    from drydock.region.services.ecs.operations.backend import EcsBackend

Json = dict[str, Any]


class DeploymentResponses(BaseResponse):
    """Mixed into the responses of ECS."""

    @property
    def ecs_backend(self) -> EcsBackend:
        raise NotImplementedError

    def list_service_deployments(self) -> ActionResult:
        params = self._get_params()
        backend = self.ecs_backend
        service = backend._get_service(params.get("cluster") or "default", params["service"])
        found = backend.list_service_deployments(service, params.get("status") or [])
        between = params.get("createdAt") or {}
        after, before = _moment(between.get("after")), _moment(between.get("before"))
        found = [
            one
            for one in found
            if (after is None or _moment(one["createdAt"]) >= after)  # type: ignore[operator]
            and (before is None or _moment(one["createdAt"]) <= before)  # type: ignore[operator]
        ]
        page, token = _page(found, params)
        return ActionResult({"serviceDeployments": page, "nextToken": token})

    def describe_service_deployments(self) -> ActionResult:
        found, failures = self.ecs_backend.describe_service_deployments(
            self._get_param("serviceDeploymentArns", [])
        )
        return ActionResult({"serviceDeployments": found, "failures": failures})

    def describe_service_revisions(self) -> ActionResult:
        found, failures = self.ecs_backend.describe_service_revisions(
            self._get_param("serviceRevisionArns", [])
        )
        return ActionResult({"serviceRevisions": found, "failures": failures})

    def stop_service_deployment(self) -> ActionResult:
        arn = self.ecs_backend.stop_service_deployment(
            self._get_param("serviceDeploymentArn"), self._get_param("stopType") or "ROLLBACK"
        )
        return ActionResult({"serviceDeploymentArn": arn})


def _page(found: list[Json], params: Json) -> tuple[list[Json], str | None]:
    start = str(params.get("nextToken") or "0")
    if not start.isdigit():
        raise InvalidParameterException("Invalid token.")
    first, size = int(start), int(params.get("maxResults") or 20)
    more = first + size < len(found)
    return found[first : first + size], str(first + size) if more else None


def _moment(value: Any) -> datetime | None:
    """Return a time that moto parsed (seconds, or a datetime without zone in UTC) with its zone, or
    None.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return datetime.fromtimestamp(float(value), UTC)
