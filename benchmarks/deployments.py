"""Does a deployment lose requests?

Of 100,000 requests over 32 connections none may fail while 6 tasks are replaced by a new release; likewise
while the service scales in, and while a bad release comes and rolls back.

    python -m benchmarks.deployments [SECONDS OF LOAD FOR EACH]
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.support import (
    Load,
    client,
    count,
    quick_site,
    table,
    url_of,
    wait_for,
    working_folder,
)

TASKS, CONNECTIONS, REQUESTS = 6, 32, 100_000
PATH = "/healthcheck/live"
LIMIT = 120.0
"""Seconds for a deployment to end."""


@dataclass(frozen=True)
class Change:
    """What was counted while something changed, and how long the change took."""

    load: Load
    seconds: float


class App:
    """The service of `up --quick`, and its releases."""

    def __init__(self, folder: Path) -> None:
        self._ecs: Any = client(folder, "ecs")
        self._cluster = self._ecs.list_clusters()["clusterArns"][0]
        self._name = self._ecs.list_services(cluster=self._cluster)["serviceArns"][0]
        self.url = url_of(folder).rstrip("/") + PATH
        wait_for(self.url)

    def update(self, **changes: Any) -> None:
        self._ecs.update_service(cluster=self._cluster, service=self._name, **changes)

    def bad_definition(self) -> str:
        """The definition that runs, with a command that ends at once → its ARN."""
        known = self._ecs.describe_task_definition(
            taskDefinition=self._describe()["taskDefinition"]
        )["taskDefinition"]
        taken = (
            "family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions",
            "requiresCompatibilities", "cpu", "memory",
        )  # fmt: skip
        request = {key: known[key] for key in taken if key in known}
        for container in request["containerDefinitions"]:
            container["command"] = ["--no-such-option"]
        answer = self._ecs.register_task_definition(**request)
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def wait_steady(self, tasks: int) -> None:
        """Until one deployment is COMPLETED and runs so many tasks, and those that left are gone."""

        def steady() -> bool:
            told = self._describe()
            states = [one["rolloutState"] for one in told["deployments"]]
            calm = told["events"][0]["message"].endswith("has reached a steady state.")
            return calm and states == ["COMPLETED"] and told["runningCount"] == tasks

        _wait(steady, f"a steady service of {tasks} tasks")

    def wait_rolled_back(self, definition: str) -> None:
        """Until a bad release is over, and another definition runs."""

        def over() -> bool:
            newest = self._ecs.list_service_deployments(cluster=self._cluster, service=self._name)[
                "serviceDeployments"
            ][0]
            return bool(newest["status"] == "ROLLBACK_SUCCESSFUL")

        _wait(over, "the rollback's end")
        if self._describe()["taskDefinition"] == definition:
            raise SystemExit("the bad release was not rolled back")

    def _describe(self) -> dict[str, Any]:
        found: dict[str, Any] = self._ecs.describe_services(
            cluster=self._cluster, services=[self._name]
        )["services"][0]
        return found


def _wait(look: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not look():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {LIMIT} s: {what}")
        time.sleep(0.1)


def under_load(url: str, seconds: int, act: Callable[[], None]) -> Change:
    """Count while `act` runs, which must be quicker than the load is long."""
    found: list[Load] = []
    wrk = threading.Thread(target=lambda: found.append(count(url, seconds, CONNECTIONS)))
    wrk.start()
    begun = time.monotonic()
    act()
    took = time.monotonic() - begun
    if not wrk.is_alive():
        raise SystemExit(
            f"the change took {took:.0f} s, the load {seconds} s: give it more seconds"
        )
    wrk.join()
    return Change(found[0], took)


def measure(app: App, seconds: int) -> dict[str, Change]:
    """The three changes, one after the other."""
    app.update(
        desiredCount=TASKS,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    )
    app.wait_steady(TASKS)

    def release() -> None:
        app.update(forceNewDeployment=True)
        app.wait_steady(TASKS)

    def bad_release() -> None:
        bad = app.bad_definition()
        app.update(taskDefinition=bad)
        app.wait_rolled_back(bad)

    def scale_in() -> None:
        app.update(desiredCount=2)
        app.wait_steady(2)

    changes = {
        f"a rolling deployment of {TASKS} tasks": release,
        "a bad release that rolls back": bad_release,
        f"scaling in from {TASKS} to 2": scale_in,
    }
    return {what: under_load(app.url, seconds, act) for what, act in changes.items()}


def main() -> int:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    with working_folder() as folder:
        quick_site(folder)
        found = measure(App(folder), seconds)
    table(
        ("under load", "requests", "failed", "the change took, s", "goal"),
        [
            (what, one.load.requests, one.load.failed, f"{one.seconds:.1f}", f"0 of {REQUESTS:,}")
            for what, one in found.items()
        ],
    )
    kept = all(not one.load.failed and one.load.requests >= REQUESTS for one in found.values())
    return 0 if kept else 3


if __name__ == "__main__":
    sys.exit(main())
