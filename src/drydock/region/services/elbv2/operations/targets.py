"""Target groups: their registered targets, and the observed target health.

moto 5.2.5 answers "healthy" for every registered target, keeps one port per target, and never
removes a load balancer from a group's list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.elbv2 import models
from moto.elbv2.models import FakeHealthStatus, elbv2_backends

Key = tuple[str, int]
"""A target's id (an address, for `ip`) and port."""


@dataclass(frozen=True)
class Health:
    """A target's health,
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
    """

    state: str
    """initial, healthy, unhealthy, unused, draining, unavailable."""
    reason: str | None = None
    description: str | None = None


REGISTERING = Health("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
CHECKING = Health("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
DRAINING = Health(
    "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"
)
NOT_REGISTERED = Health(
    "unused", "Target.NotRegistered", "Target is not registered to the target group"
)
NOT_IN_USE = Health(
    "unused",
    "Target.NotInUse",
    "Target group is not configured to receive traffic from the load balancer",
)
HEALTHY = Health("healthy")


class HealthStatus(FakeHealthStatus):
    """One target as DescribeTargetHealth shows it."""

    def __init__(self, *shown: Any) -> None:
        *usual, self._zone, self.anomaly_detection = shown
        super().__init__(*usual)

    @property
    def target(self) -> dict[str, str]:
        zone = {"AvailabilityZone": self._zone} if self._zone else {}
        return {**super().target, **zone}


class TargetGroup(models.FakeTargetGroup):
    """A target group. The controller calls `observe` and `drained`; requests set everything else."""

    @property
    def observed(self) -> dict[Key, Health]:
        """The observed health of registered targets, written by the controller."""
        found: dict[Key, Health] = self.__dict__.setdefault("_observed", {})
        return found

    @property
    def draining(self) -> dict[Key, dict[str, Any]]:
        """Deregistered targets that still finish their requests."""
        found: dict[Key, dict[str, Any]] = self.__dict__.setdefault("_draining", {})
        return found

    @property
    def anomalies(self) -> dict[Key, bool]:
        """Whether each target is anomalous, as far as the controller has checked."""
        found: dict[Key, bool] = self.__dict__.setdefault("_anomalies", {})
        return found

    @property
    def registered(self) -> list[Key]:
        """The registered targets, in the order of their registration."""
        return [(str(one["Id"]), int(one["Port"])) for one in self.targets.values()]

    def observe(self, key: Key, health: Health) -> bool:
        """Write the observed health of a registered target; return whether it changed."""
        if key not in self.registered or self.observed.get(key) == health:
            return False
        self.observed[key] = health
        return True

    def drained(self, key: Key) -> None:
        """Forget a drained target: it has no more requests, or its delay is over."""
        self.draining.pop(key, None)

    def register(self, targets: list[dict[str, Any]]) -> None:
        """RegisterTargets."""
        for target in targets:
            port = int(target.get("Port") or self.port)
            entry = {"Id": target["Id"], "Port": port}
            if target.get("AvailabilityZone"):
                entry["AvailabilityZone"] = target["AvailabilityZone"]
            self.draining.pop((target["Id"], port), None)
            self.targets.setdefault(f"{target['Id']}:{port}", entry)

    def deregister(self, targets: list[dict[str, Any]]) -> None:
        """DeregisterTargets: without a port, every port of the target.

        Unknown ones are not an error.
        """
        for target in targets:
            port = int(target["Port"]) if target.get("Port") else None
            for name, entry in list(self.targets.items()):
                if entry["Id"] != target["Id"] or port not in (None, int(entry["Port"])):
                    continue
                key = (str(entry["Id"]), int(entry["Port"]))
                del self.targets[name]
                self.observed.pop(key, None)
                self.anomalies.pop(key, None)
                if self.load_balancer_arns:
                    self.draining[key] = entry

    def health_of(self, key: Key) -> Health:
        """Return a target's health as DescribeTargetHealth shows it."""
        if key in self.draining:
            return DRAINING
        if key not in self.registered:
            return NOT_REGISTERED
        if not self.load_balancer_arns:
            return NOT_IN_USE
        return self.observed.get(key, REGISTERING)

    def health_for(self, target: dict[str, Any], ec2_backend: Any) -> FakeHealthStatus:  # noqa: ARG002
        """Answer moto's hook for DescribeTargetHealth."""
        port = int(target.get("Port") or self.port)
        health = self.health_of((target["Id"], port))
        check = str(port) if self.health_check_port == "traffic-port" else self.health_check_port
        entry = self.targets.get(f"{target['Id']}:{port}") or {}
        return HealthStatus(
            target["Id"],
            str(port),
            check,
            health.state,
            health.reason,
            health.description,
            entry.get("AvailabilityZone"),
            self._anomaly((target["Id"], port)),
        )

    def _anomaly(self, key: Key) -> dict[str, str] | None:
        if key not in self.anomalies:
            return None
        anomalous = self.anomalies[key]
        mitigated = self.attributes.get("load_balancing.algorithm.anomaly_mitigation") == "on"
        return {
            "Result": "anomalous" if anomalous else "normal",
            "MitigationInEffect": "yes" if anomalous and mitigated else "no",
        }

    def described(self) -> list[dict[str, Any]]:
        """Return the targets that DescribeTargetHealth lists when none are named."""
        return [*self.targets.values(), *self.draining.values()]

    @property
    def load_balancer_arns(self) -> list[str]:
        """The load balancers with a listener or rule that forwards to this group."""
        backend = elbv2_backends[self.account_id][self.region_name]
        return [
            balancer.arn
            for balancer in backend.load_balancers.values()
            if any(
                self.arn in backend._get_target_group_arns_from(action_data=action.data)
                for listener in balancer.listeners.values()
                for rule in listener.rules.values()
                for action in rule.actions
            )
        ]

    @load_balancer_arns.setter
    def load_balancer_arns(self, value: list[str]) -> None:
        """Ignore moto's own list."""
