"""EBS volumes of tasks in the API: what is refused, and what EC2 shows of them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served

ROLE = "arn:aws:iam::123456789012:role/infrastructure"
MANAGED = {"sizeInGiB": 3, "roleArn": ROLE}


@pytest.fixture
def ecs(served: Served) -> Any:
    served.cluster()
    served.task_definition(volumes=[{"name": "data", "configuredAtLaunch": True}, {"name": "own"}])
    return served.client("ecs")


def run(served: Served, managed: dict[str, Any], name: str = "data") -> dict[str, Any]:
    answer = served.client("ecs").run_task(
        cluster="app",
        taskDefinition="app",
        launchType="FARGATE",
        networkConfiguration=served.network,
        volumeConfigurations=[{"name": name, "managedEBSVolume": managed}],
    )
    found: dict[str, Any] = answer["tasks"][0]
    return found


@pytest.mark.parametrize(
    ("managed", "name", "words"),
    [
        (MANAGED, "own", "not configuredAtLaunch"),
        ({"roleArn": ROLE}, "data", "sizeInGiB or snapshotId"),
        ({"roleArn": ROLE, "snapshotId": "snap-1"}, "data", "no data of EBS snapshots"),
        ({**MANAGED, "filesystemType": "ntfs"}, "data", "filesystemType"),
    ],
)
def test_what_cannot_be_is_refused(
    served: Served, ecs: Any, managed: dict[str, Any], name: str, words: str
) -> None:
    with pytest.raises(ClientError, match=words):
        run(served, managed, name)
    assert ecs.list_tasks(cluster="app")["taskArns"] == []


def test_a_tasks_volume_is_in_use_until_it_is_released(served: Served, ecs: Any) -> None:
    task = run(
        served,
        {
            **MANAGED,
            "volumeType": "gp3",
            "tagSpecifications": [
                {"resourceType": "volume", "tags": [{"key": "Team", "value": "x"}]}
            ],
        },
    )
    kinds = [one["type"] for one in task["attachments"]]
    assert kinds == ["ElasticNetworkInterface", "AmazonElasticBlockStorage"]
    subnet = served.subnets[0]
    with served.store.changing("ecs", "ec2"):
        backend = served.store.backend("ecs")
        record = backend.tasks["app"][task["taskArn"]]
        backend.create_task_eni(record, subnet)
        backend.create_task_volumes(record)
        backend.create_task_volumes(record)
    ec2 = served.client("ec2")
    (volume,) = ec2.describe_volumes()["Volumes"]
    assert (volume["State"], volume["Size"], volume["VolumeType"]) == ("in-use", 3, "gp3")
    tags = {one["Key"]: one["Value"] for one in volume["Tags"]}
    assert tags == {"AmazonECSCreated": task["taskArn"], "AmazonECSManaged": "true", "Team": "x"}
    assert volume["Attachments"][0]["AssociatedResource"] == task["taskArn"]
    shown = ecs.describe_tasks(cluster="app", tasks=[task["taskArn"]])["tasks"][0]["attachments"][1]
    details = {one["name"]: one["value"] for one in shown["details"]}
    assert details["volumeId"] == volume["VolumeId"]
    assert (details["volumeName"], details["deleteOnTermination"]) == ("data", "true")
    with pytest.raises(ClientError, match="VolumeInUse"):
        ec2.delete_volume(VolumeId=volume["VolumeId"])
    with served.store.changing("ecs", "ec2"):
        served.store.backend("ecs").delete_task_volumes(record)
    assert ec2.describe_volumes()["Volumes"] == []


def test_a_service_says_which_volumes_a_deployment_has(served: Served, ecs: Any) -> None:
    wanted = [{"name": "data", "managedEBSVolume": MANAGED}]
    made = ecs.create_service(
        cluster="app",
        serviceName="app",
        taskDefinition="app",
        launchType="FARGATE",
        desiredCount=0,
        networkConfiguration=served.network,
        volumeConfigurations=wanted,
    )["service"]
    assert made["deployments"][0]["volumeConfigurations"] == wanted
