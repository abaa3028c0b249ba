"""EFS in tasks: files that last, access points, and the security group of the mount target."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.scenario import Scenario

pytestmark = pytest.mark.region

_numbers = itertools.count(1)


@dataclass
class Shared:
    """A file system with a mount target in each subnet, and their security group."""

    place: Scenario
    api: Any
    system: str
    group: str

    def run(self, command: str, **settings: Any) -> str:
        """A task whose shell has the file system at /mnt/shared."""
        mount = {"sourceVolume": "shared", "containerPath": "/mnt/shared"}
        family = f"efs-{next(_numbers)}"
        self.place.region.client("ecs").register_task_definition(
            family=family,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            executionRoleArn=self.place.role,
            containerDefinitions=[
                self.place.container("app", "shell:1", [command], mountPoints=[mount])
            ],
            volumes=[
                {
                    "name": "shared",
                    "efsVolumeConfiguration": {"fileSystemId": self.system, **settings},
                }
            ],
        )
        return self.place.run(family)

    def ended(self, task: str) -> dict[str, Any]:
        return self.place.wait(task, "STOPPED", 30)

    def allow(self) -> None:
        """Let everybody in at NFS's port."""
        everybody = [{"CidrIp": "0.0.0.0/0"}]
        rule = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "IpRanges": everybody}
        self.place.region.client("ec2").authorize_security_group_ingress(
            GroupId=self.group, IpPermissions=[rule]
        )


@pytest.fixture
def shared(scenario: Scenario) -> Iterator[Shared]:
    api, name = scenario.region.client("efs"), f"efs-{next(_numbers)}"
    group = scenario.region.client("ec2").create_security_group(
        GroupName=name, Description="NFS", VpcId=scenario.vpc
    )["GroupId"]
    system = api.create_file_system(CreationToken=name)["FileSystemId"]
    for subnet in scenario.subnets:
        api.create_mount_target(FileSystemId=system, SubnetId=subnet, SecurityGroups=[group])
    yield Shared(scenario, api, system, group)
    for one in api.describe_mount_targets(FileSystemId=system)["MountTargets"]:
        api.delete_mount_target(MountTargetId=one["MountTargetId"])
    for point in api.describe_access_points(FileSystemId=system)["AccessPoints"]:
        api.delete_access_point(AccessPointId=point["AccessPointId"])
    api.delete_file_system(FileSystemId=system)


def test_what_a_task_writes_is_there_for_the_next_one(shared: Shared) -> None:
    shared.allow()
    wrote = shared.ended(shared.run("echo lasts > /mnt/shared/note"))
    assert wrote["stopCode"] == "EssentialContainerExited"
    reader = shared.run("cat /mnt/shared/note; ls -d /mnt/shared/*")
    shared.ended(reader)
    assert shared.place.output(reader) == ["lasts", "/mnt/shared/note"]

    point = shared.api.create_access_point(
        ClientToken="p",
        FileSystemId=shared.system,
        RootDirectory={
            "Path": "/inner",
            "CreationInfo": {"OwnerUid": 0, "OwnerGid": 0, "Permissions": "0755"},
        },
    )["AccessPointId"]
    settings = {
        "transitEncryption": "ENABLED",
        "authorizationConfig": {"accessPointId": point},
    }
    shared.ended(shared.run("echo inside > /mnt/shared/own", **settings))
    looker = shared.run("cat /mnt/shared/inner/own")
    shared.ended(looker)
    assert shared.place.output(looker) == ["inside"]


def test_a_mount_target_that_lets_nobody_in_stops_the_task(shared: Shared) -> None:
    stopped = shared.ended(shared.run("true"))
    assert stopped["stopCode"] == "TaskFailedToStart"
    assert "failed to invoke EFS utils commands" in stopped["stoppedReason"]
    assert ":2049" in stopped["stoppedReason"]


def test_what_is_not_there_stops_the_task(shared: Shared) -> None:
    shared.allow()
    missing = shared.ended(shared.run("true", rootDirectory="/nowhere"))
    assert "No such file or directory" in missing["stoppedReason"]
    (system, shared.system) = (shared.system, "fs-00000000")
    unknown = shared.ended(shared.run("true"))
    assert 'Failed to resolve "fs-00000000.efs.' in unknown["stoppedReason"]
    shared.system = system


def test_a_mount_target_has_an_interface_of_its_own(shared: Shared) -> None:
    ec2 = shared.place.region.client("ec2")
    (one, _) = shared.api.describe_mount_targets(FileSystemId=shared.system)["MountTargets"]
    (interface,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[one["NetworkInterfaceId"]])[
        "NetworkInterfaces"
    ]
    assert interface["PrivateIpAddress"] == one["IpAddress"]
    assert interface["Status"] == "in-use"
    assert [group["GroupId"] for group in interface["Groups"]] == [shared.group]
    shared.api.delete_mount_target(MountTargetId=one["MountTargetId"])
    left = ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["EFS*"]}])
    assert one["NetworkInterfaceId"] not in str(left)
    again = shared.api.create_mount_target(FileSystemId=shared.system, SubnetId=one["SubnetId"])
    groups = shared.api.describe_mount_target_security_groups(MountTargetId=again["MountTargetId"])
    assert len(groups["SecurityGroups"]) == 1
