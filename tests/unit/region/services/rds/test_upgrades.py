"""What RDS takes and refuses of an upgrade to another major, and what it waits with."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served


@pytest.fixture
def served(served: Served) -> Served:
    """With a cluster and a parameter group of each major."""
    rds = served.client("rds")
    for major in (15, 16):
        rds.create_db_cluster_parameter_group(
            DBClusterParameterGroupName=f"own{major}",
            DBParameterGroupFamily=f"aurora-postgresql{major}",
            Description="x",
        )
    rds.create_db_cluster(
        DBClusterIdentifier="db",
        Engine="aurora-postgresql",
        EngineVersion="15.10",
        MasterUsername="postgres",
        MasterUserPassword="correct horse",
        DBClusterParameterGroupName="own15",
    )
    served.store.backend("rds").clusters["db"].status = "available"
    return served


def upgrade(served: Served, *, now: bool = True, **more: Any) -> dict[str, Any]:
    cluster: dict[str, Any] = served.client("rds").modify_db_cluster(
        DBClusterIdentifier="db",
        EngineVersion="16",
        AllowMajorVersionUpgrade=True,
        ApplyImmediately=now,
        **more,
    )["DBCluster"]
    return cluster


def test_a_group_of_the_new_family_is_taken(served: Served) -> None:
    told = upgrade(served, DBClusterParameterGroupName="own16")
    assert (told["Status"], told["EngineVersion"]) == ("upgrading", "15.10")
    assert told["DBClusterParameterGroup"] == "own15"
    rds = served.store.backend("rds")
    rds.upgraded(rds.clusters["db"])
    (told,) = served.client("rds").describe_db_clusters()["DBClusters"]
    assert (told["Status"], told["EngineVersion"]) == ("available", "16.9")
    assert told["DBClusterParameterGroup"] == "own16"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "own15 is custom"),
        ({"DBClusterParameterGroupName": "own15"}, "DBParameterGroupFamily aurora-postgresql15 "),
        ({"DBClusterParameterGroupName": "default.aurora-postgresql15"}, "cannot be used"),
    ],
)
def test_one_that_does_not_fit_is_refused(served: Served, more: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match=words):
        upgrade(served, **more)
    (told,) = served.client("rds").describe_db_clusters()["DBClusters"]
    assert told["Status"] == "available"


def test_it_waits_for_the_maintenance_window_with_all_that_was_asked(served: Served) -> None:
    told = upgrade(served, now=False, DBClusterParameterGroupName="own16")
    assert told["Status"] == "available"
    assert told["PendingModifiedValues"] == {"EngineVersion": "16.9"}
    rds = served.store.backend("rds")
    rds.apply_pending(rds.clusters["db"])
    assert rds.clusters["db"].status == "upgrading"
    rds.upgraded(rds.clusters["db"])
    assert rds.clusters["db"].parameter_group == "own16"


NOT_ALLOWED = (
    "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
)


@pytest.fixture
def plain(served: Served) -> Served:
    """With an instance of its own."""
    served.client("rds").create_db_instance(
        DBInstanceIdentifier="plain",
        Engine="postgres",
        EngineVersion="15.12",
        DBInstanceClass="db.t4g.medium",
        AllocatedStorage=20,
        MasterUsername="postgres",
        MasterUserPassword="correct horse",
    )
    served.store.backend("rds").databases["plain"].status = "available"
    return served


@pytest.mark.parametrize("flag", [{}, {"AllowMajorVersionUpgrade": False}], ids=["none", "false"])
@pytest.mark.parametrize("at_once", [False, True])
def test_another_major_that_was_not_allowed_is_refused(
    plain: Served, flag: dict[str, Any], at_once: bool
) -> None:
    rds = plain.client("rds")
    wanted = {"EngineVersion": "16", "ApplyImmediately": at_once, **flag}
    refused = []
    with pytest.raises(ClientError) as caught:
        rds.modify_db_cluster(DBClusterIdentifier="db", **wanted)
    refused.append(caught.value.response["Error"])
    with pytest.raises(ClientError) as caught:
        rds.modify_db_instance(DBInstanceIdentifier="plain", **wanted)
    refused.append(caught.value.response["Error"])
    assert {one["Code"] for one in refused} == {"InvalidParameterCombination"}
    assert {one["Message"] for one in refused} == {NOT_ALLOWED}
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    (instance,) = rds.describe_db_instances()["DBInstances"]
    assert (cluster["Status"], cluster["EngineVersion"]) == ("available", "15.10")
    assert (instance["DBInstanceStatus"], instance["EngineVersion"]) == ("available", "15.12")


def test_an_instance_of_its_own_is_upgraded_when_it_is_allowed(plain: Served) -> None:
    rds = plain.client("rds")
    told = rds.modify_db_instance(
        DBInstanceIdentifier="plain",
        EngineVersion="16",
        AllowMajorVersionUpgrade=True,
        ApplyImmediately=True,
    )["DBInstance"]
    assert (told["DBInstanceStatus"], told["EngineVersion"]) == ("upgrading", "15.12")
    backend = plain.store.backend("rds")
    backend.upgraded(backend.databases["plain"])
    (told,) = rds.describe_db_instances()["DBInstances"]
    assert (told["DBInstanceStatus"], told["EngineVersion"]) == ("available", "16.10")
