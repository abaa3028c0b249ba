"""A database or a snapshot whose files are gone is failed and named, never empty and available."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.region.host import launcher
from tests.support import region as support
from tests.support.database import Cluster
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region


def volume(cluster: Cluster) -> Path:
    databases = cluster.scenario.region.workspace.databases
    return databases / str(cluster.describe()["DbClusterResourceId"])


def problem(region: TestRegion, resource: str) -> str:
    """What `drydock status` tells of a resource."""
    found = [one for one in region.inspect()["problems"] if one["resource"] == resource]
    return str(found[0]["error"]) if found else ""


def snapshot(region: TestRegion, name: str) -> dict[str, Any]:
    found: dict[str, Any] = region.client("rds").describe_db_cluster_snapshots(
        DBClusterSnapshotIdentifier=name
    )["DBClusterSnapshots"][0]
    return found


@takes_minutes
@pytest.mark.parametrize("how", ["gone", "emptied", "without PG_VERSION"])
def test_a_cluster_whose_data_are_gone_has_failed_until_they_are_back(
    own_region: TestRegion, how: str
) -> None:
    cluster = Cluster.create(Scenario.build(own_region, "lost"), "lost-db")
    cluster.wait_available()
    cluster.ask("create table kept (n int)", "insert into kept values (42)")
    folder, arn = volume(cluster), cluster.describe()["DBClusterArn"]
    launcher.stop(own_region.workspace)
    aside = folder.with_name("aside")
    shutil.copytree(folder, aside, symlinks=True)
    if how == "without PG_VERSION":
        (folder / "data" / "PG_VERSION").unlink()
    else:
        shutil.rmtree(folder)
    if how == "emptied":
        folder.mkdir()
    own_region.record = support.start(own_region.workspace)
    eventually(lambda: cluster.describe()["Status"] == "failed", "the cluster has failed")
    assert cluster.instance()["DBInstanceStatus"] == "failed"
    words = eventually(lambda: problem(own_region, arn), "the problem is told")
    assert words is not None
    assert str(folder) in words
    assert "restore one of its snapshots" in words
    assert "lost" in own_region.log
    assert how != "gone" or not folder.exists()
    with pytest.raises(ClientError, match="InvalidDBClusterStateFault"):
        own_region.client("rds").create_db_cluster_snapshot(
            DBClusterIdentifier="lost-db", DBClusterSnapshotIdentifier="none"
        )
    shutil.rmtree(folder, ignore_errors=True)
    aside.rename(folder)
    cluster.wait_available()
    assert cluster.ask("select n from kept") == ["42"]
    eventually(lambda: not problem(own_region, arn), "the problem is over")


def test_a_failed_cluster_can_be_deleted(own_region: TestRegion) -> None:
    cluster = Cluster.create(Scenario.build(own_region, "lost"), "lost-db")
    cluster.wait_available()
    folder = volume(cluster)
    launcher.stop(own_region.workspace)
    shutil.rmtree(folder)
    own_region.record = support.start(own_region.workspace)
    eventually(lambda: cluster.describe()["Status"] == "failed", "the cluster has failed")
    cluster.delete()
    assert not own_region.inspect()["problems"]


@takes_minutes
def test_an_instance_on_its_own_whose_data_are_gone_has_failed(own_region: TestRegion) -> None:
    place, rds = Scenario.build(own_region, "lost"), own_region.client("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="own", DBSubnetGroupDescription="x", SubnetIds=place.subnets
    )
    rds.create_db_instance(
        DBInstanceIdentifier="own",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="boss",
        MasterUserPassword="first-Passw0rd",
        DBSubnetGroupName="own",
        VpcSecurityGroupIds=[place.group],
    )

    def described() -> dict[str, Any]:
        client = own_region.client("rds")
        found: dict[str, Any] = client.describe_db_instances()["DBInstances"][0]
        return found

    eventually(lambda: described()["DBInstanceStatus"] == "available", "it is available", 40)
    folder = own_region.workspace.databases / described()["DbiResourceId"]
    shutil.rmtree(folder)  # under the server that runs
    own_region.restart()
    eventually(lambda: described()["DBInstanceStatus"] == "failed", "it has failed")
    assert str(folder) in problem(own_region, described()["DBInstanceArn"])


@takes_minutes
def test_a_snapshot_whose_data_are_gone_has_failed_and_restores_nothing(
    own_region: TestRegion,
) -> None:
    place = Scenario.build(own_region, "lost")
    cluster, rds = Cluster.create(place, "lost-db"), own_region.client("rds")
    cluster.wait_available()
    rds.create_db_cluster_snapshot(DBClusterIdentifier="lost-db", DBClusterSnapshotIdentifier="one")
    eventually(lambda: snapshot(own_region, "one")["Status"] == "available", "it is taken", 30)
    (folder,) = own_region.workspace.databases.glob("snap-*")
    launcher.stop(own_region.workspace)
    aside = folder.with_name("aside")
    folder.rename(aside)
    own_region.record = support.start(own_region.workspace)
    rds = own_region.client("rds")
    eventually(lambda: snapshot(own_region, "one")["Status"] == "failed", "it has failed")
    assert str(folder) in problem(own_region, "snapshots")
    assert "DB snapshot one" in problem(own_region, "snapshots")
    with pytest.raises(ClientError, match="InvalidDBClusterSnapshotStateFault"):
        rds.restore_db_cluster_from_snapshot(
            DBClusterIdentifier="new", SnapshotIdentifier="one", Engine="aurora-postgresql"
        )
    aside.rename(folder)
    rds.create_db_subnet_group(  # a change: everything is looked at again
        DBSubnetGroupName="new", DBSubnetGroupDescription="x", SubnetIds=place.subnets
    )
    eventually(lambda: snapshot(own_region, "one")["Status"] == "available", "it is there again")
