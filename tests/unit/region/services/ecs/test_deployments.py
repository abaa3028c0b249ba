"""Service deployments and revisions: begun by requests, ended by the controller, shown by the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.region.api.saved import pickling
from drydock.region.services.ecs.operations.deployments import ALARM, BREAKER
from tests.support.served import Served


@pytest.fixture
def ready(served: Served) -> Served:
    served.cluster()
    served.task_definition()
    served.client("ecs").create_service(
        cluster="app",
        serviceName="app",
        taskDefinition="app",
        launchType="FARGATE",
        desiredCount=2,
        networkConfiguration=served.network,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    )
    return served


def complete(served: Served) -> None:
    """What the controller does when all is as it should be."""
    with served.store.changing("ecs"):
        ecs = served.store.backend("ecs")
        service = ecs.services["app:app"]
        service.deployments = [service.primary]
        ecs.complete_deployment(service)


def fail(served: Served, *, rollback: bool = True, why: Any = BREAKER) -> None:
    with served.store.changing("ecs"):
        ecs = served.store.backend("ecs")
        ecs.fail_deployment(ecs.services["app:app"], why, rollback=rollback)


def update(served: Served) -> str:
    """A new task definition → its ARN."""
    newer = served.task_definition()
    served.client("ecs").update_service(cluster="app", service="app", taskDefinition=newer)
    return newer


def service(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = served.client("ecs").describe_services(cluster="app", services=["app"])[
        "services"
    ][0]
    return found


def listed(served: Served, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = served.client("ecs").list_service_deployments(
        cluster="app", service="app", **more
    )["serviceDeployments"]
    return found


def test_a_service_begins_with_a_deployment_that_is_pending(ready: Served) -> None:
    (brief,) = listed(ready)
    number = service(ready)["deployments"][0]["id"].split("/")[1]
    assert brief["status"] == "PENDING"
    assert brief["targetServiceRevisionArn"].endswith(f":service-revision/app/app/{number}")
    assert ":service-deployment/app/app/" in brief["serviceDeploymentArn"]
    assert service(ready)["currentServiceDeployment"] == brief["serviceDeploymentArn"]
    (current,) = service(ready)["currentServiceRevisions"]
    assert (current["arn"], current["requestedTaskCount"]) == (brief["targetServiceRevisionArn"], 2)
    answer = ready.client("ecs").describe_service_deployments(
        serviceDeploymentArns=[brief["serviceDeploymentArn"], "arn:none"]
    )
    (shown,) = answer["serviceDeployments"]
    assert answer["failures"] == [{"arn": "arn:none", "reason": "MISSING"}]
    assert shown["sourceServiceRevisions"] == []
    assert shown["deploymentCircuitBreaker"] == {
        "status": "MONITORING",
        "failureCount": 0,
        "threshold": 3,
    }
    assert shown["alarms"]["status"] == "DISABLED"
    assert "finishedAt" not in shown


def test_a_completed_one_and_a_newer_one(ready: Served) -> None:
    first = service(ready)["taskDefinition"]
    complete(ready)
    assert [one["status"] for one in listed(ready)] == ["SUCCESSFUL"]
    assert "currentServiceDeployment" not in service(ready)
    update(ready)
    update(ready)
    assert [one["status"] for one in listed(ready)] == ["PENDING", "STOPPED", "SUCCESSFUL"]
    assert [one["status"] for one in listed(ready, status=["STOPPED"])] == ["STOPPED"]
    revisions = [one["targetServiceRevisionArn"] for one in listed(ready)]
    found = ready.client("ecs").describe_service_revisions(serviceRevisionArns=revisions[-1:])
    (shown,) = found["serviceRevisions"]
    assert shown["taskDefinition"] == first
    assert shown["launchType"] == "FARGATE"
    assert shown["containerImages"] == [{"containerName": "app", "image": "tasklist:latest"}]
    assert shown["networkConfiguration"] == service(ready)["networkConfiguration"]


def test_they_are_found_by_time_and_in_pages(ready: Served) -> None:
    update(ready)
    update(ready)
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    assert len(listed(ready, createdAt={"after": now - hour, "before": now + hour})) == 3
    assert listed(ready, createdAt={"after": now + hour}) == []
    assert listed(ready, createdAt={"before": now - hour}) == []
    ecs = ready.client("ecs")
    page = ecs.list_service_deployments(cluster="app", service="app", maxResults=2)
    rest = ecs.list_service_deployments(
        cluster="app", service="app", maxResults=2, nextToken=page["nextToken"]
    )
    arns = [one["serviceDeploymentArn"] for one in listed(ready)]
    pages = [*page["serviceDeployments"], *rest["serviceDeployments"]]
    assert [one["serviceDeploymentArn"] for one in pages] == arns
    assert "nextToken" not in rest


@pytest.mark.parametrize(
    ("why", "words"),
    [(BREAKER, "circuit breaker threshold was exceeded"), (ALARM, "alarm is in ALARM")],
)
def test_a_rollback_puts_the_last_completed_revision_back(
    ready: Served, why: Any, words: str
) -> None:
    complete(ready)
    before = service(ready)
    update(ready)
    fail(ready, why=why)
    after = service(ready)
    assert after["taskDefinition"] == before["taskDefinition"]
    primary, failed = after["deployments"]
    assert primary["id"] == before["deployments"][0]["id"]
    assert (primary["status"], primary["rolloutState"]) == ("PRIMARY", "IN_PROGRESS")
    assert f"rolling back to deploymentId {primary['id']}." in primary["rolloutStateReason"]
    assert (failed["status"], failed["rolloutState"]) == ("ACTIVE", "FAILED")
    assert listed(ready)[0]["status"] == "ROLLBACK_IN_PROGRESS"
    complete(ready)
    assert listed(ready)[0]["status"] == "ROLLBACK_SUCCESSFUL"
    assert words in listed(ready)[0]["statusReason"]
    # the next one that fails goes back to the same
    update(ready)
    fail(ready)
    assert service(ready)["taskDefinition"] == before["taskDefinition"]


def test_what_cannot_be_rolled_back(ready: Served) -> None:
    fail(ready)
    (first,) = listed(ready)
    assert first["status"] == "ROLLBACK_FAILED"
    assert first["statusReason"] == "No rollback candidate was found to run the rollback."
    assert service(ready)["deployments"][0]["rolloutState"] == "FAILED"
    update(ready)
    complete(ready)
    update(ready)
    fail(ready)
    fail(ready)  # the rollback fails as well
    assert listed(ready)[0]["status"] == "ROLLBACK_FAILED"
    assert service(ready)["deployments"][0]["rolloutState"] == "FAILED"
    update(ready)
    fail(ready, rollback=False)
    newest = listed(ready)[0]
    assert newest["status"] == "STOPPED"
    assert len(service(ready)["deployments"]) >= 2


def test_a_user_stops_one(ready: Served) -> None:
    ecs = ready.client("ecs")
    complete(ready)
    update(ready)
    arn = listed(ready)[0]["serviceDeploymentArn"]
    answer = ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    assert answer["serviceDeploymentArn"] == arn
    assert listed(ready)[0]["status"] == "ROLLBACK_IN_PROGRESS"
    with pytest.raises(ClientError, match="ConflictException"):
        ecs.stop_service_deployment(serviceDeploymentArn=arn)
    with pytest.raises(ClientError, match="ServiceDeploymentNotFoundException"):
        ecs.stop_service_deployment(serviceDeploymentArn=arn + "x")


def test_an_alarm_that_rings_already_is_not_watched(ready: Served) -> None:
    watch = ready.client("cloudwatch")
    for name, state in (("calm", "OK"), ("loud", "ALARM")):
        watch.put_metric_alarm(
            AlarmName=name,
            Namespace="N",
            MetricName="m",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=2,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        watch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    seen = []
    for names in (["calm"], ["calm", "loud"]):
        ready.client("ecs").update_service(
            cluster="app",
            service="app",
            forceNewDeployment=True,
            deploymentConfiguration={
                "alarms": {"alarmNames": names, "enable": True, "rollback": True}
            },
        )
        arn = listed(ready)[0]["serviceDeploymentArn"]
        (shown,) = ready.client("ecs").describe_service_deployments(serviceDeploymentArns=[arn])[
            "serviceDeployments"
        ]
        seen.append(shown["alarms"]["status"])
    assert seen == ["MONITORING", "DISABLED"]
    with ready.store.locked():
        ecs = ready.store.backend("ecs")
        assert ecs.alarm_bake_time(ecs.services["app:app"]) == 120


def test_they_are_saved(ready: Served) -> None:
    complete(ready)
    update(ready)
    with ready.store.locked():
        kept = pickling.loads(pickling.dumps(ready.store.backend("ecs").services["app:app"]))
    assert [one.status for one in kept.service_deployments] == ["PENDING", "SUCCESSFUL"]
    assert kept.last_completed is kept.revisions[1]
