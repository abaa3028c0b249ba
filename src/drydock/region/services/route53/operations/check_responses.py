"""Operations on health checks and tags."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.route53.exceptions import NoSuchHealthCheck, NoSuchHostedZone
from moto.route53.responses import Route53 as TheirResponses

from drydock.region.services.route53.operations.errors import invalid_input
from drydock.region.services.route53.operations.paging import page

_MOST = 100
_CONFIG = {
    "ip_address": "IPAddress",
    "port": "Port",
    "type": "Type",
    "resource_path": "ResourcePath",
    "fqdn": "FullyQualifiedDomainName",
    "search_string": "SearchString",
    "request_interval": "RequestInterval",
    "failure_threshold": "FailureThreshold",
    "health_threshold": "HealthThreshold",
    "measure_latency": "MeasureLatency",
    "inverted": "Inverted",
    "disabled": "Disabled",
    "enable_sni": "EnableSNI",
    "children": "ChildHealthChecks",
    "regions": "Regions",
}


class CheckResponses(TheirResponses):
    """Requests and responses of the operations."""

    def create_health_check(self) -> ActionResult:
        config = self._get_param("HealthCheckConfig")
        ours: Any = self.backend
        made = ours.create_health_check(
            self._get_param("CallerReference"),
            {argument: config.get(name) for argument, name in _CONFIG.items()},
        )
        location = f"https://route53.amazonaws.com/2013-04-01/healthcheck/{made.id}"
        return ActionResult({"HealthCheck": made, "Location": location})

    def update_health_check(self) -> ActionResult:
        ours: Any = self.backend
        check = ours.update_health_check(self._get_param("HealthCheckId"), self.params)
        return ActionResult({"HealthCheck": check})

    def list_health_checks(self) -> ActionResult:
        most = self._get_int_param("MaxItems", _MOST)
        marker = self._get_param("Marker")
        found: list[Any] = self.backend.list_health_checks()
        ids = [check.id for check in found]
        return ActionResult(page("HealthChecks", found, ids, marker, most))

    def get_health_check_count(self) -> ActionResult:
        return ActionResult({"HealthCheckCount": len(self.backend.health_checks)})

    def get_health_check_status(self) -> ActionResult:
        check: Any = self.backend.get_health_check(self._get_param("HealthCheckId"))
        if check.type_ == "CALCULATED":
            raise invalid_input("GetHealthCheckStatus does not work for calculated health checks.")
        seen = check.observed
        report = seen and {"Status": seen.words, "CheckedTime": seen.checked_at}
        return self._observations(check, report)

    def get_health_check_last_failure_reason(self) -> ActionResult:
        check: Any = self.backend.get_health_check(self._get_param("HealthCheckId"))
        seen = check.observed
        report = (
            {"Status": seen.last_failure, "CheckedTime": seen.failed_at}
            if seen and seen.last_failure
            else None
        )
        return self._observations(check, report)

    def _observations(self, check: Any, report: dict[str, Any] | None) -> ActionResult:
        """Return the observations of one checker, the internet of the region; none before the first
        probe.
        """
        seen = (
            []
            if report is None
            else [{"Region": self.region, "IPAddress": check.ip_address, "StatusReport": report}]
        )
        return ActionResult({"HealthCheckObservations": seen})

    def list_tags_for_resource(self) -> ActionResult:
        self._known(self._get_param("ResourceType"), self._get_param("ResourceId"))
        return super().list_tags_for_resource()

    def list_tags_for_resources(self) -> ActionResult:
        for one in self._get_param("ResourceIds"):
            self._known(self._get_param("ResourceType"), one)
        return super().list_tags_for_resources()

    def change_tags_for_resource(self) -> ActionResult:
        self._known(self._get_param("ResourceType"), self._get_param("ResourceId"))
        return super().change_tags_for_resource()

    def _known(self, kind: str, resource: str) -> None:
        self._validate_resource_id(resource, kind)
        if kind == "healthcheck" and resource not in self.backend.health_checks:
            raise NoSuchHealthCheck(resource)
        if kind == "hostedzone" and resource not in self.backend.zones:
            raise NoSuchHostedZone(resource)
