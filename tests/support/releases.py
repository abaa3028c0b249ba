"""Good and bad releases of the WEB program behind a load balancer, and ECS's reports of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually
from tests.support.web import Load, Site

BREAKER = {"enable": True, "rollback": True}


@dataclass
class Releases:
    """One service `web` of a site, and task definitions of one family."""

    place: Scenario
    site: Site
    family: str
    quiet: bool = False
    """Write no log lines, for tests that need the state saved to the last change."""

    @property
    def service(self) -> Service:
        return Service(self.place, "web")

    def good(self, name: str) -> str:
        return self._define("web:1", [name])

    def exits(self) -> str:
        """Register a definition whose program exits with 1 at once; return its revision."""
        return self._define("shell:1", ["exit 1"])

    def hangs(self) -> str:
        """Register a definition whose program never listens, and does not end when asked to."""
        return self._define("shell:1", ["trap '' TERM; while :; do sleep 0.1; done"], stopTimeout=2)

    def never_healthy(self) -> str:
        return self._define("web:1", ["bad"], environment=[{"name": "UNHEALTHY", "value": "y"}])

    def without_image(self) -> str:
        return self._define("nobody:1", ["x"])

    def _define(self, image: str, command: list[str], **more: Any) -> str:
        container = self.place.container("app", image, command, **more)
        if self.quiet:
            del container["logConfiguration"]
        return self.place.define_containers(container, family=self.family)

    def start(
        self, definition: str, count: int = 2, breaker: dict[str, Any] | None = None, **more: Any
    ) -> set[str]:
        """Create the service and wait until it is steady; return its tasks."""
        configuration = {
            "deploymentCircuitBreaker": breaker or BREAKER,
            **more.pop("configuration", {}),
        }
        self.site.service("web", definition, count, deploymentConfiguration=configuration, **more)
        self.wait_steady()
        return self.service.wait_running(count)

    def release(self, definition: str, **more: Any) -> str:
        """UpdateService; return the id of the new deployment."""
        self.service.update(taskDefinition=definition, **more)
        return str(self.service.describe()["deployments"][0]["id"])

    def wait_steady(self, seconds: float = 40) -> dict[str, Any]:
        """Wait until one deployment is COMPLETED and runs the wanted definition; return the service."""

        def look() -> dict[str, Any] | None:
            told = self.service.describe()
            done = [one["rolloutState"] for one in told["deployments"]] == ["COMPLETED"]
            return told if done and told["runningCount"] == told["desiredCount"] else None

        return eventually(look, "the service is steady", seconds) or {}

    def wait_event(self, words: str, seconds: float = 40) -> str:
        """Wait for an event of the service; return its message."""
        return eventually(
            lambda: next((one for one in self.events() if words in one), ""),
            f"an event: {words}",
            seconds,
        )

    def events(self) -> list[str]:
        """Return the service's event messages, oldest first."""
        return [event["message"] for event in reversed(self.service.describe()["events"])]

    def history(self) -> list[dict[str, Any]]:
        """Return the service's deployments, described, newest first."""
        ecs = self.place.region.client("ecs")
        listed = ecs.list_service_deployments(cluster=self.place.cluster, service="web")
        arns = [one["serviceDeploymentArn"] for one in listed["serviceDeployments"]]
        found: list[dict[str, Any]] = ecs.describe_service_deployments(serviceDeploymentArns=arns)[
            "serviceDeployments"
        ]
        return found

    def definition(self) -> str:
        """Return the family:revision that the service names."""
        return str(self.service.describe()["taskDefinition"]).rsplit("/", maxsplit=1)[-1]


def assert_nothing_failed(seen: Load) -> None:
    """Assert that every request was answered with 200."""
    assert seen.errors == []
    assert set(seen.answers) == {200}


def assert_in_order(events: list[str], *words: str) -> None:
    """Assert that events with these words come one after the other."""
    rest = iter(events)
    for one in words:
        assert any(one in event for event in rest), (one, events)
