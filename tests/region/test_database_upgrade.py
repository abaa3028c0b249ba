"""Another major: by pg_upgrade where both are on this machine, with a way back where it fails."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.region.dataplane.database import versions
from tests.support.database import Cluster
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

# What AWS offers of Aurora.
OFFERED = {13: "13.21", 14: "14.18", 15: "15.13", 16: "16.9", 17: "17.5"}


@pytest.fixture(scope="module")
def majors() -> tuple[int, int]:
    """One that this machine has, and a later one for which another of its servers runs."""
    here = sorted({one.major for one in versions.find()})
    pairs = [
        (low, high)
        for low in OFFERED
        for high in OFFERED
        if low in here and high > low and versions.choose(high).major > low
    ]
    if not pairs:
        pytest.skip("this machine has no two majors of PostgreSQL that Aurora has too")
    return pairs[-1]


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "upgrade", "10.79.0.0/16")


def told(place: Scenario, name: str) -> list[str]:
    found = place.region.client("rds").describe_events(
        SourceIdentifier=name, SourceType="db-cluster"
    )["Events"]
    return [one["Message"] for one in found]


def upgraded(cluster: Cluster, version: str) -> dict[str, Any]:
    eventually(
        lambda: (
            cluster.describe()["EngineVersion"] == version
            and cluster.describe()["Status"] == "available"
        ),
        f"{cluster.name} has {version}",
        60,
    )
    return cluster.describe()


@takes_minutes
def test_data_passwords_and_readers_outlive_another_major(
    place: Scenario, majors: tuple[int, int]
) -> None:
    rds = place.region.client("rds")
    before, after = (OFFERED[one] for one in majors)
    cluster = Cluster.create(place, "upg-db", EngineVersion=before, BackupRetentionPeriod=3)
    cluster.add_instance(1)
    cluster.wait_available()
    cluster.wait_available(number=1)
    cluster.ask("create table kept as select 42 as n")

    def ask_for(version: str, **more: Any) -> None:
        rds.modify_db_cluster(
            DBClusterIdentifier="upg-db", EngineVersion=version, ApplyImmediately=True, **more
        )

    with pytest.raises(ClientError, match="AllowMajorVersionUpgrade flag must be present"):
        ask_for(after)
    with pytest.raises(ClientError, match="Cannot upgrade aurora-postgresql from"):
        ask_for("11.21", AllowMajorVersionUpgrade=True)
    ask_for(after, AllowMajorVersionUpgrade=True)
    assert cluster.describe()["Status"] == "upgrading"
    assert cluster.describe()["EngineVersion"] == before
    found = upgraded(cluster, after)
    assert found["DBClusterParameterGroup"] == f"default.aurora-postgresql{majors[1]}"
    for number in (0, 1):
        cluster.wait_available(number=number)
        assert cluster.instance(number)["EngineVersion"] == after
    runs = versions.choose(majors[1])
    show = "select n, current_setting('server_version_num')::int / 10000 from kept"
    assert cluster.ask(show) == [f"42 {runs.major}"]
    assert cluster.ask(show, host=found["ReaderEndpoint"]) == [f"42 {runs.major}"]
    messages = told(place, "upg-db")
    assert "Database cluster engine major version has been upgraded." in messages
    snapshots = rds.describe_db_cluster_snapshots(DBClusterIdentifier="upg-db")
    kept = [one["DBClusterSnapshotIdentifier"] for one in snapshots["DBClusterSnapshots"]]
    assert any(name.startswith(f"preupgrade-upg-db-{majors[0]}-to-{majors[1]}-") for name in kept)
    cluster.delete()


@takes_minutes
def test_one_that_fails_leaves_everything_as_it_was(
    place: Scenario, majors: tuple[int, int]
) -> None:
    rds = place.region.client("rds")
    before, after = (OFFERED[one] for one in majors)
    cluster = Cluster.create(place, "upg-bad", EngineVersion=before)
    cluster.wait_available()
    cluster.ask("create table refused (one regproc)", "create table kept as select 7 as n")
    rds.modify_db_cluster(
        DBClusterIdentifier="upg-bad",
        EngineVersion=after,
        AllowMajorVersionUpgrade=True,
        ApplyImmediately=True,
    )
    cluster.wait_available(60)
    assert cluster.describe()["EngineVersion"] == before
    assert any("can't be upgraded: pg_upgrade" in one for one in told(place, "upg-bad"))
    assert cluster.ask("select n from kept") == ["7"]
    cluster.delete()


@takes_minutes
def test_a_group_of_ones_own_has_to_fit(place: Scenario) -> None:
    rds = place.region.client("rds")
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="upg-own",
        DBParameterGroupFamily="aurora-postgresql15",
        Description="x",
    )
    cluster = Cluster.create(
        place, "upg-own", EngineVersion="15.10", DBClusterParameterGroupName="upg-own"
    )
    wanted = {
        "DBClusterIdentifier": "upg-own",
        "EngineVersion": "16.6",
        "AllowMajorVersionUpgrade": True,
        "ApplyImmediately": True,
    }
    cluster.wait_available()
    with pytest.raises(ClientError, match="You must explicitly specify a new"):
        rds.modify_db_cluster(**wanted)
    with pytest.raises(ClientError, match="DBParameterGroupFamily aurora-postgresql16"):
        rds.modify_db_cluster(**wanted, DBClusterParameterGroupName="upg-own")
    assert cluster.describe()["Status"] == "available"
    cluster.delete()
