"""A service's revisions (settings at one time) and service deployments (each change to a revision).

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html, API_ServiceRevision.html.
moto 5.2.5 has neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.core.utils import utcnow

Json = dict[str, Any]

CARRIED = (
    "task_definition",
    "network_configuration",
    "launch_type",
    "capacity_provider_strategy",
    "platform_version",
    "platform_family",
    "load_balancers",
    "service_registries",
    "service_connect_configuration",
    "volume_configurations",
    "vpc_lattice_configurations",
)
"""The attributes of a service that a revision keeps, and that a rollback puts back."""

OPEN = frozenset({"PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})
"""The statuses of a service deployment that is not over."""


@dataclass(eq=False)
class ServiceRevision:
    """A service's settings at one time. Its ARN ends with the number of its deployment."""

    arn: str
    deployment_id: str
    settings: Json
    """By the names in `CARRIED`."""
    created_at: datetime = field(default_factory=utcnow)


@dataclass(eq=False)
class ServiceDeployment:
    """One change from some revisions to another, its rollback included."""

    arn: str
    deployment_id: str
    """The id of its deployment ("ecs-svc/…"); a rollback does not change it."""
    target: str
    """The ARN of the revision that is wanted."""
    sources: list[str]
    """The ARNs of the revisions that had tasks when it began."""
    configuration: Json
    status: str = "PENDING"
    status_reason: str | None = None
    created_at: datetime = field(default_factory=utcnow)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stopped_at: datetime | None = None
    updated_at: datetime = field(default_factory=utcnow)
    watched_from: datetime = field(default_factory=utcnow)
    """From when on failed tasks count: its beginning, or its rollback's."""
    rollback: Json | None = None
    """{"reason", "startedAt", "serviceRevisionArn"}, once it rolls back."""
    threshold: int = 3
    failure_count: int = 0
    breaker_status: str = "DISABLED"
    """DISABLED, MONITORING, TRIGGERED, MONITORING_COMPLETE."""
    alarms_status: str = "DISABLED"
    triggered_alarms: list[str] = field(default_factory=list)
    healthy_since: datetime | None = None
    """When all was as it should be; alarms are watched on for a while."""

    @property
    def open(self) -> bool:
        return self.status in OPEN

    @property
    def deployed(self) -> str | None:
        """The ARN of the revision that the deployment left in place; None: it completed none."""
        if self.status == "SUCCESSFUL":
            return self.target
        if self.status == "ROLLBACK_SUCCESSFUL" and self.rollback is not None:
            return str(self.rollback["serviceRevisionArn"])
        return None

    def move(self, status: str, reason: str | None = None) -> None:
        """Change the status. A final one sets the end time and ends the monitoring."""
        now = utcnow()
        self.status, self.updated_at = status, now
        self.status_reason = reason or self.status_reason
        if self.started_at is None:
            self.started_at = now
        if not self.open:
            self.finished_at = now
            self.stopped_at = now if status == "STOPPED" else None
            if self.breaker_status == "MONITORING":
                self.breaker_status = "MONITORING_COMPLETE"
            if self.alarms_status == "MONITORING":
                self.alarms_status = "MONITORING_COMPLETE"
