"""Target groups: who is registered, and what the health checks were seen to say.

moto 5.2.5 answers "healthy" for whatever is registered, keeps one port per target, and never takes
a load balancer off a group's list.
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
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html"""

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
    """What DescribeTargetHealth shows of one target."""

    def __init__(self, *shown: Any) -> None:
        *usual, self._zone, self.anomaly_detection = shown
        super().__init__(*usual)

    @property
    def target(self) -> dict[str, str]:
        zone = {"AvailabilityZone": self._zone} if self._zone else {}
        return {**super().target, **zone}


class TargetGroup(models.FakeTargetGroup):
    """A target group. The controller writes `observe` and `drained`; all else is asked for."""

    @property
    def observed(self) -> dict[Key, Health]:
        """What the health checks said of registered targets, written by the controller."""
        found: dict[Key, Health] = self.__dict__.setdefault("_observed", {})
        return found

    @property
    def draining(self) -> dict[Key, dict[str, Any]]:
        """Targets that were deregistered and still finish their requests."""
        found: dict[Key, dict[str, Any]] = self.__dict__.setdefault("_draining", {})
        return found

    @property
    def anomalies(self) -> dict[Key, bool]:
        """Whether a target behaves unlike the others, as far as the controller has looked at that."""
        found: dict[Key, bool] = self.__dict__.setdefault("_anomalies", {})
        return found

    @property
    def registered(self) -> list[Key]:
        """The registered targets, in the order of their registration."""
        return [(str(one["Id"]), int(one["Port"])) for one in self.targets.values()]

    def observe(self, key: Key, health: Health) -> bool:
        """Write what was seen of a registered target; True when it is news."""
        if key not in self.registered or self.observed.get(key) == health:
            return False
        self.observed[key] = health
        return True

    def drained(self, key: Key) -> None:
        """The target has no more requests (or its delay is over): forget it."""
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
        """DeregisterTargets: without a port, every port of the target. Unknown ones are no error."""
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
        """What DescribeTargetHealth shows of one target."""
        if key in self.draining:
            return DRAINING
        if key not in self.registered:
            return NOT_REGISTERED
        if not self.load_balancer_arns:
            return NOT_IN_USE
        return self.observed.get(key, REGISTERING)

    def health_for(self, target: dict[str, Any], ec2_backend: Any) -> FakeHealthStatus:  # noqa: ARG002
        """moto's hook for DescribeTargetHealth."""
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
        """The targets that DescribeTargetHealth lists when it is not asked for certain ones."""
        return [*self.targets.values(), *self.draining.values()]

    @property
    def load_balancer_arns(self) -> list[str]:
        """The load balancers that have a listener or rule that forwards here."""
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
        """moto's own list is not used."""
