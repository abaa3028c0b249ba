"""Tasks are records: nothing moves unless a controller moves it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served


def run(served: Served, **changes: Any) -> list[dict[str, Any]]:
    wanted = {
        "cluster": "app",
        "taskDefinition": "app",
        "launchType": "FARGATE",
        "networkConfiguration": served.network,
    }
    answer = served.client("ecs").run_task(**{**wanted, **changes})
    assert answer["failures"] == []
    return list(answer["tasks"])


@pytest.fixture
def ready(served: Served) -> Served:
    served.cluster()
    served.task_definition()
    return served


def test_run_task_with_memory_on_the_task_alone(ready: Served) -> None:
    (task,) = run(ready, startedBy="me", tags=[{"key": "a", "value": "b"}])
    assert task["lastStatus"] == "PROVISIONING"
    assert task["desiredStatus"] == "RUNNING"
    assert task["launchType"] == "FARGATE"
    assert task["platformVersion"] == "1.4.0"
    assert task["group"] == "family:app"
    assert task["startedBy"] == "me"
    assert (task["cpu"], task["memory"]) == ("256", "512")
    (container,) = task["containers"]
    assert (container["name"], container["image"]) == ("app", "tasklist:latest")
    assert container["lastStatus"] == "PENDING"
    assert "exitCode" not in container
    assert "startedAt" not in task
    assert task["attachments"][0]["status"] == "PRECREATED"


def test_describing_a_task_moves_nothing(ready: Served) -> None:
    (task,) = run(ready)
    ecs = ready.client("ecs")
    for _ in range(6):
        (seen,) = ecs.describe_tasks(cluster="app", tasks=[task["taskArn"]])["tasks"]
        assert seen["lastStatus"] == "PROVISIONING"


def test_a_controller_writes_what_it_sees(ready: Served) -> None:
    (shown,) = run(ready)
    with ready.store.changing("ecs"):
        ecs = ready.store.backend("ecs")
        task = ecs.find_task("app", shown["taskArn"])
        assert task is not None
        ecs.create_task_eni(task, ready.store.backend("ec2").get_subnet(_subnet(task)).id)
        task.attachments[0].status = "ATTACHED"
        task.last_status = "STOPPED"
        task.desired_status = "STOPPED"
        task.stop_code = "EssentialContainerExited"
        task.stopped_reason = "Essential container in task exited"
        task.containers[0].last_status = "STOPPED"
        task.containers[0].exit_code = 3
    (seen,) = ready.client("ecs").describe_tasks(cluster="app", tasks=[shown["taskArn"]])["tasks"]
    assert seen["lastStatus"] == "STOPPED"
    assert seen["stopCode"] == "EssentialContainerExited"
    assert seen["containers"][0]["exitCode"] == 3
    details = {one["name"]: one["value"] for one in seen["attachments"][0]["details"]}
    assert set(details) == {
        "subnetId",
        "networkInterfaceId",
        "macAddress",
        "privateDnsName",
        "privateIPv4Address",
    }
    address = details["privateIPv4Address"]
    assert seen["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] == address
    assert seen["availabilityZone"].startswith("ap-southeast-2")
    (eni,) = ready.client("ec2").describe_network_interfaces(
        NetworkInterfaceIds=[details["networkInterfaceId"]]
    )["NetworkInterfaces"]
    assert eni["PrivateIpAddress"] == address
    assert eni["Status"] == "in-use"
    assert eni["Description"].endswith(f":attachment/{seen['attachments'][0]['id']}")
    assert eni["Association"]["PublicIp"]


def _subnet(task: Any) -> str:
    return str(task.network_configuration["awsvpcConfiguration"]["subnets"][0])


def test_the_interface_goes_with_the_task(ready: Served) -> None:
    (shown,) = run(ready)
    with ready.store.changing("ecs"):
        ecs = ready.store.backend("ecs")
        task = ecs.find_task("app", shown["taskArn"])
        assert task is not None
        first = ecs.create_task_eni(task, _subnet(task))
        assert ecs.create_task_eni(task, _subnet(task)) is first
        ecs.delete_task_eni(task)
        ecs.delete_task_eni(task)
        assert task.attachments[0].status == "DELETED"
    assert ready.client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []


def test_overrides_are_kept(ready: Served) -> None:
    overrides = {
        "containerOverrides": [
            {
                "name": "app",
                "command": ["updatedb", "-s"],
                "environment": [{"name": "A", "value": "1"}],
            }
        ],
        "memory": "1024",
    }
    (task,) = run(ready, overrides=overrides)
    assert task["overrides"]["containerOverrides"] == overrides["containerOverrides"]
    assert task["memory"] == "1024"


def test_stop_task_is_a_wish(ready: Served) -> None:
    (task,) = run(ready)
    ecs = ready.client("ecs")
    stopped = ecs.stop_task(cluster="app", task=task["taskArn"], reason="enough")["task"]
    assert stopped["desiredStatus"] == "STOPPED"
    assert stopped["lastStatus"] == "PROVISIONING"
    assert stopped["stoppedReason"] == "enough"
    assert stopped["stopCode"] == "UserInitiated"
    assert ecs.list_tasks(cluster="app")["taskArns"] == []
    assert ecs.list_tasks(cluster="app", desiredStatus="STOPPED")["taskArns"] == [task["taskArn"]]


def test_several_at_once_share_what_was_asked_for(ready: Served) -> None:
    tasks = run(
        ready,
        count=3,
        startedBy="nightly",
        group="jobs",
        overrides={"cpu": "512", "memory": "1024"},
    )
    assert len({task["taskArn"] for task in tasks}) == 3
    for task in tasks:
        assert (task["startedBy"], task["group"]) == ("nightly", "jobs")
        assert (task["cpu"], task["memory"]) == ("512", "1024")
    listed = ready.client("ecs").list_tasks(cluster="app", startedBy="nightly")["taskArns"]
    assert set(listed) == {task["taskArn"] for task in tasks}
    for wrong in ({"cpu": "300"}, {"memory": "8192"}, {"cpu": "1024", "memory": "512"}):
        with pytest.raises(ClientError, match="No Fargate configuration exists"):
            run(ready, overrides=wrong)


def test_list_tasks_filters(ready: Served) -> None:
    ready.cluster("app-two")
    ready.task_definition("other")
    (first,) = run(ready, startedBy="me")
    (second,) = run(ready, taskDefinition="other")
    (third,) = run(ready, cluster="app-two")
    ecs = ready.client("ecs")

    def arns(**wanted: Any) -> set[str]:
        return set(ecs.list_tasks(**wanted)["taskArns"])

    assert arns(cluster="app") == {first["taskArn"], second["taskArn"]}
    assert arns(cluster="app-two") == {third["taskArn"]}
    assert arns(cluster="app", startedBy="me") == {first["taskArn"]}
    assert arns(cluster="app", family="other") == {second["taskArn"]}


def test_lists_come_in_order_and_in_pages(ready: Served) -> None:
    ecs = ready.client("ecs")
    for _ in range(10):
        ready.task_definition()
    ready.task_definition("apple")

    def names(**asked: Any) -> list[str]:
        pages = ecs.get_paginator("list_task_definitions").paginate(
            PaginationConfig={"PageSize": 4}, **asked
        )
        return [arn.split("/")[-1] for page in pages for arn in page["taskDefinitionArns"]]

    assert names(familyPrefix="app", sort="DESC") == [f"app:{n}" for n in range(11, 0, -1)]
    assert names() == [*(f"app:{n}" for n in range(1, 12)), "apple:1"]
    newest = ecs.list_task_definitions(familyPrefix="app", sort="DESC", maxResults=1)
    assert newest["taskDefinitionArns"][0].endswith("/app:11")
    ecs.deregister_task_definition(taskDefinition="apple:1")
    families = ecs.list_task_definition_families
    assert families(status="ACTIVE")["families"] == ["app"]
    assert families(status="INACTIVE")["families"] == ["apple"]
    assert families(familyPrefix="app")["families"] == ["app", "apple"]

    arns = {task["taskArn"] for task in run(ready, count=5)}
    pages = list(
        ecs.get_paginator("list_tasks").paginate(cluster="app", PaginationConfig={"PageSize": 2})
    )
    assert [len(page["taskArns"]) for page in pages] == [2, 2, 1]
    assert {arn for page in pages for arn in page["taskArns"]} == arns
    with pytest.raises(ClientError, match="between 1 and 100"):
        ecs.list_tasks(cluster="app", maxResults=101)


def test_an_unknown_task_is_a_failure(ready: Served) -> None:
    answer = ready.client("ecs").describe_tasks(cluster="app", tasks=["0" * 32])
    assert answer["tasks"] == []
    assert answer["failures"][0]["reason"] == "MISSING"


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"cluster": "none"}, "ClusterNotFoundException", "Cluster not found"),
        ({"taskDefinition": "none"}, "ClientException", "TaskDefinition not found"),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-12345678"]}}},
            "InvalidParameterException",
            "The subnet ID 'subnet-12345678' does not exist",
        ),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}},
            "InvalidParameterException",
            "subnets can not be empty",
        ),
        (
            {"overrides": {"containerOverrides": [{"name": "x"}]}},
            "InvalidParameterException",
            "container named x is not a container",
        ),
        ({"launchType": "EC2"}, "InvalidParameterException", "No Container Instances"),
        ({"count": 11}, "InvalidParameterException", "between 1 and 10"),
        (
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            "InvalidParameterException",
            "Specifying both",
        ),
    ],
)
def test_what_ecs_refuses(ready: Served, changes: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(ClientError, match=words) as caught:
        run(ready, **changes)
    assert caught.value.response["Error"]["Code"] == code


def test_run_task_needs_a_network_and_an_active_task_definition(ready: Served) -> None:
    ecs = ready.client("ecs")
    with pytest.raises(ClientError, match="Network Configuration must be provided"):
        ecs.run_task(cluster="app", taskDefinition="app", launchType="FARGATE")
    ecs.deregister_task_definition(taskDefinition="app:1")
    with pytest.raises(ClientError, match="TaskDefinition is inactive"):
        run(ready, taskDefinition="app:1")
    with pytest.raises(ClientError, match="TaskDefinition not found"):
        run(ready)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cpu": "256", "memory": "300"}, "No Fargate configuration exists"),
        ({"networkMode": "bridge"}, "only supports network mode"),
    ],
)
def test_fargates_rules(served: Served, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match=words):
        served.task_definition(**changes)


def test_fargate_sizes_in_words(served: Served) -> None:
    arn = served.task_definition(cpu=".25 vCPU", memory="0.5 GB")
    seen = served.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
    assert (seen["cpu"], seen["memory"]) == ("256", "512")
    assert seen["containerDefinitions"][0]["portMappings"] == [
        {"containerPort": 3000, "hostPort": 3000, "protocol": "tcp"}
    ]
