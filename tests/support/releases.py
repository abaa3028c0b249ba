"""Releases of the WEB program, good and bad, behind a load balancer; what ECS says of their deployments."""

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
    """One service `web` of a site, and definitions of one family."""

    place: Scenario
    site: Site
    family: str
    quiet: bool = False
    """Write no lines: where the state has to be saved to the last change."""

    @property
    def service(self) -> Service:
        return Service(self.place, "web")

    def good(self, name: str) -> str:
        return self._define("web:1", [name])

    def exits(self) -> str:
        """It ends with 1 as soon as it runs."""
        return self._define("shell:1", ["exit 1"])

    def hangs(self) -> str:
        """It never listens, and does not end when it is asked to."""
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
        """Create the service and wait until it is steady → its tasks."""
        configuration = {
            "deploymentCircuitBreaker": breaker or BREAKER,
            **more.pop("configuration", {}),
        }
        self.site.service("web", definition, count, deploymentConfiguration=configuration, **more)
        self.wait_steady()
        return self.service.wait_running(count)

    def release(self, definition: str, **more: Any) -> str:
        """UpdateService → the id of the new deployment."""
        self.service.update(taskDefinition=definition, **more)
        return str(self.service.describe()["deployments"][0]["id"])

    def wait_steady(self, seconds: float = 40) -> dict[str, Any]:
        """Wait until one deployment is COMPLETED and runs what is wanted → the service."""

        def look() -> dict[str, Any] | None:
            told = self.service.describe()
            done = [one["rolloutState"] for one in told["deployments"]] == ["COMPLETED"]
            return told if done and told["runningCount"] == told["desiredCount"] else None

        return eventually(look, "the service is steady", seconds) or {}

    def wait_event(self, words: str, seconds: float = 40) -> str:
        """Wait for an event of the service → its message."""
        return eventually(
            lambda: next((one for one in self.events() if words in one), ""),
            f"an event: {words}",
            seconds,
        )

    def events(self) -> list[str]:
        """Messages, oldest first."""
        return [event["message"] for event in reversed(self.service.describe()["events"])]

    def history(self) -> list[dict[str, Any]]:
        """Its service deployments, described, newest first."""
        ecs = self.place.region.client("ecs")
        listed = ecs.list_service_deployments(cluster=self.place.cluster, service="web")
        arns = [one["serviceDeploymentArn"] for one in listed["serviceDeployments"]]
        found: list[dict[str, Any]] = ecs.describe_service_deployments(serviceDeploymentArns=arns)[
            "serviceDeployments"
        ]
        return found

    def definition(self) -> str:
        """family:revision that the service says it is of."""
        return str(self.service.describe()["taskDefinition"]).rsplit("/", maxsplit=1)[-1]


def assert_nothing_failed(seen: Load) -> None:
    """Every request was answered with 200."""
    assert seen.errors == []
    assert set(seen.answers) == {200}


def assert_in_order(events: list[str], *words: str) -> None:
    """Events with these words come one after the other."""
    rest = iter(events)
    for one in words:
        assert any(one in event for event in rest), (one, events)
