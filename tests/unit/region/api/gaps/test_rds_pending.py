"""Changes wait for the maintenance window unless they are to be made at once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from drydock.region.api.gaps.rds.pending import within
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
    with served.store.writing("rds"):
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
    with served.store.writing("rds"):
        backend = served.store.backend("rds")
        assert not backend.maintain(datetime(2026, 11, 25, 2, 39, tzinfo=UTC))
        assert backend.maintain(datetime(2026, 11, 25, 2, 40, tzinfo=UTC))
    instance = rds.describe_db_instances()["DBInstances"][0]
    assert instance["DBInstanceClass"] == "db.r6g.xlarge"
    assert not instance.get("PendingModifiedValues")
    assert rds.describe_db_clusters()["DBClusters"][0]["EngineVersion"] == "16.8"


def test_what_is_to_apply_immediately_does_and_a_password_is_never_shown(served: Served) -> None:
    make(served)
    rds = served.client("rds")
    rds.modify_db_cluster(DBClusterIdentifier="db", MasterUserPassword="another horse")
    pending = rds.describe_db_clusters()["DBClusters"][0]["PendingModifiedValues"]
    assert pending == {"MasterUserPassword": "****"}
    rds.modify_db_cluster(
        DBClusterIdentifier="db", MasterUserPassword="third horse", ApplyImmediately=True
    )
    cluster = rds.describe_db_clusters()["DBClusters"][0]
    assert not cluster.get("PendingModifiedValues")
    assert cluster["Status"] == "modifying"
    with served.store.reading():
        backend = served.store.backend("rds")
        assert backend.master_password(backend.clusters["db"]) == "third horse"


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
