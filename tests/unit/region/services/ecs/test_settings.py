"""Account settings, cluster settings, task protection, and what is refused because it is not there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served


@pytest.fixture
def ecs(served: Served) -> Any:
    return served.client("ecs")


@pytest.fixture
def service(served: Served) -> dict[str, Any]:
    """What CreateService needs."""
    served.cluster()
    served.task_definition()
    return {
        "cluster": "app",
        "serviceName": "app",
        "taskDefinition": "app",
        "launchType": "FARGATE",
        "desiredCount": 1,
        "networkConfiguration": served.network,
    }


def value(ecs: Any, name: str, **more: Any) -> str:
    (found,) = ecs.list_account_settings(name=name, effectiveSettings=True, **more)["settings"]
    return str(found["value"])


def test_settings_of_the_account_and_of_a_principal(ecs: Any) -> None:
    name, who = "containerInsights", "arn:aws:iam::123456789012:user/one"
    assert value(ecs, name) == "disabled"
    assert ecs.list_account_settings()["settings"] == []
    ecs.put_account_setting_default(name=name, value="enabled")
    ecs.put_account_setting(name=name, value="enhanced", principalArn=who)
    assert (value(ecs, name), value(ecs, name, principalArn=who)) == ("enabled", "enhanced")
    ecs.delete_account_setting(name=name, principalArn=who)
    assert value(ecs, name, principalArn=who) == "enabled"
    made = ecs.create_cluster(clusterName="new")["cluster"]
    assert made["settings"] == [{"name": name, "value": "enabled"}]
    own = [{"name": name, "value": "disabled"}]
    assert ecs.create_cluster(clusterName="own", settings=own)["cluster"]["settings"] == own
    for wrong in ({"name": "nothing", "value": "enabled"}, {"name": name, "value": "perhaps"}):
        with pytest.raises(ClientError):
            ecs.put_account_setting_default(**wrong)


def test_a_clusters_settings_and_every_tag(ecs: Any, service: dict[str, Any]) -> None:
    wanted = [{"name": "containerInsights", "value": "enhanced"}]
    answer = ecs.update_cluster_settings(cluster="app", settings=wanted)
    assert answer["cluster"]["settings"] == wanted
    ecs.create_service(**service)
    arn = ecs.run_task(
        cluster="app",
        taskDefinition="app",
        launchType="FARGATE",
        networkConfiguration=service["networkConfiguration"],
    )["tasks"][0]["taskArn"]
    described = ecs.describe_services(cluster="app", services=["app"])["services"][0]
    for one in (described["serviceArn"], described["clusterArn"], described["taskDefinition"], arn):
        ecs.tag_resource(resourceArn=one, tags=[{"key": "a", "value": "1"}])
        ecs.tag_resource(resourceArn=one, tags=[{"key": "b", "value": "2"}])
        ecs.untag_resource(resourceArn=one, tagKeys=["a"])
        tags = ecs.list_tags_for_resource(resourceArn=one)["tags"]
        assert tags == [{"key": "b", "value": "2"}]


def test_a_service_tells_the_security_groups_that_it_was_given(
    ecs: Any, service: dict[str, Any]
) -> None:
    told = ecs.create_service(**service)["service"]["networkConfiguration"]["awsvpcConfiguration"]
    assert told["securityGroups"] == []


def test_protection_is_for_tasks_of_services_and_expires(
    served: Served, ecs: Any, service: dict[str, Any]
) -> None:
    ecs.create_service(**service)
    with served.store.changing("ecs"):
        backend = served.store.backend("ecs")
        record = backend.services["app:app"]
        task = backend.create_service_task(record, record.primary)
    alone = ecs.run_task(
        cluster="app",
        taskDefinition="app",
        launchType="FARGATE",
        networkConfiguration=service["networkConfiguration"],
    )["tasks"][0]["taskArn"]

    def protect(*arns: str, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = ecs.update_task_protection(
            cluster="app", tasks=list(arns), **{"protectionEnabled": True, **more}
        )
        return answer

    answer = protect(task.task_arn, alone, expiresInMinutes=30)
    (protected,), (failure,) = answer["protectedTasks"], answer["failures"]
    left = protected["expirationDate"] - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    assert (failure["arn"], failure["reason"]) == (alone, "TASK_NOT_VALID")
    found = ecs.get_task_protection(cluster="app")["protectedTasks"]
    assert [(one["taskArn"], one["protectionEnabled"]) for one in found] == [(task.task_arn, True)]
    with served.store.changing("ecs"):
        task.protected_until = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1)
    (over,) = ecs.get_task_protection(cluster="app", tasks=[task.task_arn])["protectedTasks"]
    assert over == {"taskArn": task.task_arn, "protectionEnabled": False}
    protect(task.task_arn)
    assert protect(task.task_arn, protectionEnabled=False)["protectedTasks"] == [over]
    with pytest.raises(ClientError, match="between 1 and 2880"):
        protect(task.task_arn, expiresInMinutes=3000)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"deploymentController": {"type": "CODE_DEPLOY"}}, "no deployment controller CODE_DEPLOY"),
        ({"deploymentController": {"type": "EXTERNAL"}}, "no deployment controller EXTERNAL"),
        ({"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}, "no deployment strategy BLUE_GREEN"),
        ({"deploymentConfiguration": {"strategy": "CANARY"}}, "no deployment strategy CANARY"),
        (
            {
                "deploymentConfiguration": {
                    "lifecycleHooks": [
                        {
                            "hookTargetArn": "arn:aws:lambda:ap-southeast-2:1:function:f",
                            "roleArn": "arn:aws:iam::1:role/r",
                            "lifecycleStages": ["POST_SCALE_UP"],
                        }
                    ]
                }
            },
            "no lifecycle hooks",
        ),
        ({"schedulingStrategy": "DAEMON"}, "daemon scheduling strategy"),
        (
            {"serviceRegistries": [{"registryArn": "arn:aws:servicediscovery:x:1:service/srv-no"}]},
            "does not exist",
        ),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused(
    ecs: Any, service: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError, match=words):
        ecs.create_service(**service, **changes)
    assert ecs.list_services(cluster="app")["serviceArns"] == []


def test_a_disabled_service_connect_is_kept_and_task_sets_are_refused(
    ecs: Any, service: dict[str, Any]
) -> None:
    ecs.create_service(**service, serviceConnectConfiguration={"enabled": False})
    with pytest.raises(ClientError, match="no task sets"):
        ecs.create_task_set(cluster="app", service="app", taskDefinition="app")
    with pytest.raises(ClientError, match="NamespaceNotFoundException"):
        ecs.list_services_by_namespace(namespace="nowhere")


def test_a_registry_needs_a_port_for_its_srv_records(
    served: Served, ecs: Any, service: dict[str, Any]
) -> None:
    api = served.client("servicediscovery")
    operation = api.create_private_dns_namespace(Name="port.test", Vpc=served.vpc)["OperationId"]
    place = api.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
    dns = {"DnsRecords": [{"Type": "SRV", "TTL": 5}], "NamespaceId": place}
    arn = api.create_service(Name="x", DnsConfig=dns)["Service"]["Arn"]
    for registry, words in (
        ({}, "SRV records"),
        ({"containerName": "app", "containerPort": 9}, "did not have a container port 9"),
    ):
        with pytest.raises(ClientError, match=words):
            ecs.create_service(**service, serviceRegistries=[{"registryArn": arn, **registry}])
    registry = {"registryArn": arn, "containerName": "app", "containerPort": 3000}
    made = ecs.create_service(**service, serviceRegistries=[registry])["service"]
    assert made["serviceRegistries"] == [registry]


def test_deleted_definitions(ecs: Any, service: dict[str, Any]) -> None:
    ecs.deregister_task_definition(taskDefinition="app:1")
    deleted = ecs.delete_task_definitions(taskDefinitions=["app:1", "app:9"])
    assert [one["status"] for one in deleted["taskDefinitions"]] == ["DELETE_IN_PROGRESS"]
    assert len(deleted["failures"]) == 1
    with pytest.raises(ClientError):
        ecs.run_task(
            cluster="app",
            taskDefinition="app:1",
            launchType="FARGATE",
            networkConfiguration=service["networkConfiguration"],
        )


def test_an_empty_list_of_secrets_is_taken(served: Served) -> None:
    container = {"name": "app", "image": "x", "secrets": [], "environment": []}
    served.task_definition("empty", containerDefinitions=[container])
    shown = served.client("ecs").describe_task_definition(taskDefinition="empty")["taskDefinition"]
    assert shown["containerDefinitions"][0].get("secrets", []) == []
