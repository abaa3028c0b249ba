"""Services keep what was asked for; counts and deployments move when a controller says so."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served

CIRCUIT = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


def create(served: Served, **changes: Any) -> dict[str, Any]:
    wanted = {
        "cluster": "app",
        "serviceName": "app",
        "taskDefinition": "app",
        "launchType": "FARGATE",
        "desiredCount": 2,
        "networkConfiguration": served.network,
    }
    service: dict[str, Any] = served.client("ecs").create_service(**{**wanted, **changes})[
        "service"
    ]
    return service


def describe(served: Served) -> dict[str, Any]:
    answer = served.client("ecs").describe_services(
        cluster="app", services=["app"], include=["TAGS"]
    )
    service: dict[str, Any] = answer["services"][0]
    return service


@pytest.fixture
def ready(served: Served) -> Served:
    served.cluster()
    served.task_definition()
    return served


def test_only_a_service_with_a_task_role_may_be_entered(ready: Served) -> None:
    words = "because a valid taskRoleArn is not being used"
    with pytest.raises(ClientError, match=f"couldn't be created {words}"):
        create(ready, enableExecuteCommand=True)
    create(ready)
    with pytest.raises(ClientError, match=f"couldn't be updated {words}"):
        ready.client("ecs").update_service(
            cluster="app", service="app", enableExecuteCommand=True, desiredCount=7
        )
    assert describe(ready)["desiredCount"] != 7


def test_everything_that_terraform_writes_is_read_back(ready: Served) -> None:
    _, group = ready.balancer()
    ready.task_definition(taskRoleArn="arn:aws:iam::123456789012:role/task")
    wanted: dict[str, Any] = {
        "enableExecuteCommand": True,
        "enableECSManagedTags": True,
        "propagateTags": "SERVICE",
        "healthCheckGracePeriodSeconds": 60,
        "availabilityZoneRebalancing": "ENABLED",
        "schedulingStrategy": "REPLICA",
        "platformVersion": "LATEST",
        "tags": [{"key": "Project", "value": "x"}],
        "loadBalancers": [{"targetGroupArn": group, "containerName": "app", "containerPort": 3000}],
        "deploymentController": {"type": "ECS"},
    }
    create(
        ready,
        deploymentConfiguration={
            **CIRCUIT,
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "alarms": {"alarmNames": ["a"], "enable": True, "rollback": True},
        },
        **wanted,
    )
    seen = describe(ready)
    assert {key: seen[key] for key in wanted} == wanted
    configuration = seen["deploymentConfiguration"]
    assert configuration["deploymentCircuitBreaker"] == CIRCUIT["deploymentCircuitBreaker"]
    assert configuration["alarms"]["alarmNames"] == ["a"]
    network = seen["networkConfiguration"]["awsvpcConfiguration"]
    assert network["assignPublicIp"] == "ENABLED"
    assert network["subnets"] == ready.network["awsvpcConfiguration"]["subnets"]


def test_a_capacity_provider_strategy_is_kept(ready: Served) -> None:
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
    ecs = ready.client("ecs")
    answer = ecs.create_service(
        cluster="app",
        serviceName="app",
        taskDefinition="app",
        desiredCount=1,
        capacityProviderStrategy=strategy,
        networkConfiguration=ready.network,
    )["service"]
    assert answer["capacityProviderStrategy"] == strategy
    assert "launchType" not in answer


def test_a_new_service_runs_nothing(ready: Served) -> None:
    create(ready)
    seen = describe(ready)
    assert (seen["desiredCount"], seen["runningCount"], seen["pendingCount"]) == (2, 0, 0)
    (deployment,) = seen["deployments"]
    assert deployment["status"] == "PRIMARY"
    assert deployment["rolloutState"] == "IN_PROGRESS"
    assert (deployment["desiredCount"], deployment["runningCount"]) == (2, 0)
    prefix, number = deployment["id"].split("/")
    assert prefix == "ecs-svc"
    assert number.isdigit()
    assert ready.client("ecs").list_tasks(cluster="app")["taskArns"] == []


def test_a_new_task_definition_is_a_new_deployment(ready: Served) -> None:
    create(ready)
    first = describe(ready)["deployments"][0]["id"]
    newer = ready.task_definition()
    ready.client("ecs").update_service(cluster="app", service="app", taskDefinition=newer)
    new, old = describe(ready)["deployments"]
    assert (new["status"], old["status"]) == ("PRIMARY", "ACTIVE")
    assert (new["taskDefinition"], old["id"]) == (newer, first)
    ready.client("ecs").update_service(cluster="app", service="app", forceNewDeployment=True)
    assert len(describe(ready)["deployments"]) == 3


def test_another_count_is_the_same_deployment(ready: Served) -> None:
    create(ready)
    with ready.store.changing("ecs"):
        ready.store.backend("ecs").services["app:app"].running_count = 2
    ready.client("ecs").update_service(cluster="app", service="app", desiredCount=5)
    seen = describe(ready)
    assert (seen["desiredCount"], seen["runningCount"]) == (5, 2)
    assert [one["desiredCount"] for one in seen["deployments"]] == [5]


def test_a_controllers_tasks(ready: Served) -> None:
    create(ready, propagateTags="SERVICE", tags=[{"key": "a", "value": "b"}])
    with ready.store.changing("ecs"):
        ecs = ready.store.backend("ecs")
        service = ecs.services["app:app"]
        task = ecs.create_service_task(service, service.primary)
        assert ecs.tasks_of(service) == [task]
        service.add_event("(service app) has started 1 tasks.")
    client = ready.client("ecs")
    assert client.list_tasks(cluster="app", serviceName="app")["taskArns"] == [task.task_arn]
    (seen,) = client.describe_tasks(cluster="app", tasks=[task.task_arn], include=["TAGS"])["tasks"]
    assert seen["group"] == "service:app"
    assert seen["startedBy"] == describe(ready)["deployments"][0]["id"]
    assert seen["tags"] == [{"key": "a", "value": "b"}]
    assert "started 1 tasks" in describe(ready)["events"][0]["message"]


def test_deleting_drains_until_the_controller_is_done(ready: Served) -> None:
    create(ready)
    ecs = ready.client("ecs")
    with pytest.raises(ClientError, match="scaled above 0"):
        ecs.delete_service(cluster="app", service="app")
    with pytest.raises(ClientError, match="while Services are active"):
        ecs.delete_cluster(cluster="app")
    deleted = ecs.delete_service(cluster="app", service="app", force=True)["service"]
    assert (deleted["status"], deleted["desiredCount"]) == ("DRAINING", 0)
    with pytest.raises(ClientError, match="still Draining"):
        create(ready)
    with ready.store.changing("ecs"):
        ready.store.backend("ecs").services["app:app"].status = "INACTIVE"
    assert describe(ready)["status"] == "INACTIVE"
    assert ecs.list_services(cluster="app")["serviceArns"] == []
    with pytest.raises(ClientError, match="not ACTIVE"):
        ecs.update_service(cluster="app", service="app", desiredCount=1)
    assert create(ready)["status"] == "ACTIVE"


def test_a_cluster_with_tasks_is_not_deleted(ready: Served) -> None:
    ecs = ready.client("ecs")
    ecs.run_task(
        cluster="app",
        taskDefinition="app",
        launchType="FARGATE",
        networkConfiguration=ready.network,
    )
    (cluster,) = ecs.describe_clusters(clusters=["app"])["clusters"]
    assert (cluster["pendingTasksCount"], cluster["runningTasksCount"]) == (1, 0)
    with pytest.raises(ClientError, match="while Tasks are active"):
        ecs.delete_cluster(cluster="app")
    with ready.store.changing("ecs"):
        backend = ready.store.backend("ecs")
        (task,) = backend.list_tasks("app")
        task.last_status = "STOPPED"
    assert ecs.delete_cluster(cluster="app")["cluster"]["status"] == "INACTIVE"
    assert ecs.list_clusters()["clusterArns"] == []
    with pytest.raises(ClientError, match="inactive"):
        ecs.list_tasks(cluster="app")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"taskDefinition": "none"}, "TaskDefinition not found"),
        ({"healthCheckGracePeriodSeconds": 5}, "only valid for services configured to use load"),
        (
            {
                "loadBalancers": [
                    {"targetGroupArn": "GROUP", "containerName": "x", "containerPort": 3000}
                ]
            },
            "container x does not exist",
        ),
        (
            {
                "loadBalancers": [
                    {"targetGroupArn": "GROUP", "containerName": "app", "containerPort": 81}
                ]
            },
            "did not have a container port 81",
        ),
    ],
)
def test_what_ecs_refuses(ready: Served, changes: dict[str, Any], words: str) -> None:
    _, group = ready.balancer()
    for one in changes.get("loadBalancers", []):
        one["targetGroupArn"] = group
    with pytest.raises(ClientError, match=words):
        create(ready, **changes)


def test_a_target_group_without_a_listener_is_refused(ready: Served) -> None:
    group = ready.client("elbv2").create_target_group(
        Name="lonely", Protocol="HTTP", Port=3000, VpcId=ready.vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    with pytest.raises(ClientError, match="does not have an associated load balancer"):
        create(
            ready,
            loadBalancers=[
                {"targetGroupArn": group, "containerName": "app", "containerPort": 3000}
            ],
        )


def test_a_second_service_of_the_name_is_refused(ready: Served) -> None:
    create(ready)
    with pytest.raises(ClientError, match="not idempotent"):
        create(ready)


def test_capacity_providers(served: Served) -> None:
    ecs = served.client("ecs")
    found = ecs.describe_capacity_providers()["capacityProviders"]
    assert [one["name"] for one in found] == ["FARGATE", "FARGATE_SPOT"]
    answer = ecs.describe_capacity_providers(capacityProviders=["FARGATE", "none"])
    assert [one["name"] for one in answer["capacityProviders"]] == ["FARGATE"]
    assert [one["reason"] for one in answer["failures"]] == ["MISSING"]
