"""EFS in the API: mount targets have interfaces of their own, and what moto lacks is kept."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served


@pytest.fixture
def efs(served: Served) -> Any:
    return served.client("efs")


@pytest.fixture
def system(efs: Any) -> str:
    return str(efs.create_file_system(CreationToken="one")["FileSystemId"])


def test_a_mount_target_takes_a_free_address_and_the_default_group(
    served: Served, efs: Any, system: str
) -> None:
    ec2, subnet = served.client("ec2"), served.subnets[0]
    other = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["PrivateIpAddress"]
    made = efs.create_mount_target(FileSystemId=system, SubnetId=subnet)
    assert made["IpAddress"] != other
    (interface,) = ec2.describe_network_interfaces(
        NetworkInterfaceIds=[made["NetworkInterfaceId"]]
    )["NetworkInterfaces"]
    assert interface["PrivateIpAddress"] == made["IpAddress"]
    assert [one["GroupName"] for one in interface["Groups"]] == ["default"]
    with pytest.raises(ClientError, match="in use"):
        ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterfaceId"])
    efs.delete_mount_target(MountTargetId=made["MountTargetId"])
    with pytest.raises(ClientError, match="NotFound"):
        ec2.describe_network_interfaces(NetworkInterfaceIds=[made["NetworkInterfaceId"]])
    efs.delete_file_system(FileSystemId=system)


def test_what_is_not_there_has_no_mount_target(served: Served, efs: Any, system: str) -> None:
    with pytest.raises(ClientError, match="FileSystemNotFound"):
        efs.create_mount_target(FileSystemId="fs-00000000", SubnetId=served.subnets[0])
    with pytest.raises(ClientError, match="SubnetNotFound"):
        efs.create_mount_target(FileSystemId=system, SubnetId="subnet-00000000")


def test_a_backup_policy_and_a_throughput_mode_are_kept(efs: Any, system: str) -> None:
    for status in ("ENABLED", "DISABLED"):
        efs.put_backup_policy(FileSystemId=system, BackupPolicy={"Status": status})
        kept = efs.describe_backup_policy(FileSystemId=system)["BackupPolicy"]
        assert kept == {"Status": status}
    efs.update_file_system(
        FileSystemId=system, ThroughputMode="provisioned", ProvisionedThroughputInMibps=64.0
    )
    (found,) = efs.describe_file_systems(FileSystemId=system)["FileSystems"]
    assert (found["ThroughputMode"], found["ProvisionedThroughputInMibps"]) == ("provisioned", 64.0)
    efs.update_file_system(FileSystemId=system, ThroughputMode="elastic")
    (found,) = efs.describe_file_systems(FileSystemId=system)["FileSystems"]
    assert "ProvisionedThroughputInMibps" not in found
