"""Changes wait for the maintenance window unless they are to be made at once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from drydock.region.services.rds.operations.pending import within
from drydock.region.services.rds.records import DBInstance
from tests.support.served import Served


def make(served: Served) -> None:
    rds = served.client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="db",
        Engine="aurora-postgresql",
        EngineVersion="16.6",
        MasterUsername="postgres",
        MasterUserPassword="correct horse",
        PreferredMaintenanceWindow="wed:02:40-wed:03:10",
    )
    rds.create_db_instance(
        DBInstanceIdentifier="db-1",
        DBClusterIdentifier="db",
        Engine="aurora-postgresql",
        DBInstanceClass="db.r6g.large",
        PreferredMaintenanceWindow="wed:02:40-wed:03:10",
    )
    with served.store.changing("rds"):
        backend = served.store.backend("rds")
        backend.clusters["db"].status = backend.databases["db-1"].status = "available"


def test_a_change_waits_is_shown_and_is_made_in_its_window(served: Served) -> None:
    make(served)
    rds = served.client("rds")
    rds.modify_db_instance(DBInstanceIdentifier="db-1", DBInstanceClass="db.r6g.xlarge")
    rds.modify_db_cluster(DBClusterIdentifier="db", EngineVersion="16.8")
    instance = rds.describe_db_instances()["DBInstances"][0]
    assert instance["DBInstanceClass"] == "db.r6g.large"
    assert instance["PendingModifiedValues"] == {"DBInstanceClass": "db.r6g.xlarge"}
    cluster = rds.describe_db_clusters()["DBClusters"][0]
    assert cluster["EngineVersion"] == "16.6"
    assert cluster["PendingModifiedValues"] == {"EngineVersion": "16.8"}
    with served.store.changing("rds"):
        backend = served.store.backend("rds")
        assert not backend.maintain(datetime(2026, 11, 25, 2, 39, tzinfo=UTC))
        assert backend.maintain(datetime(2026, 11, 25, 2, 40, tzinfo=UTC))
    instance = rds.describe_db_instances()["DBInstances"][0]
    assert instance["DBInstanceClass"] == "db.r6g.xlarge"
    assert not instance.get("PendingModifiedValues")
    assert rds.describe_db_clusters()["DBClusters"][0]["EngineVersion"] == "16.8"


def make_plain(served: Served) -> None:
    served.client("rds").create_db_instance(
        DBInstanceIdentifier="plain",
        Engine="postgres",
        EngineVersion="16.8",
        DBInstanceClass="db.t4g.medium",
        AllocatedStorage=20,
        MasterUsername="postgres",
        MasterUserPassword="correct horse",
    )
    with served.store.changing("rds"):
        served.store.backend("rds").databases["plain"].status = "available"


@pytest.mark.parametrize("at_once", [False, True])
def test_a_clusters_master_password_never_waits(served: Served, at_once: bool) -> None:
    make(served)
    rds = served.client("rds")
    rds.modify_db_cluster(
        DBClusterIdentifier="db",
        MasterUserPassword="another horse",
        EngineVersion="16.8",
        ApplyImmediately=at_once,
    )
    cluster = rds.describe_db_clusters()["DBClusters"][0]
    waiting = {} if at_once else {"EngineVersion": "16.8"}
    assert cluster.get("PendingModifiedValues", {}) == waiting
    assert cluster["Status"] == "modifying"
    with served.store.locked():
        backend = served.store.backend("rds")
        assert backend.master_password(backend.clusters["db"]) == "another horse"


@pytest.mark.parametrize("at_once", [False, True])
def test_an_instances_master_password_never_waits(served: Served, at_once: bool) -> None:
    make_plain(served)
    rds = served.client("rds")
    rds.modify_db_instance(
        DBInstanceIdentifier="plain",
        MasterUserPassword="another horse",
        DBInstanceClass="db.t4g.large",
        ApplyImmediately=at_once,
    )
    instance = rds.describe_db_instances()["DBInstances"][0]
    waiting = {} if at_once else {"DBInstanceClass": "db.t4g.large"}
    assert instance.get("PendingModifiedValues", {}) == waiting
    assert instance["DBInstanceStatus"] == "modifying"
    with served.store.locked():
        backend = served.store.backend("rds")
        plain = backend.databases["plain"]
        assert isinstance(plain, DBInstance)
        assert backend.master_password(plain) == "another horse"


def test_a_password_that_an_older_region_held_back_does_not_undo_a_newer_one(
    served: Served,
) -> None:
    make(served)
    with served.store.changing("rds"):
        cluster = served.store.backend("rds").clusters["db"]
        cluster.held_back = {"master_user_password": "older horse"}
    served.client("rds").modify_db_cluster(DBClusterIdentifier="db", MasterUserPassword="new horse")
    with served.store.changing("rds"):
        backend = served.store.backend("rds")
        assert not backend.apply_pending(cluster)
        assert backend.master_password(cluster) == "new horse"


def test_a_password_is_in_no_answer(served: Served) -> None:
    make(served)
    rds = served.client("rds")
    told = rds.modify_db_cluster(DBClusterIdentifier="db", MasterUserPassword="another horse")
    assert "another horse" not in str((told, rds.describe_db_clusters()))


@pytest.mark.parametrize(
    ("window", "day", "hour", "minute", "is_within"),
    [
        ("wed:02:40-wed:03:10", 25, 2, 40, True),
        ("wed:02:40-wed:03:10", 25, 3, 10, False),
        ("sun:23:45-mon:00:15", 22, 23, 50, True),
        ("sun:23:45-mon:00:15", 23, 0, 10, True),
        ("sun:23:45-mon:00:15", 23, 0, 15, False),
    ],
)
def test_a_window_is_a_part_of_the_week(
    window: str, day: int, hour: int, minute: int, is_within: bool
) -> None:
    assert within(window, datetime(2026, 11, day, hour, minute, tzinfo=UTC)) is is_within
