"""An ECS service of a scenario, with shortcuts to change and inspect it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.support.scenario import Scenario
from tests.support.waiting import eventually


@dataclass
class Service:
    """One service."""

    scenario: Scenario
    name: str

    @classmethod
    def create(
        cls, scenario: Scenario, name: str, definition: str, count: int, **more: Any
    ) -> Service:
        scenario.region.client("ecs").create_service(
            cluster=scenario.cluster,
            serviceName=name,
            taskDefinition=definition,
            desiredCount=count,
            launchType="FARGATE",
            networkConfiguration=scenario.network,
            **more,
        )
        return cls(scenario, name)

    def describe(self) -> dict[str, Any]:
        found: dict[str, Any] = self.scenario.region.client("ecs").describe_services(
            cluster=self.scenario.cluster, services=[self.name]
        )["services"][0]
        return found

    def update(self, **changes: Any) -> None:
        """UpdateService."""
        self.scenario.region.client("ecs").update_service(
            cluster=self.scenario.cluster, service=self.name, **changes
        )

    def tasks(self, desired: str = "RUNNING") -> list[dict[str, Any]]:
        """Return the service's tasks with that desired status, described."""
        ecs, cluster = self.scenario.region.client("ecs"), self.scenario.cluster
        arns = ecs.list_tasks(cluster=cluster, serviceName=self.name, desiredStatus=desired)[
            "taskArns"
        ]
        tasks: list[dict[str, Any]] = (
            ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        )
        return tasks

    def running(self) -> set[str]:
        """Return ARNs of the tasks that run and should run."""
        return {task["taskArn"] for task in self.tasks() if task["lastStatus"] == "RUNNING"}

    def wait_running(self, count: int, seconds: float = 20) -> set[str]:
        """Wait until exactly so many tasks run, none of an older deployment; return their ARNs."""

        def look() -> tuple[set[str]] | None:
            tasks = self.tasks()
            primary = self.describe()["deployments"][0]["id"]
            fit = {
                task["taskArn"]
                for task in tasks
                if task["lastStatus"] == "RUNNING" and task["startedBy"] == primary
            }
            return (fit,) if len(fit) == len(tasks) == count else None

        try:
            found = eventually(look, f"{count} tasks of {self.name} run", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.why_not()}") from None
        return found[0] if found else set()

    def why_not(self) -> str:
        """Return the service's events and stopped tasks, for a failure's message."""
        events = [one["message"] for one in self.describe()["events"][:3]]
        stopped = [one.get("stoppedReason", "") for one in self.tasks("STOPPED")][:3]
        return f"events: {events}; stopped: {stopped}"

    def delete(self) -> None:
        """DeleteService with force, and wait until it is gone; do nothing if there is none."""
        ecs, cluster = self.scenario.region.client("ecs"), self.scenario.cluster
        if self.describe()["status"] == "ACTIVE":
            ecs.delete_service(cluster=cluster, service=self.name, force=True)
        eventually(lambda: self.describe()["status"] == "INACTIVE", f"{self.name} is INACTIVE")
