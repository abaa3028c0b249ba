"""Clusters and instances keep what was asked for and change state when a controller says so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served


def create_cluster(served: Served, **changes: Any) -> dict[str, Any]:
    wanted = {
        "DBClusterIdentifier": "db",
        "Engine": "aurora-postgresql",
        "EngineVersion": "16",
        "DatabaseName": "app",
        "MasterUsername": "postgres",
        "MasterUserPassword": "correct horse",
    }
    given = {key: value for key, value in {**wanted, **changes}.items() if value is not None}
    cluster: dict[str, Any] = served.client("rds").create_db_cluster(**given)["DBCluster"]
    return cluster


def create_instance(served: Served, **changes: Any) -> dict[str, Any]:
    wanted = {
        "DBInstanceIdentifier": "db-1",
        "DBClusterIdentifier": "db",
        "Engine": "aurora-postgresql",
        "DBInstanceClass": "db.serverless",
    }
    instance: dict[str, Any] = served.client("rds").create_db_instance(**{**wanted, **changes})[
        "DBInstance"
    ]
    return instance


def cluster(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = served.client("rds").describe_db_clusters(DBClusterIdentifier="db")[
        "DBClusters"
    ][0]
    return found


def set_status(served: Served, status: str) -> None:
    with served.store.changing("rds"):
        served.store.backend("rds").clusters["db"].status = status


def test_a_cluster_is_creating_until_it_is_available(served: Served) -> None:
    create_cluster(served)
    create_instance(served)
    rds = served.client("rds")
    for _ in range(3):
        assert cluster(served)["Status"] == "creating"
        assert rds.describe_db_instances()["DBInstances"][0]["DBInstanceStatus"] == "creating"
    with served.store.changing("rds"):
        backend = served.store.backend("rds")
        backend.clusters["db"].status = "available"
        backend.databases["db-1"].status = "available"
    assert cluster(served)["Status"] == "available"
    assert rds.describe_db_instances()["DBInstances"][0]["DBInstanceStatus"] == "available"


def test_everything_that_terraform_writes_is_read_back(served: Served) -> None:
    scaling = {"MinCapacity": 0.0, "MaxCapacity": 2.0, "SecondsUntilAutoPause": 300}
    create_cluster(
        served,
        ServerlessV2ScalingConfiguration=scaling,
        BackupRetentionPeriod=7,
        CopyTagsToSnapshot=True,
        DeletionProtection=True,
        EnableCloudwatchLogsExports=["postgresql"],
        EnableIAMDatabaseAuthentication=True,
        NetworkType="IPV4",
        PreferredBackupWindow="17:00-18:00",
        StorageEncrypted=True,
        Tags=[{"Key": "a", "Value": "b"}],
    )
    seen = cluster(served)
    assert seen["ServerlessV2ScalingConfiguration"] == scaling
    assert seen["BackupRetentionPeriod"] == 7
    assert seen["CopyTagsToSnapshot"]
    assert seen["DeletionProtection"]
    assert seen["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert seen["IAMDatabaseAuthenticationEnabled"]
    assert seen["PreferredBackupWindow"] == "17:00-18:00"
    assert seen["KmsKeyId"].startswith("arn:aws:kms:ap-southeast-2:")
    assert "ScalingConfigurationInfo" not in seen
    assert seen["TagList"] == [{"Key": "a", "Value": "b"}]
    assert seen["EngineVersion"].startswith("16.")
    assert seen["DBClusterParameterGroup"] == "default.aurora-postgresql16"
    assert ".cluster-" in seen["Endpoint"]
    assert ".cluster-ro-" in seen["ReaderEndpoint"]
    assert "correct horse" not in json.dumps(seen, default=str)


def test_an_instance_keeps_performance_insights(served: Served) -> None:
    create_cluster(served)
    wanted = {"PerformanceInsightsRetentionPeriod": 7, "PromotionTier": 1}
    create_instance(served, EnablePerformanceInsights=True, **wanted)
    create_instance(served, DBInstanceIdentifier="db-2")
    rds = served.client("rds")
    first, second = rds.describe_db_instances()["DBInstances"]
    assert first["PerformanceInsightsEnabled"]
    assert {key: first[key] for key in wanted} == wanted
    assert first["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"
    assert first["DbiResourceId"] != second["DbiResourceId"]
    part = cluster(served)["Endpoint"].split(".cluster-")[1]
    assert first["Endpoint"]["Address"] == f"db-1.{part}"
    changed = rds.modify_db_instance(
        DBInstanceIdentifier="db-1",
        EnablePerformanceInsights=False,
        AutoMinorVersionUpgrade=False,
        ApplyImmediately=True,
    )["DBInstance"]
    assert not changed["PerformanceInsightsEnabled"]
    assert not changed["AutoMinorVersionUpgrade"]
    members = {
        one["DBInstanceIdentifier"]: one["IsClusterWriter"]
        for one in cluster(served)["DBClusterMembers"]
    }
    assert members == {"db-1": True, "db-2": False}


def test_instances_spread_over_the_zones(served: Served) -> None:
    rds = served.client("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="data", DBSubnetGroupDescription="data", SubnetIds=served.subnets[:2]
    )
    create_cluster(served, DBSubnetGroupName="data")
    zones = [
        create_instance(served, DBInstanceIdentifier=name)["AvailabilityZone"]
        for name in ("db-1", "db-2")
    ]
    assert len(set(zones)) == 2


def test_a_managed_password_is_a_real_secret(served: Served) -> None:
    made = create_cluster(served, MasterUserPassword=None, ManageMasterUserPassword=True)
    secret = made["MasterUserSecret"]
    assert secret["SecretStatus"] == "active"
    manager = served.client("secretsmanager")
    text = manager.get_secret_value(SecretId=secret["SecretArn"])["SecretString"]
    value = json.loads(text)
    assert set(value) == {"username", "password"}
    assert value["username"] == "postgres"
    assert len(value["password"]) >= 20
    with served.store.locked():
        backend = served.store.backend("rds")
        assert backend.master_password(backend.clusters["db"]) == value["password"]
    other = create_cluster(
        served, DBClusterIdentifier="two", MasterUserPassword=None, ManageMasterUserPassword=True
    )
    text = manager.get_secret_value(SecretId=other["MasterUserSecret"]["SecretArn"])["SecretString"]
    assert json.loads(text)["password"] != value["password"]


def test_a_new_password_is_for_the_controller_to_apply(served: Served) -> None:
    create_cluster(served)
    rds = served.client("rds")
    with pytest.raises(ClientError, match="creating state"):
        rds.modify_db_cluster(DBClusterIdentifier="db", MasterUserPassword="another one")
    set_status(served, "available")
    rds.modify_db_cluster(
        DBClusterIdentifier="db",
        BackupRetentionPeriod=3,
        CloudwatchLogsExportConfiguration={"EnableLogTypes": ["postgresql"]},
        ApplyImmediately=True,
    )
    seen = cluster(served)
    assert seen["Status"] == "available"
    assert seen["BackupRetentionPeriod"] == 3
    assert seen["EnabledCloudwatchLogsExports"] == ["postgresql"]
    rds.modify_db_cluster(
        DBClusterIdentifier="db", MasterUserPassword="another one", ApplyImmediately=True
    )
    assert cluster(served)["Status"] == "modifying"
    with served.store.locked():
        backend = served.store.backend("rds")
        assert backend.master_password(backend.clusters["db"]) == "another one"


def test_deleting_waits_for_the_controller(served: Served) -> None:
    create_cluster(served, DeletionProtection=True)
    create_instance(served)
    set_status(served, "available")
    rds = served.client("rds")
    with pytest.raises(ClientError, match="deletion protection"):
        rds.delete_db_cluster(DBClusterIdentifier="db", SkipFinalSnapshot=True)
    rds.modify_db_cluster(DBClusterIdentifier="db", DeletionProtection=False)
    with pytest.raises(ClientError, match="still contains DB instances"):
        rds.delete_db_cluster(DBClusterIdentifier="db", SkipFinalSnapshot=True)
    gone = rds.delete_db_instance(DBInstanceIdentifier="db-1", SkipFinalSnapshot=True)
    assert gone["DBInstance"]["DBInstanceStatus"] == "deleting"
    with pytest.raises(ClientError, match="FinalDBSnapshotIdentifier is required"):
        rds.delete_db_cluster(DBClusterIdentifier="db")
    rds.delete_db_cluster(DBClusterIdentifier="db", SkipFinalSnapshot=True)
    assert cluster(served)["Status"] == "deleting"
    with served.store.changing("rds"):
        backend = served.store.backend("rds")
        backend.purge_instance(backend.databases["db-1"])
        backend.purge_cluster(backend.clusters["db"])
    with pytest.raises(ClientError) as caught:
        cluster(served)
    assert caught.value.response["Error"]["Code"] == "DBClusterNotFoundFault"
    with pytest.raises(ClientError) as caught:
        rds.describe_db_instances(DBInstanceIdentifier="db-1")
    assert caught.value.response["Error"]["Code"] == "DBInstanceNotFound"
    assert rds.describe_db_cluster_snapshots()["DBClusterSnapshots"] == []


def test_a_managed_secret_goes_with_its_cluster(served: Served) -> None:
    create_cluster(served, MasterUserPassword=None, ManageMasterUserPassword=True)
    served.client("rds").delete_db_cluster(DBClusterIdentifier="db", SkipFinalSnapshot=True)
    with served.store.changing("rds"):
        backend = served.store.backend("rds")
        backend.purge_cluster(backend.clusters["db"])
    assert served.client("secretsmanager").list_secrets()["SecretList"] == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"EngineVersion": "9"}, "InvalidParameterCombination"),
        ({"DBSubnetGroupName": "none"}, "DBSubnetGroupNotFoundFault"),
        ({"MasterUserPassword": "short"}, "InvalidParameterValue"),
        ({"DBClusterIdentifier": "1db"}, "InvalidParameterValue"),
        ({"ManageMasterUserPassword": True}, "InvalidParameterCombination"),
    ],
)
def test_what_rds_refuses(served: Served, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        create_cluster(served, **changes)
    assert caught.value.response["Error"]["Code"] == code


def test_a_second_cluster_of_the_name_is_refused(served: Served) -> None:
    create_cluster(served)
    with pytest.raises(ClientError) as caught:
        create_cluster(served)
    assert caught.value.response["Error"]["Code"] == "DBClusterAlreadyExistsFault"


def test_engine_versions(served: Served) -> None:
    rds = served.client("rds")
    found = rds.describe_db_engine_versions(Engine="aurora-postgresql", EngineVersion="16")
    assert {one["DBParameterGroupFamily"] for one in found["DBEngineVersions"]} == {
        "aurora-postgresql16"
    }
    (default,) = rds.describe_db_engine_versions(Engine="aurora-postgresql", DefaultOnly=True)[
        "DBEngineVersions"
    ]
    assert default["EngineVersion"] == found["DBEngineVersions"][-1]["EngineVersion"]


def test_parameter_groups(served: Served) -> None:
    rds = served.client("rds")
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="pg",
        DBParameterGroupFamily="aurora-postgresql16",
        Description="pg",
    )
    wanted = {"ParameterName": "log_statement", "ParameterValue": "ddl", "ApplyMethod": "immediate"}
    rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName="pg", Parameters=[wanted])
    create_cluster(served, DBClusterParameterGroupName="pg")
    assert cluster(served)["DBClusterParameterGroup"] == "pg"
    seen = rds.describe_db_cluster_parameters(DBClusterParameterGroupName="pg", Source="user")
    assert [{key: one.get(key) for key in wanted} for one in seen["Parameters"]] == [wanted]


def members(served: Served) -> dict[str, bool]:
    found = cluster(served)["DBClusterMembers"]
    return {one["DBInstanceIdentifier"]: one["IsClusterWriter"] for one in found}


def test_the_first_instance_is_the_writer_and_nobody_by_being_described(served: Served) -> None:
    create_cluster(served)
    create_instance(served)
    create_instance(served, DBInstanceIdentifier="db-2")
    assert members(served) == {"db-1": True, "db-2": False}
    with served.store.changing("rds"):
        backend = served.store.backend("rds")
        backend.purge_instance(backend.databases["db-1"])
    assert members(served) == {"db-2": False}


def test_a_failover_is_over_when_the_controller_says_so(served: Served) -> None:
    create_cluster(served)
    create_instance(served)
    create_instance(served, DBInstanceIdentifier="db-2")
    with served.store.changing("rds"):
        backend = served.store.backend("rds")
        backend.clusters["db"].status = "available"
        backend.databases["db-2"].status = "available"
    served.client("rds").failover_db_cluster(DBClusterIdentifier="db")
    assert cluster(served)["Status"] == "failing-over"
    assert members(served) == {"db-1": True, "db-2": False}
    assert backend.clusters["db"].failover_target == "db-2"
