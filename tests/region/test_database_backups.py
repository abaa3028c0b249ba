"""Snapshots with data in them, restores, and points in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.database import Cluster
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "backups", "10.75.0.0/16")


@pytest.fixture(scope="module")
def cluster(place: Scenario) -> Iterator[Cluster]:
    cluster = Cluster.create(place, "bak-db", BackupRetentionPeriod=7)
    cluster.wait_available()
    yield cluster
    cluster.delete()


def snapshot(region: TestRegion, name: str) -> dict[str, Any]:
    found: dict[str, Any] = region.client("rds").describe_db_cluster_snapshots(
        DBClusterSnapshotIdentifier=name
    )["DBClusterSnapshots"][0]
    return found


def taken(region: TestRegion, name: str) -> None:
    eventually(lambda: snapshot(region, name)["Status"] == "available", f"{name} is taken", 30)


def restored(place: Scenario, name: str) -> Cluster:
    """A cluster that was restored, with an instance."""
    cluster = Cluster(place, name)
    cluster.add_instance(0)
    cluster.wait_available()
    return cluster


@takes_minutes
def test_what_is_restored_is_what_there_was(cluster: Cluster, place: Scenario) -> None:
    region, rds = place.region, place.region.client("rds")
    cluster.ask("create table kept (n int)", "insert into kept select generate_series(1, 1000)")
    rds.create_db_cluster_snapshot(
        DBClusterIdentifier="bak-db", DBClusterSnapshotIdentifier="first"
    )
    assert snapshot(region, "first")["Status"] == "creating"
    taken(region, "first")
    cluster.ask("drop table kept")
    rds.copy_db_cluster_snapshot(
        SourceDBClusterSnapshotIdentifier="first", TargetDBClusterSnapshotIdentifier="second"
    )
    rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="first")
    rds.create_db_subnet_group(
        DBSubnetGroupName="bak-new", DBSubnetGroupDescription="x", SubnetIds=place.subnets
    )
    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="bak-new",
        SnapshotIdentifier="second",
        Engine="aurora-postgresql",
        DBSubnetGroupName="bak-new",
        VpcSecurityGroupIds=[place.group],
    )
    again = restored(place, "bak-new")
    assert again.ask("select count(*), max(n) from kept", "insert into kept values (0)") == [
        "1000 1000"
    ]
    again.add_instance(1)
    again.wait_available(number=1)
    reader = again.describe()["ReaderEndpoint"]
    query = "select pg_is_in_recovery(), count(*) from kept"
    assert again.ask(query, host=reader) == ["True 1001"]
    again.delete()
    messages = [
        one["Message"]
        for one in rds.describe_events(SourceType="db-cluster", SourceIdentifier="bak-db")["Events"]
    ]
    assert {"Creating manual cluster snapshot", "Manual cluster snapshot created"} <= set(messages)


def test_a_point_in_time_has_what_was_committed_then_and_nothing_later(
    cluster: Cluster, place: Scenario
) -> None:
    region, rds = place.region, place.region.client("rds")

    def automated() -> bool:
        found = rds.describe_db_cluster_snapshots(
            DBClusterIdentifier="bak-db", SnapshotType="automated"
        )["DBClusterSnapshots"]
        return bool([one for one in found if one["Status"] == "available"])

    eventually(automated, "the automated snapshot", 30)
    cluster.ask("create table timed (n int)", "insert into timed values (1)")
    now = datetime.now(UTC)
    cluster.ask("insert into timed values (2)")
    rds.create_db_subnet_group(
        DBSubnetGroupName="bak-then", DBSubnetGroupDescription="x", SubnetIds=place.subnets
    )
    for name, when in (
        ("bak-then", {"RestoreToTime": now}),
        ("bak-last", {"UseLatestRestorableTime": True}),
    ):
        rds.restore_db_cluster_to_point_in_time(
            DBClusterIdentifier=name,
            SourceDBClusterIdentifier="bak-db",
            DBSubnetGroupName="bak-then",
            VpcSecurityGroupIds=[place.group],
            **when,
        )
    then, last = restored(place, "bak-then"), restored(place, "bak-last")
    assert then.ask("select n from timed order by n", "insert into timed values (9)") == ["1"]
    assert last.ask("select n from timed order by n") == ["1", "2"]
    then.delete(group=False)
    last.delete(group=False)
    with pytest.raises(rds.exceptions.ClientError, match="not within the restorable period"):
        rds.restore_db_cluster_to_point_in_time(
            DBClusterIdentifier="too-early",
            SourceDBClusterIdentifier="bak-db",
            RestoreToTime=datetime(2020, 1, 1, tzinfo=UTC),
        )
    assert region.workspace.databases.is_dir()


def test_a_final_snapshot_outlives_its_cluster(place: Scenario) -> None:
    region, rds = place.region, place.region.client("rds")
    cluster = Cluster.create(place, "bak-end", DeletionProtection=True)
    cluster.wait_available()
    cluster.ask("create table kept (n int)", "insert into kept values (42)")
    rds.delete_db_instance(DBInstanceIdentifier="bak-end-0")
    with pytest.raises(rds.exceptions.ClientError, match="Cannot delete protected Cluster"):
        rds.delete_db_cluster(DBClusterIdentifier="bak-end", SkipFinalSnapshot=True)
    rds.modify_db_cluster(DBClusterIdentifier="bak-end", DeletionProtection=False)
    rds.delete_db_cluster(DBClusterIdentifier="bak-end", FinalDBSnapshotIdentifier="the-end")

    def gone() -> bool:
        clusters = rds.describe_db_clusters()["DBClusters"]
        return "bak-end" not in [one["DBClusterIdentifier"] for one in clusters]

    eventually(gone, "the cluster is gone", 30)
    taken(region, "the-end")
    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="bak-phoenix",
        SnapshotIdentifier="the-end",
        Engine="aurora-postgresql",
        DBSubnetGroupName="bak-end",
        VpcSecurityGroupIds=[place.group],
    )
    again = restored(place, "bak-phoenix")
    assert again.ask("select n from kept") == ["42"]
    again.delete(group=False)
    folder = region.workspace.databases
    kept = set(folder.glob("snap-*"))
    unfinished = folder / ".new-snap-of-a-kill"
    unfinished.mkdir()
    rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="the-end")
    eventually(lambda: len(kept - set(folder.glob("snap-*"))) == 1, "its data are gone", 20)
    eventually(lambda: not unfinished.exists(), "and what a kill left", 20)


class Alone:
    """RDS instances that are in no cluster."""

    def __init__(self, place: Scenario) -> None:
        self.place, self.rds = place, place.region.client("rds")
        self.how: dict[str, Any] = {"VpcSecurityGroupIds": [place.group]}

    def create(self, name: str, **more: Any) -> None:
        self.rds.create_db_subnet_group(
            DBSubnetGroupName=name, DBSubnetGroupDescription="x", SubnetIds=self.place.subnets
        )
        self.how["DBSubnetGroupName"] = name
        self.rds.create_db_instance(
            DBInstanceIdentifier=name,
            Engine="postgres",
            DBInstanceClass="db.t4g.micro",
            AllocatedStorage=20,
            MasterUsername="boss",
            MasterUserPassword="x" * 12,
            DBName="shop",
            **self.how,
            **more,
        )
        self.wait(name)

    def describe(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.rds.describe_db_instances(DBInstanceIdentifier=name)[
            "DBInstances"
        ][0]
        return found

    def wait(self, name: str, status: str = "available") -> None:
        eventually(lambda: self.describe(name)["DBInstanceStatus"] == status, f"{name} is", 40)

    def ask(self, name: str, query: str) -> list[str]:
        script = (
            "import sys, psycopg\n"
            "host, query, word = sys.argv[1:]\n"
            "with psycopg.connect(host=host, user='boss', password=word, dbname='shop') as c:\n"
            "    found = c.execute(query)\n"
            "    print(*(found.fetchone() if found.description else ()))\n"
        )
        address = self.describe(name)["Endpoint"]["Address"]
        arn = self.place.run(self.place.define("psql:1", [script, address, query, "x" * 12]))
        self.place.wait(arn, "STOPPED", 30)
        return self.place.output(arn)

    def delete(self, name: str, **how: Any) -> None:
        self.rds.delete_db_instance(
            DBInstanceIdentifier=name, **(how or {"SkipFinalSnapshot": True})
        )

        def gone() -> bool:
            instances = self.rds.describe_db_instances()["DBInstances"]
            return name not in [one["DBInstanceIdentifier"] for one in instances]

        eventually(gone, f"{name} is gone", 30)


@pytest.fixture
def alone(place: Scenario) -> Alone:
    return Alone(place)


@takes_minutes
def test_an_instance_on_its_own_has_snapshots_too(alone: Alone) -> None:
    alone.create("alone")
    alone.ask("alone", "create table kept as select 7 as n")
    alone.delete("alone", FinalDBSnapshotIdentifier="alone-end")
    alone.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="alone-again", DBSnapshotIdentifier="alone-end", **alone.how
    )
    alone.wait("alone-again")
    assert alone.ask("alone-again", "select n from kept") == ["7"]
    alone.rds.stop_db_instance(DBInstanceIdentifier="alone-again")
    alone.wait("alone-again", "stopped")
    alone.rds.start_db_instance(DBInstanceIdentifier="alone-again")
    alone.wait("alone-again")
    alone.delete("alone-again")
    alone.rds.delete_db_snapshot(DBSnapshotIdentifier="alone-end")


@takes_minutes
def test_an_instance_on_its_own_goes_back_to_a_point_in_time(alone: Alone) -> None:
    alone.create("solo", BackupRetentionPeriod=3)

    def automated() -> bool:
        found = alone.rds.describe_db_snapshots(
            DBInstanceIdentifier="solo", SnapshotType="automated"
        )["DBSnapshots"]
        return bool([one for one in found if one["Status"] == "available"])

    eventually(automated, "the automated snapshot", 30)
    alone.ask("solo", "create table timed as select 1 as n")
    now = datetime.now(UTC)
    alone.ask("solo", "insert into timed values (2)")
    alone.rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="solo",
        TargetDBInstanceIdentifier="solo-then",
        RestoreTime=now,
        **alone.how,
    )
    alone.wait("solo-then")
    query = "select count(*), max(n) from timed"
    assert alone.ask("solo-then", query) == ["1 1"]
    assert alone.ask("solo", query) == ["2 2"]
    assert alone.describe("solo-then")["MasterUsername"] == "boss"
    with pytest.raises(alone.rds.exceptions.ClientError, match="not within the restorable period"):
        alone.rds.restore_db_instance_to_point_in_time(
            SourceDBInstanceIdentifier="solo",
            TargetDBInstanceIdentifier="solo-early",
            RestoreTime=datetime(2020, 1, 1, tzinfo=UTC),
        )
    alone.delete("solo-then")
    alone.delete("solo")
